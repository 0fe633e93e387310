import type { EntryId, TreeId } from '../dag/id.ts'
import type { ErrorCode } from '../errors.ts'
import type { DagStore } from './store.ts'
export interface AuditProblem {
  readonly entry?: EntryId
  readonly code: ErrorCode
  readonly message: string
}
export async function auditTree(
  _store: DagStore,
  _tree: TreeId,
  _options: { signal?: AbortSignal; onProgress?: (checked: number, count: number) => void },
): Promise<{ checked: number; problems: readonly AuditProblem[] }> {
  return { checked: 0, problems: [] }
}
