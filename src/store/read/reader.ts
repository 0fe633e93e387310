/**
 * Reads the DAG: the index by id, entries by id or position, whole trees in order, and arrivals. Stored entries never
 * change, so most reads need no snapshot; reads that must agree with each other take one.
 */
import { CausewayError, type Failure } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import {
  comparePositions,
  type EntryId,
  formatId,
  type Position,
  type TreeId,
  unknownTree,
} from '../../dag/id.ts'
import type { Database } from '../database/database.ts'
import * as layout from '../database/layout.ts'
import type { Engine, PageSize, Snapshot, Span, StoredEntry } from '../engine/engine.ts'
import type { Arrival, IndexRecord } from '../engine/records.ts'
import { type Range, type Row, readRows } from '../engine/rows.ts'
import { Recent } from './recent.ts'
import { TreeRecords } from './tree-records.ts'

export type { Snapshot, StoredEntry } from '../engine/engine.ts'

/** The part and the order of a tree that a scan reads, and the sizes of its pages: by default those of `limits`. */
export interface ScanOptions extends Span, Partial<PageSize> {}

/** The position and the size in bytes of an entry that is not read. */
export interface SizedPosition extends Position {
  readonly size: number
}

/** The reading half of the store. */
export class StoreReader {
  readonly engine: Engine
  /** The small records beside the trees. */
  readonly db: Database
  /** Every stored tree, as its last batch left it. */
  protected readonly records = new TreeRecords()
  /** Why trees are set aside: their records do not agree, so they are neither read nor written before a repair. */
  protected readonly aside = new Map<TreeId, Failure>()
  /** Numbers are never used twice, so that of a failed batch stays a gap. */
  protected readonly treeOfNumber = new Map<number, TreeId>()
  /** The index records of the latest entries, which most parents of new entries are among. */
  protected readonly recent = new Recent<EntryId, IndexRecord>(limits.storeRecentEntries)

  protected constructor(engine: Engine) {
    this.engine = engine
    this.db = engine.rows
  }

  protected numberOf(tree: TreeId): number {
    const record = this.records.get(tree)
    if (record === undefined) throw unknownTree(tree)
    this.expectWhole(tree)
    return record.number
  }

  /** Returns the local number of a tree, by which the keys of its records begin. Throws UNKNOWN_TREE. */
  treeNumber(tree: TreeId): number {
    return this.numberOf(tree)
  }

  /** Throws STORE_CORRUPT if the tree is set aside. */
  expectWhole(tree: TreeId): void {
    const damage = this.aside.get(tree)
    if (damage !== undefined) throw new CausewayError(damage.code, damage.message, { data: damage.data })
  }

  /** Returns the tree of an index record, or undefined if it was removed meanwhile. */
  treeOf({ number }: IndexRecord): TreeId | undefined {
    return this.treeOfNumber.get(number)
  }

  /** Throws UNKNOWN_TREE if the tree was removed while it was read, so that what is missing is not taken for damage. */
  private expectStill(tree: TreeId, number: number): void {
    if (this.treeOfNumber.get(number) !== tree) throw unknownTree(tree)
  }

  /** Returns the index record of each id, or undefined for an id that is not stored. Does not read the entries. */
  async lookup(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]> {
    if (snapshot !== undefined) return this.onlyHere(await this.engine.index(ids, snapshot))
    const recent = ids.map((id) => this.recent.get(id))
    const unknown = ids.filter((_, index) => recent[index] === undefined)
    const stored = this.onlyHere(await this.engine.index(unknown)).values()
    return recent.map((record) => record ?? stored.next().value)
  }

  /** Takes out the records of trees that are being removed: these are as good as gone. */
  private onlyHere(records: (IndexRecord | undefined)[]): (IndexRecord | undefined)[] {
    for (const [index, record] of records.entries())
      if (record !== undefined && !this.treeOfNumber.has(record.number)) records[index] = undefined
    return records
  }

  /** Like `lookup`, but an entry of another tree counts as not stored. */
  async lookupIn(
    tree: TreeId,
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(IndexRecord | undefined)[]> {
    this.expectWhole(tree)
    const number = this.records.get(tree)?.number
    return (await this.lookup(ids, snapshot)).map((record) =>
      record?.number === number ? record : undefined,
    )
  }

  /**
   * Returns the entry of the tree whose id begins with each prefix, or undefined if there is none. Prefixes are hex, of
   * equal lengths, with 16 digits at least. Takes one seek each, in sorted order.
   */
  async resolve(
    tree: TreeId,
    prefixes: readonly string[],
    snapshot?: Snapshot,
  ): Promise<(SizedPosition | undefined)[]> {
    this.expectWhole(tree)
    const number = this.records.get(tree)?.number
    return (await this.engine.resolve(prefixes, snapshot)).map((found) => {
      if (found === undefined || found.record.number !== number) return undefined
      return { id: found.id, height: found.record.height, size: found.record.size }
    })
  }

  /** Returns the lowest ids at each of these heights, at most `perHeight` each. Takes one seek for each height. */
  async idsAt(
    tree: TreeId,
    heights: readonly number[],
    perHeight: number,
    snapshot?: Snapshot,
  ): Promise<EntryId[][]> {
    return this.engine.idsAt(this.numberOf(tree), heights, perHeight, snapshot)
  }

  /** Returns the entry of each id, or undefined for an id that is not stored. */
  async get(ids: readonly EntryId[]): Promise<((StoredEntry & { tree: TreeId }) | undefined)[]> {
    const records = await this.lookup(ids)
    const present = ids.flatMap((id, index) => {
      const record = records[index]
      return record === undefined ? [] : [{ id, height: record.height, number: record.number, index }]
    })
    const values = await this.engine.bytesAt(present)
    const result: ((StoredEntry & { tree: TreeId }) | undefined)[] = ids.map(() => undefined)
    for (const [row, { id, height, number, index }] of present.entries()) {
      const tree = this.treeOfNumber.get(number)
      // The tree may have been removed meanwhile.
      if (tree === undefined) continue
      this.expectWhole(tree)
      result[index] = { ...storedEntry({ id, height }, values[row]), tree }
    }
    return result
  }

  /**
   * Returns the entries of a tree at known positions, in that order, in one read. Throws UNKNOWN_TREE, or STORE_CORRUPT
   * if there is no entry at a position.
   */
  async read(tree: TreeId, positions: readonly Position[]): Promise<StoredEntry[]> {
    const number = this.numberOf(tree)
    const values = await this.engine.bytesAt(positions.map(({ height, id }) => ({ number, height, id })))
    this.expectStill(tree, number)
    return positions.map((position, index) => storedEntry(position, values[index]))
  }

  /**
   * Like `read`, for the positions of successive arrivals: a transfer brings entries in the order in which they lie, and
   * one scan of those costs a third of looking up each.
   */
  async readNear(tree: TreeId, positions: readonly Position[]): Promise<StoredEntry[]> {
    const number = this.numberOf(tree)
    if (positions.length > 1 && isAscending(positions)) {
      const entries = await this.engine.run(number, positions)
      this.expectStill(tree, number)
      if (entries !== undefined) return entries
    }
    return this.read(tree, positions)
  }

  /**
   * Reads a tree's entries in (height, id) order, in pages of bounded bytes and number, by one sequential read. Throws
   * UNKNOWN_TREE.
   */
  async *scan(tree: TreeId, options: ScanOptions = {}): AsyncGenerator<StoredEntry[]> {
    const { pageEntries = limits.pageEntries, pageBytes = limits.pageBytes } = options
    yield* this.engine.scan(this.numberOf(tree), options, { pageEntries, pageBytes })
  }

  /**
   * Reads the positions of a tree's entries in (height, id) order, in pages, without the entries. Throws UNKNOWN_TREE.
   */
  async *positions(
    tree: TreeId,
    options: Pick<ScanOptions, 'after' | 'snapshot' | 'reverse'> = {},
  ): AsyncGenerator<Position[]> {
    yield* this.engine.positions(this.numberOf(tree), options, limits.pageEntries)
  }

  /** Reads the small records of a range, as many at a time as fit into a page. */
  rows(
    range: Range,
    { pageEntries = limits.pageEntries, pageBytes = limits.pageBytes, snapshot }: ScanOptions = {},
  ): AsyncGenerator<Row[]> {
    return readRows(this.db, range, pageEntries, pageBytes, snapshot)
  }

  /** Returns the arrivals after a sequence number, at most `limit`, in the order in which they came. */
  async arrivals(tree: TreeId, afterSequence: number, limit: number): Promise<Arrival[]> {
    const number = this.numberOf(tree)
    const arrivals = await this.engine.arrivals(number, afterSequence, limit)
    this.expectStill(tree, number)
    return arrivals
  }
}

function isAscending(positions: readonly Position[]): boolean {
  return positions.every((position, at) => at === 0 || comparePositions(positions[at - 1]!, position) < 0)
}

/** Throws STORE_CORRUPT if there is no value. */
function storedEntry({ height, id }: Position, value: Buffer | undefined): StoredEntry {
  if (value === undefined)
    throw new CausewayError(
      'STORE_CORRUPT',
      `The entry ${formatId(id)} is in the index but not in the store: run \`causeway verify\` on its tree.`,
      { data: { id } },
    )
  return { height, id, signed: layout.decodeEntry(value) }
}
