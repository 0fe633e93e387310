/**
 * Reads the DAG: the index by id, entries by id or position, whole trees in order, and arrivals. Stored entries never
 * change, so most reads need no snapshot; reads that must agree with each other take one.
 */
import type { AbstractIterator } from 'abstract-level'
import { CausewayError, type Failure } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import {
  comparePositions,
  type EntryId,
  formatId,
  type Position,
  type TreeId,
  unknownTree,
} from '../../dag/id.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import type { Database } from '../database/open.ts'
import { Recent } from './recent.ts'

/** A stored entry with its id and height. It was verified before it was stored. */
export interface StoredEntry extends Position {
  /** The bytes as they were signed, stored and sent. */
  readonly signed: SignedEntry
}

/** A fixed view of the database for several reads. */
export type Snapshot = ReturnType<Database['snapshot']>

/** The part and the order of a tree that a scan reads. */
export interface ScanOptions {
  /** The scan starts after this position, in its direction. Default: at the first entry in its direction. */
  readonly after?: Position | undefined
  /** The scan ends with this position. Default: the last entry. Has no effect with `reverse`. */
  readonly through?: Position | undefined
  /** Whether to read from the top down, children before parents. Default: false. */
  readonly reverse?: boolean
  /** Default: `limits.pageEntries`. */
  readonly pageEntries?: number
  /** Bytes of bodies and signatures; a larger entry is a page of its own. Default: `limits.pageBytes`. */
  readonly pageBytes?: number
  /** Default: the database as it is when the scan starts. */
  readonly snapshot?: Snapshot
}

interface ReadOptions {
  readonly snapshot?: Snapshot
  /** Used by LevelDB only. */
  readonly fillCache?: boolean
}

/** The position and the size in bytes of an entry that is not read. */
export interface SizedPosition extends Position {
  readonly size: number
}

/** The reading half of the store. */
export class StoreReader {
  readonly db: Database
  /** Every stored tree, as its last batch left it. */
  protected readonly records = new Map<TreeId, layout.TreeRecord>()
  /** Why trees are set aside: their records do not agree, so they are neither read nor written before a repair. */
  protected readonly aside = new Map<TreeId, Failure>()
  /** Numbers are never used twice, so that of a failed batch stays a gap. */
  protected readonly treeOfNumber = new Map<number, TreeId>()
  /** The index records of the latest entries, which most parents of new entries are among. */
  protected readonly recent = new Recent<EntryId, layout.IndexRecord>(limits.storeRecentEntries)

  protected constructor(db: Database) {
    this.db = db
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
  treeOf({ number }: layout.IndexRecord): TreeId | undefined {
    return this.treeOfNumber.get(number)
  }

  /** Throws UNKNOWN_TREE if the tree was removed while it was read, so that what is missing is not taken for damage. */
  private expectStill(tree: TreeId, number: number): void {
    if (this.treeOfNumber.get(number) !== tree) throw unknownTree(tree)
  }

  private async getMany(keys: Buffer[], options: ReadOptions = {}): Promise<(Buffer | undefined)[]> {
    if (keys.length === 0) return []
    try {
      return await this.db.getMany(keys, options)
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    }
  }

  /** Returns the index record of each id, or undefined for an id that is not stored. Does not read the entries. */
  async lookup(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(layout.IndexRecord | undefined)[]> {
    if (snapshot !== undefined) return this.readIndex(ids, snapshot)
    const recent = ids.map((id) => this.recent.get(id))
    const fromDisk = (await this.readIndex(ids.filter((_, index) => recent[index] === undefined))).values()
    return recent.map((record) => record ?? fromDisk.next().value)
  }

  /**
   * Reads index records from the database. LevelDB does not cache their blocks: ids are hashes, so a block holds
   * nothing that is read next, and the cache would grow with the tree.
   */
  private async readIndex(
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(layout.IndexRecord | undefined)[]> {
    const values = await this.getMany(ids.map(layout.indexKey), {
      fillCache: false,
      ...(snapshot && { snapshot }),
    })
    return values.map((value, index) => {
      const record = value && layout.decodeIndex(ids[index]!, value)
      // A record of a tree that is being removed is as good as gone.
      return record && this.treeOfNumber.has(record.number) ? record : undefined
    })
  }

  /** Like `lookup`, but an entry of another tree counts as not stored. */
  async lookupIn(
    tree: TreeId,
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(layout.IndexRecord | undefined)[]> {
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
    const order = prefixes.map((_, index) => index).sort((a, b) => (prefixes[a]! < prefixes[b]! ? -1 : 1))
    const result = new Array<SizedPosition | undefined>(prefixes.length).fill(undefined)
    const iterator = this.db.iterator({ ...layout.indexRange, ...(snapshot && { snapshot }) } as object)
    try {
      for (const index of order) {
        iterator.seek(layout.indexPrefix(prefixes[index]!))
        const row = await iterator.next()
        if (row === undefined) break
        const id = layout.idOfIndexKey(row[0])
        const { number: treeNumber, height, size } = layout.decodeIndex(id, row[1])
        if (id.startsWith(prefixes[index]!) && treeNumber === number) result[index] = { id, height, size }
      }
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    } finally {
      await iterator.close()
    }
    return result
  }

  /** Returns the lowest ids at each of these heights, at most `perHeight` each. Takes one seek for each height. */
  async idsAt(
    tree: TreeId,
    heights: readonly number[],
    perHeight: number,
    snapshot?: Snapshot,
  ): Promise<EntryId[][]> {
    const number = this.numberOf(tree)
    const range = layout.entryRange(number)
    const iterator = this.db.keys({ ...range, ...(snapshot && { snapshot }) } as object)
    try {
      const result: EntryId[][] = []
      for (const height of heights) {
        iterator.seek(layout.heightKey(number, height))
        const keys = await iterator.nextv(perHeight)
        result.push(
          keys
            .map(layout.positionOfKey)
            .flatMap((position) => (position.height === height ? [position.id] : [])),
        )
      }
      return result
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    } finally {
      await iterator.close()
    }
  }

  /** Returns the entry of each id, or undefined for an id that is not stored. */
  async get(ids: readonly EntryId[]): Promise<((StoredEntry & { tree: TreeId }) | undefined)[]> {
    const records = await this.lookup(ids)
    const present = ids.flatMap((id, index) => {
      const record = records[index]
      return record === undefined ? [] : [{ id, height: record.height, number: record.number, index }]
    })
    const values = await this.valuesAt(present)
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
    const values = await this.valuesAt(positions.map(({ height, id }) => ({ number, height, id })))
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
      const [gte, lte] = [layout.entryKey(number, positions[0]!), layout.entryKey(number, positions.at(-1)!)]
      const range = { gte, lte, limit: positions.length, highWaterMarkBytes: limits.pageBytes }
      try {
        const rows = await this.db.iterator(range as object).all()
        this.expectStill(tree, number)
        const isRun = rows.length === positions.length && rows.every(([key], at) => isAt(key, positions[at]!))
        if (isRun) return positions.map((position, at) => storedEntry(position, rows[at]![1]))
      } catch (error) {
        throw storeError(error, 'The store could not be read')
      }
    }
    return this.read(tree, positions)
  }

  /** Returns the stored bytes of entries at known places, also of a tree that is set aside, or undefined for each gap. */
  valuesAt(places: readonly (Position & { readonly number: number })[]): Promise<(Buffer | undefined)[]> {
    return this.getMany(places.map((place) => layout.entryKey(place.number, place)))
  }

  /**
   * Reads a tree's entries in (height, id) order, in pages of bounded bytes and number, by one sequential read. Throws
   * UNKNOWN_TREE.
   */
  async *scan(tree: TreeId, options: ScanOptions = {}): AsyncGenerator<StoredEntry[]> {
    const { gte, lt } = layout.entryRange(this.numberOf(tree))
    const edge = options.after && layout.entryKey(this.numberOf(tree), options.after)
    const end =
      options.through === undefined ? { lt } : { lte: layout.entryKey(this.numberOf(tree), options.through) }
    const bounds = options.reverse ? { gte, lt: edge ?? lt } : edge ? { gt: edge, ...end } : { gte, ...end }
    const pageEntries = options.pageEntries ?? limits.pageEntries
    const pageBytes = options.pageBytes ?? limits.pageBytes
    let page: StoredEntry[] = []
    let bytes = 0
    for await (const rows of this.rows({ ...bounds, reverse: options.reverse ?? false }, options))
      for (const [key, value] of rows) {
        if (page.length === pageEntries || (page.length > 0 && bytes + value.length > pageBytes)) {
          yield page
          page = []
          bytes = 0
        }
        page.push(storedEntry(layout.positionOfKey(key), value))
        bytes += value.length
      }
    if (page.length > 0) yield page
  }

  /**
   * Reads the positions of a tree's entries in (height, id) order, in pages, without the entries. Throws UNKNOWN_TREE.
   */
  async *positions(
    tree: TreeId,
    { after, snapshot, reverse = false }: Pick<ScanOptions, 'after' | 'snapshot' | 'reverse'> = {},
  ): AsyncGenerator<Position[]> {
    const { gte, lt } = layout.entryRange(this.numberOf(tree))
    const edge = after && layout.entryKey(this.numberOf(tree), after)
    const bounds = reverse ? { gte, lt: edge ?? lt } : edge ? { gt: edge, lt } : { gte, lt }
    const keys = this.db.keys({ ...bounds, reverse, ...(snapshot && { snapshot }) } as object)
    try {
      // Ends with the range.
      for (;;) {
        const page = await keys.nextv(limits.pageEntries)
        if (page.length === 0) return
        yield page.map(layout.positionOfKey)
      }
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    } finally {
      await keys.close()
    }
  }

  /** Reads the raw records of a range, as many at a time as fit into a page. */
  async *rows(
    range: { gte?: Buffer; gt?: Buffer; lt?: Buffer; lte?: Buffer; reverse?: boolean },
    options: Pick<ScanOptions, 'pageEntries' | 'pageBytes' | 'snapshot'> = {},
  ): AsyncGenerator<[Buffer, Buffer][]> {
    let iterator: AbstractIterator<Database, Buffer, Buffer> | undefined
    try {
      iterator = this.db.iterator({
        ...range,
        highWaterMarkBytes: options.pageBytes ?? limits.pageBytes,
        ...(options.snapshot && { snapshot: options.snapshot }),
      } as object)
      // Ends with the range.
      for (;;) {
        const rows = await iterator.nextv(options.pageEntries ?? limits.pageEntries)
        if (rows.length === 0) return
        yield rows
      }
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    } finally {
      await iterator?.close()
    }
  }

  /** Returns the arrivals after a sequence number, at most `limit`, in the order in which they came. */
  async arrivals(
    tree: TreeId,
    afterSequence: number,
    limit: number,
  ): Promise<(Position & { sequence: number })[]> {
    const number = this.numberOf(tree)
    const { lt } = layout.arrivalRange(number)
    try {
      const rows = await this.db.iterator({ gt: layout.arrivalKey(number, afterSequence), lt, limit }).all()
      this.expectStill(tree, number)
      return rows.map(([key, value]) => {
        const sequence = layout.sequenceOfKey(key)
        return { sequence, ...layout.decodePosition(sequence, value) }
      })
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    }
  }
}

const isAt = (key: Buffer, { id }: Position): boolean => layout.positionOfKey(key).id === id

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
