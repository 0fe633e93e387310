/**
 * A remote is a peer as sync sees it: the few calls that a session makes. Sync knows no transport and no RPC: `rpc/`
 * implements a remote over a connection, and tests implement it over another store in the same process.
 */

import type { ErrorCode } from '../base/errors.ts'
import type { RangeChunk } from '../dag/difference/ranges.ts'
import type { SignedEntry } from '../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../dag/id.ts'

/** Sketch of sync.proto: a run of cells as encoded on the wire (dag/difference/sketch-codec.ts). */
export interface SketchPart {
  /** Index of the first cell. */
  readonly from: number
  readonly cells: Uint8Array
  /** The bare counts of the cells that follow. */
  readonly counts: Uint8Array
  /** The tips digest of the tree from which the cells were cut. */
  readonly state: string
}

/** RangeQuery of sync.proto: a question about all entries after a position, by the asker's chunks of them. */
export interface RangeQuery {
  /** Absent: from the root on. */
  readonly after: Position | undefined
  readonly chunks: readonly RangeChunk[]
  /** Whether the asker has nothing beyond the chunks. */
  readonly complete: boolean
  /** Asks for the server's chunks of the entries beyond the asker's, in place of the entries. */
  readonly outline?: boolean
  /** The last position that the question is about; absent: up to the end. */
  readonly through?: Position | undefined
}

/** A stretch in which the two sides differ, with the prefixes of all ids that the server has in it. */
export interface RangeSpan {
  /** The position before the stretch; absent: it begins with the root. */
  readonly after: Position | undefined
  /** The last position of the stretch; absent: it reaches to the end. */
  readonly through: Position | undefined
  readonly prefixes: readonly string[]
}

/** RangeAnswer of sync.proto. */
export interface RangeAnswer {
  readonly spans: readonly RangeSpan[]
  /** The last position that the answer covers; absent: it covers everything. */
  readonly through: Position | undefined
  /** The outline, if the question asked for one. */
  readonly chunks?: readonly RangeChunk[]
}

/** SyncTreeRequest of sync.proto, with ids in hex: what the asker has, in few bytes, and what it wants. */
export interface SyncRequest {
  readonly tree: TreeId
  /** The asker's tips, or a random choice of them; at most `limits.requestTips`. */
  readonly tips: readonly EntryId[]
  /** The digest of all of the asker's tips, in hex; '' if it has no entries. */
  readonly tipsDigest: string
  /** How many entries the asker has. */
  readonly count: number
  /** Packed prefixes of ids that the asker has (dag/difference/haves.ts). */
  readonly haves?: Uint8Array | undefined
  /** The asker's cells. A part without cells asks for the server's, which the asker will decode. */
  readonly sketch?: SketchPart | undefined
  /** Prefixes of ids that the asker lacks: all of 32 hex digits, or all of 16. */
  readonly want?: readonly string[] | undefined
  readonly range?: RangeQuery | undefined
  /** The answer ends after the page with which it has streamed so many bytes of entries; 0 or absent: no budget. */
  readonly budgetBytes?: number
}

/** SyncStatus of sync.proto: in which way the server answers. */
export type SyncStatus = 'equal' | 'delta' | 'partial' | 'sketch' | 'range'

/** SyncTreeHeader of sync.proto: what the server has and lacks. */
export interface SyncHeader {
  readonly status: SyncStatus
  /** The server's tips, or a random choice of them; empty if the asker does not need them. */
  readonly tips: readonly EntryId[]
  /** The digest of all of the server's tips, in hex. */
  readonly tipsDigest: string
  /** How many entries the server has. */
  readonly count: number
  /** For each of the request's tips, in their order, whether the server has it. It has no bits for the haves. */
  readonly common: readonly boolean[]
  /** How many entries the pages will hold; 0 if the server does not know. */
  readonly entries: number
  /** Prefixes, 32 hex digits each, of all ids that the server lacks, if it knows them. */
  readonly want?: readonly string[] | undefined
  /** With 'sketch': the server's cells. */
  readonly sketch?: SketchPart | undefined
  /** With 'range': where the two sides differ; absent if the asker is to ask with a range. */
  readonly range?: RangeAnswer | undefined
}

/** EntryPage of sync.proto: a run of entries, parents first. */
export interface SyncPage {
  readonly entries: readonly SignedEntry[]
  /** The ids of the entries, in their order, if the sender knows them; a receiver must not believe them. */
  readonly ids?: readonly EntryId[]
  /** Set on the last page if the budget ended the stream, so that more entries may be missing. */
  readonly more: boolean
}

/** The header of an answer to SyncTree, and the pages that follow it. */
export interface SyncAnswer {
  readonly header: SyncHeader
  /**
   * Can be iterated once. A caller that does not read them to the end must call `return` on their iterator, even before
   * the first page.
   */
  readonly pages: AsyncIterable<SyncPage>
}

/** SendEntriesResponse of sync.proto: what became of a page at the remote. */
export interface SendOutcome {
  /** How many entries were new there and are stored now. */
  readonly added: number
  /** How many entries the remote had already. */
  readonly known: number
  /** Entries that the remote did not accept, and why. */
  readonly refused: readonly {
    /** Empty if the remote could not read the entry. */
    readonly id: string
    /** Position in the page, from 0. */
    readonly index: number
    readonly code: ErrorCode
    readonly message: string
  }[]
  /** The remote's tips digest and count after the page. */
  readonly tipsDigest: string
  readonly count: number
}

export interface CallOptions {
  /** Ends the call, and the stream of pages that it opened. */
  readonly signal?: AbortSignal | undefined
}

export interface SendOptions extends CallOptions {
  /** The ids of the entries, in their order, which saves a remote that needs them the hashing. */
  readonly ids?: readonly EntryId[] | undefined
}

/**
 * A peer as sync sees it. To sync over a connection of your own, implement these two calls on it and pass the result to
 * `runSession`. Errors should be CausewayErrors: a session rejects with them as they are, and with INTERNAL for others.
 */
export interface Remote {
  /**
   * Asks for what the asker lacks. Resolves when the header has arrived; the pages stream after it, parents first.
   * Rejects with UNKNOWN_TREE if the remote does not have the tree or the caller may not read it.
   */
  syncTree(request: SyncRequest, options?: CallOptions): Promise<SyncAnswer>
  /**
   * Sends one page: at most `limits.pageEntries` entries and `limits.pageBytes` bytes, or one larger entry, parents
   * first. Sending a page again changes nothing. A session makes several of these calls at a time. A page that
   * overtakes an earlier one is refused with ENTRY_MISSING_PARENT, and the session sends it again.
   */
  sendEntries(tree: TreeId, entries: readonly SignedEntry[], options?: SendOptions): Promise<SendOutcome>
}
