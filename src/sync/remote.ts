/**
 * A remote: a peer as sync sees it, the few calls that it can make. Sync knows no transport and no RPC; `rpc/`
 * implements this over a connection, and tests implement it over another store in the same process.
 */
import type { SignedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { ErrorCode } from '../errors.ts'

/** SyncTreeRequest of sync.proto, with ids as ids. */
export interface SyncRequest {
  readonly tree: TreeId
  readonly tips: readonly EntryId[]
  /** Hex; '' where the asker has nothing. */
  readonly tipsDigest: string
  readonly count: number
  /** How much may be streamed in answer; 0: the server's own budget. */
  readonly budgetBytes?: number
}

export const syncStatuses = ['equal', 'delta', 'partial', 'sketch', 'range'] as const
export type SyncStatus = (typeof syncStatuses)[number]

/** SyncTreeHeader of sync.proto. */
export interface SyncHeader {
  readonly status: SyncStatus
  readonly tips: readonly EntryId[]
  readonly tipsDigest: string
  readonly count: number
  /** For each of the request's tips: whether the server has it. */
  readonly common: readonly boolean[]
  /** How many entries the pages will hold, where known; else 0. */
  readonly entries: number
}

export interface SyncPage {
  readonly entries: readonly SignedEntry[]
  /** On the last page: the budget was spent before the difference. */
  readonly more: boolean
}

export interface SyncAnswer {
  readonly header: SyncHeader
  /** Iterated once. Whoever does not read it to the end calls `return` on its iterator, even before the first page. */
  readonly pages: AsyncIterable<SyncPage>
}

export interface SendOutcome {
  readonly added: number
  readonly known: number
  readonly refused: readonly {
    readonly id: string
    readonly index: number
    readonly code: ErrorCode
    readonly message: string
  }[]
  readonly tipsDigest: string
  readonly count: number
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface Remote {
  syncTree(request: SyncRequest, options?: CallOptions): Promise<SyncAnswer>
  sendEntries(tree: TreeId, entries: readonly SignedEntry[], options?: CallOptions): Promise<SendOutcome>
}
