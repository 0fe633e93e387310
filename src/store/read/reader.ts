/**
 * Reading the DAG: the index by id, entries by id or position, whole trees in order, and arrivals. Entries never
 * change once they are stored, so most reads need no snapshot; those that must agree with each other take one.
 */
import type { AbstractIterator } from 'abstract-level'
import { CausewayError, unknownTree } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import type { Database } from '../database/open.ts'
import { Recent } from './recent.ts'

/** An entry as the store holds it; it was verified when it came in. */
export interface StoredEntry extends Position {
  readonly signed: SignedEntry
}

/** A fixed view of the store for several reads. */
export type Snapshot = ReturnType<Database['snapshot']>

export interface ScanOptions {
  /** Start after this position (before it when reversed); absent: from the end of the order. */
  readonly after?: Position | undefined
  /** End with this position; absent: at the end of the order. Not with `reverse`. */
  readonly through?: Position | undefined
  readonly reverse?: boolean
  readonly pageEntries?: number
  readonly pageBytes?: number
  readonly snapshot?: Snapshot
}

interface ReadOptions {
  readonly snapshot?: Snapshot
  /** Of LevelDB alone. */
  readonly fillCache?: boolean
}

/** Where an entry is and how large, without reading it. */
export interface Found extends Position {
  readonly size: number
}

export class StoreReader {
  readonly db: Database
  /** Every tree that is stored, as its last batch left it. */
  protected readonly records = new Map<TreeId, layout.TreeRecord>()
  /** Numbers are never given twice, so one of a batch that failed stays a gap. */
  protected readonly treeOfNumber = new Map<number, TreeId>()
  /** The index records of the latest entries, since the parents of new entries are mostly among them. */
  protected readonly recent = new Recent<EntryId, layout.IndexRecord>(limits.storeRecentEntries)

  protected constructor(db: Database) {
    this.db = db
  }

  protected numberOf(tree: TreeId): number {
    const record = this.records.get(tree)
    if (record === undefined) throw unknownTree(tree)
    return record.number
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
    const found = (await this.readIndex(ids.filter((_, index) => recent[index] === undefined))).values()
    return recent.map((record) => record ?? found.next().value)
  }

  /**
   * Reads index records from the database. LevelDB does not cache their blocks: ids are hashes, so a block holds nothing
   * that is asked for next, and the cache would grow with the tree.
   */
  private async readIndex(
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(layout.IndexRecord | undefined)[]> {
    const values = await this.getMany(ids.map(layout.indexKey), {
      fillCache: false,
      ...(snapshot && { snapshot }),
    })
    return values.map((value) => value && layout.decodeIndex(value))
  }

  /** Like `lookup`, but an entry of another tree counts as not here. */
  async lookupIn(
    tree: TreeId,
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(layout.IndexRecord | undefined)[]> {
    const number = this.records.get(tree)?.number
    return (await this.lookup(ids, snapshot)).map((record) =>
      record?.number === number ? record : undefined,
    )
  }

  /**
   * The ids in a tree that begin with each prefix (hex, of equal lengths from 16 digits): undefined where there is none.
   * One seek each, in sorted order.
   */
  async resolve(
    tree: TreeId,
    prefixes: readonly string[],
    snapshot?: Snapshot,
  ): Promise<(Found | undefined)[]> {
    const number = this.records.get(tree)?.number
    const order = prefixes.map((_, index) => index).sort((a, b) => (prefixes[a]! < prefixes[b]! ? -1 : 1))
    const result = new Array<Found | undefined>(prefixes.length).fill(undefined)
    const iterator = this.db.iterator({ ...layout.indexRange, ...(snapshot && { snapshot }) } as object)
    try {
      for (const index of order) {
        iterator.seek(layout.indexPrefix(prefixes[index]!))
        const row = await iterator.next()
        if (row === undefined) break
        const id = layout.idOfIndexKey(row[0])
        const { number: foundIn, height, size } = layout.decodeIndex(row[1])
        if (id.startsWith(prefixes[index]!) && foundIn === number) result[index] = { id, height, size }
      }
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    } finally {
      await iterator.close()
    }
    return result
  }

  /** The lowest ids at each of these heights, at most `perHeight` each: one seek a height. */
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
        iterator.seek(
          layout.entryKey(number, { height, id: '' as EntryId }).subarray(0, layout.heightKeyBytes),
        )
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

  /** Entries by id, in that order; undefined where one is not here. */
  async get(ids: readonly EntryId[]): Promise<((StoredEntry & { tree: TreeId }) | undefined)[]> {
    const records = await this.lookup(ids)
    const present = ids.flatMap((id, index) => {
      const record = records[index]
      return record === undefined ? [] : [{ id, height: record.height, number: record.number, index }]
    })
    const values = await this.getMany(present.map((entry) => layout.entryKey(entry.number, entry)))
    const result: ((StoredEntry & { tree: TreeId }) | undefined)[] = ids.map(() => undefined)
    for (const [row, { id, height, number, index }] of present.entries())
      result[index] = { ...stored({ id, height }, values[row]), tree: this.treeOfNumber.get(number)! }
    return result
  }

  /** Entries of a tree at known positions, in that order, in one read. */
  async read(tree: TreeId, positions: readonly Position[]): Promise<StoredEntry[]> {
    const number = this.numberOf(tree)
    const values = await this.getMany(positions.map((position) => layout.entryKey(number, position)))
    return positions.map((position, index) => stored(position, values[index]))
  }

  /** A tree's entries in (height, id) order, in pages of bounded bytes and number, by one sequential read. */
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
        page.push(stored(layout.positionOfKey(key), value))
        bytes += value.length
      }
    if (page.length > 0) yield page
  }

  /** The places of a tree's entries in (height, id) order, without reading the entries. */
  async *positions(
    tree: TreeId,
    { after, snapshot, reverse = false }: Pick<ScanOptions, 'after' | 'snapshot' | 'reverse'> = {},
  ): AsyncGenerator<Position[]> {
    const { gte, lt } = layout.entryRange(this.numberOf(tree))
    const edge = after && layout.entryKey(this.numberOf(tree), after)
    const bounds = reverse ? { gte, lt: edge ?? lt } : edge ? { gt: edge, lt } : { gte, lt }
    const keys = this.db.keys({ ...bounds, reverse, ...(snapshot && { snapshot }) } as object)
    try {
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

  /** The raw records of a range, as many at a time as fit into a page. */
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

  /** The arrivals after a sequence number, at most `limit`, in the order in which they came. */
  async arrivals(
    tree: TreeId,
    afterSequence: number,
    limit: number,
  ): Promise<(Position & { sequence: number })[]> {
    const number = this.numberOf(tree)
    const { lt } = layout.arrivalRange(number)
    try {
      const rows = await this.db.iterator({ gt: layout.arrivalKey(number, afterSequence), lt, limit }).all()
      return rows.map(([key, value]) => ({
        sequence: layout.sequenceOfKey(key),
        ...layout.decodePosition(value),
      }))
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    }
  }
}

function stored({ height, id }: Position, value: Buffer | undefined): StoredEntry {
  if (value === undefined)
    throw new CausewayError('STORE_CORRUPT', `The entry ${id} is in the index but not in the store.`, {
      data: { id },
    })
  return { height, id, signed: layout.decodeEntry(value) }
}
