/**
 * A remote: a peer as sync sees it, the few calls that it can make. Sync knows no transport and no RPC; `rpc/`
 * implements this over a connection, and tests implement it over another store in the same process.
 */

import type { ErrorCode } from '../base/errors.ts'
import type { RangeChunk } from '../dag/difference/ranges.ts'
import type { SignedEntry } from '../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../dag/id.ts'

/** Sketch of sync.proto: cells as they go over the wire (dag/difference/sketch-codec.ts). */
export interface SketchPart {
  readonly from: number
  readonly cells: Uint8Array
  /** The bare counts of the cells that follow. */
  readonly counts: Uint8Array
  /** The tips digest of the tree that they were cut from. */
  readonly state: string
}

/** RangeQuery of sync.proto. */
export interface RangeQuery {
  /** Absent: from the beginning. */
  readonly after: Position | undefined
  readonly chunks: readonly RangeChunk[]
  /** The asker has nothing beyond the chunks. */
  readonly complete: boolean
  /** What lies beyond the chunks is told as chunks instead of being streamed. */
  readonly outline?: boolean
  /** Nothing after this position is answered for. */
  readonly through?: Position | undefined
}

/** A stretch in which both sides differ, with the server's ids in it. */
export interface RangeSpan {
  readonly after: Position | undefined
  readonly through: Position | undefined
  readonly prefixes: readonly string[]
}

/** RangeAnswer of sync.proto. */
export interface RangeAnswer {
  readonly spans: readonly RangeSpan[]
  /** Absent: the answer covers everything. */
  readonly through: Position | undefined
  /** The outline, where it was asked for. */
  readonly chunks?: readonly RangeChunk[]
}

/** SyncTreeRequest of sync.proto, with ids as ids. */
export interface SyncRequest {
  readonly tree: TreeId
  readonly tips: readonly EntryId[]
  /** Hex; '' where the asker has nothing. */
  readonly tipsDigest: string
  readonly count: number
  /** Packed id prefixes that the asker has (dag/difference/haves.ts). */
  readonly haves?: Uint8Array | undefined
  /** Without cells: the asker can decode the server's. */
  readonly sketch?: SketchPart | undefined
  /** Prefixes of ids that the asker lacks, 32 hex digits each, or all of them 16. */
  readonly want?: readonly string[] | undefined
  readonly range?: RangeQuery | undefined
  /** How much may be streamed in answer; 0: the server's own budget. */
  readonly budgetBytes?: number
}

export type SyncStatus = 'equal' | 'delta' | 'partial' | 'sketch' | 'range'

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
  /** Prefixes, 32 hex digits each, of all ids that the server lacks, where it knows them. */
  readonly want?: readonly string[] | undefined
  readonly sketch?: SketchPart | undefined
  readonly range?: RangeAnswer | undefined
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
