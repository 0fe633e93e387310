/**
 * What the DAG needs of the database under it: to append a page to a tree at an expected sequence, to read entries by id,
 * by position and by arrival, and to see a tree as it was at a sequence. Trees have local numbers here. An engine stores
 * what it is given and checks nothing about it: the store above plans each page, and nothing else changes a tree. Every
 * engine passes the same tests (test/store/engine/contract.ts).
 */
import type { AbstractBatchOperation } from 'abstract-level'
import type { SignedEntry, VerifiedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { Database } from '../database/database.ts'
import type { Inspection } from './inspection.ts'
import type { Arrival, IndexRecord, Place, PolicyRecord, TreeRecord } from './records.ts'

/** A change of one small record, by its key among `rows`. */
export type BatchOperation = AbstractBatchOperation<Database, Buffer, Buffer>

/** A tree at one moment, for several reads that must agree with each other. */
export interface Snapshot {
  close(): Promise<void>
}

/** A stored entry with its id and height. It was verified before it was stored. */
export interface StoredEntry extends Position {
  /** The bytes as they were signed, stored and sent. */
  readonly signed: SignedEntry
}

/** The part and the order of a tree that is read. */
export interface Span {
  /** Starts after this position, in its direction. Default: at the first one in its direction. */
  readonly after?: Position | undefined
  /** Ends with this position. Default: the last one. Has no effect with `reverse`. */
  readonly through?: Position | undefined
  /** Whether to read from the top down, children before parents. Default: false. */
  readonly reverse?: boolean
  /** Default: the database as it is when the read starts. */
  readonly snapshot?: Snapshot | undefined
}

/** The sizes of the pages that a scan yields. A larger entry is a page of its own. */
export interface PageSize {
  readonly pageEntries: number
  /** Of bodies and signatures. */
  readonly pageBytes: number
}

/** A stored policy entry. */
export interface StoredPolicy extends Position {
  readonly record: PolicyRecord
}

/** The members of a point of a tree's policy. */
export interface StoredPoint {
  readonly point: number
  readonly members: readonly EntryId[]
}

/** What one page changes, collected as it is planned, to be written at once. */
export interface PageDraft {
  /** An entry that the page adds, with its index record and its arrival. */
  entry(entry: VerifiedEntry, record: IndexRecord): void
  policy(position: Position, record: PolicyRecord): void
  point(point: number, members: readonly EntryId[]): void
  tip(id: EntryId, height: number): void
  /** The entry is a tip no more. */
  noTip(id: EntryId): void
  /** The entry is void. */
  voided(position: Position): void
  /** The marks of void entries are out of date. */
  stale(): void
  /** The tree as the page leaves it. */
  tree(tree: TreeId, record: TreeRecord): void
  /** Changes of small records, which are written with the page. */
  beside(operations: readonly BatchOperation[]): void
}

/** A mark of a void entry that is to be set or removed. */
export interface VoidMark {
  readonly position: Position
  readonly isVoid: boolean
}

/** A tree of the engine, without a record if that is damaged. */
export interface StoredTree {
  readonly tree: TreeId
  readonly record: TreeRecord | undefined
}

/** A part of a removal: so many entries go when it is written. */
export interface RemovalStep {
  readonly entries: number
  write(): Promise<void>
}

/** Where the trees of a store lie. Its methods throw STORE_CORRUPT if it cannot be read, and CLOSED. */
export interface Engine {
  /** The small records beside the trees, in the order of their keys. */
  readonly rows: Database

  /** Begins a page of the tree with this number. */
  draft(number: number): PageDraft
  /**
   * Writes a page, all of it or nothing. `before` is the tree's record as it was when the page was planned. With `sync` it
   * resolves once the page is flushed to the disk.
   */
  append(draft: PageDraft, before: TreeRecord, sync: boolean): Promise<void>

  /** Reads all trees but those that are being removed, in pages. */
  trees(): AsyncGenerator<StoredTree[]>
  /** Returns the tree as it is now, at this sequence. The caller closes it. */
  snapshot(number: number, sequence: number): Snapshot
  /** Returns the index record of each id, or undefined for an id that is not stored. */
  index(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]>
  /**
   * Returns the least id that begins with each prefix, with its index record, or undefined if there is none. Prefixes are
   * hex, of equal lengths. Takes one seek each, in sorted order.
   */
  resolve(
    prefixes: readonly string[],
    snapshot?: Snapshot,
  ): Promise<({ readonly id: EntryId; readonly record: IndexRecord } | undefined)[]>
  /** Returns the lowest ids at each of these heights, at most `perHeight` each. Takes one seek for each height. */
  idsAt(
    number: number,
    heights: readonly number[],
    perHeight: number,
    snapshot?: Snapshot,
  ): Promise<EntryId[][]>
  /** Returns the bytes of entries, signature and body, at known places; undefined where there is none. */
  bytesAt(places: readonly Place[]): Promise<(Buffer | undefined)[]>
  /** Returns the entries at these ascending positions if they lie next to each other; else undefined. */
  run(number: number, positions: readonly Position[]): Promise<StoredEntry[] | undefined>
  /** Reads a tree's entries in (height, id) order, in pages. */
  scan(number: number, span: Span, size: PageSize): AsyncGenerator<StoredEntry[]>
  /** Reads the positions of a tree's entries in (height, id) order, in pages, without the entries. */
  positions(number: number, span: Span, pageEntries: number): AsyncGenerator<Position[]>
  /** Returns the arrivals after a sequence, at most `limit`, in the order in which they came. */
  arrivals(number: number, afterSequence: number, limit: number): Promise<Arrival[]>
  /** Returns the arrival with the greatest sequence, or undefined if there is none. */
  lastArrival(number: number): Promise<Arrival | undefined>

  /** Returns the tips of a tree with their heights. */
  tips(number: number): Promise<Map<EntryId, number>>
  /** Returns the policy entries of a tree in (height, id) order. */
  policies(number: number): Promise<StoredPolicy[]>
  /** Returns the points of a tree's policy in their order. */
  points(number: number): Promise<StoredPoint[]>

  /** Returns for each position whether its entry is marked as void. */
  areVoid(number: number, positions: readonly Position[], snapshot?: Snapshot): Promise<boolean[]>
  /** Returns the entries that are marked as void from one position up to another, both included. */
  voidBetween(number: number, first: Position, last: Position): Promise<Set<EntryId>>
  /** Reads the positions of the entries that are marked as void, in pages. */
  voids(number: number, span: Span, pageEntries: number): AsyncGenerator<Position[]>
  /** Writes marks, together with changes of small records. */
  markVoid(number: number, marks: readonly VoidMark[], beside: readonly BatchOperation[]): Promise<void>
  /** Returns whether the marks of void entries are out of date. */
  isStale(number: number, snapshot?: Snapshot): Promise<boolean>
  /** The marks of void entries are up to date. */
  settle(number: number): Promise<void>

  /** Returns what an audit reads of a tree, as of a snapshot. */
  inspect(number: number, snapshot: Snapshot): Inspection

  /** Returns the trees whose removal has begun and not ended, with their records as they were. */
  removals(): Promise<StoredTree[]>
  /**
   * Takes a tree away, together with changes of small records, and notes its removal in its place, flushed to the disk.
   * `unused` is the least number that no tree has had.
   */
  beginRemoval(
    tree: TreeId,
    record: TreeRecord,
    unused: number,
    beside: readonly BatchOperation[],
  ): Promise<void>
  /** Yields what deletes all that lies under a number, step by step. The caller writes each step before the next. */
  removal(number: number): AsyncGenerator<RemovalStep>
  /** Gives the space of the tree's entries back, step by step. */
  compaction(record: TreeRecord): AsyncGenerator<void>
  /** The removal has ended. */
  endRemoval(tree: TreeId): Promise<void>
}
