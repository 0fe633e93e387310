/**
 * Verifies a tree with its chunks: reads and hashes each of them. Drops damaged ones, so that they are fetched from peers
 * again.
 */
import { cancelled } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import { type AuditOptions, auditTree } from '../../store/audit/audit.ts'
import type { AuditProblem } from '../../store/audit/findings.ts'
import type { Chunks } from '../../store/chunks/chunks.ts'
import type { DagStore } from '../../store/store.ts'

export interface AuditResult {
  readonly checked: number
  readonly problems: readonly AuditProblem[]
}

/** Audits a tree, and then its chunks. Throws UNKNOWN_TREE, CANCELLED. */
export async function verifyTree(
  store: DagStore,
  chunks: Chunks,
  tree: TreeId,
  options: AuditOptions,
): Promise<AuditResult> {
  const { checked, problems } = await auditTree(store, tree, options)
  return { checked, problems: [...problems, ...(await verifyChunks(chunks, tree, options.signal))] }
}

/** Returns a problem for each chunk that was damaged or lost, at most `limits.auditProblems`. Throws CANCELLED. */
async function verifyChunks(
  chunks: Chunks,
  tree: TreeId,
  signal: AbortSignal | undefined,
): Promise<AuditProblem[]> {
  const problems: AuditProblem[] = []
  for await (const page of chunks.records(tree))
    for (const { name } of page) {
      if (signal?.aborted) throw cancelled(signal)
      if ((await chunks.get(tree, name)) !== undefined) continue
      if (problems.length < limits.auditProblems)
        problems.push({
          code: 'STORE_CORRUPT',
          message: `The chunk ${name} of a blob was damaged or lost. It is fetched again when the blob is read.`,
        })
    }
  return problems
}
