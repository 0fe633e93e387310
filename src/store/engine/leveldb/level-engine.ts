/**
 * Trees in LevelDB, or in another abstract-level database: rows in the order of their keys (database/layout.ts). One
 * process has the database, so a tree is always at the sequence that its next page expects. Stored entries never change,
 * so most reads need no snapshot.
 */
import { limits } from '../../../base/limits.ts'
import type { EntryId, Position } from '../../../dag/id.ts'
import * as layout from '../../database/layout.ts'
import { writeOperations } from '../../database/write.ts'
import type { Engine, PageSize, RemovalStep, Snapshot, Span, StoredEntry } from '../engine.ts'
import { RecordEngine } from '../record-engine.ts'
import type { Arrival, IndexRecord, Place, TreeRecord } from '../records.ts'
import { rangeOf, readPositions, readRows, unreadable } from '../rows.ts'
import { LevelInspection } from './level-inspection.ts'
import { LevelPage } from './level-page.ts'
import { compactionSteps, removalSteps } from './level-removal.ts'

export class LevelEngine extends RecordEngine implements Engine {
  draft(number: number): LevelPage {
    return new LevelPage(number)
  }

  append({ operations }: LevelPage, _before: TreeRecord, sync: boolean): Promise<void> {
    return writeOperations(this.rows, operations, sync)
  }

  snapshot(_number: number, _sequence: number): Snapshot {
    try {
      return this.rows.snapshot()
    } catch (error) {
      throw unreadable(error)
    }
  }

  /**
   * LevelDB does not cache the blocks of index records: ids are hashes, so a block holds nothing that is read next, and
   * the cache would grow with the tree.
   */
  async index(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]> {
    const keys = ids.map(layout.indexKey)
    const values = await this.getMany(keys, { fillCache: false, ...(snapshot && { snapshot }) })
    return values.map((value, index) => value && layout.decodeIndex(ids[index]!, value))
  }

  private async getMany(keys: Buffer[], options: object = {}): Promise<(Buffer | undefined)[]> {
    if (keys.length === 0) return []
    try {
      return await this.rows.getMany(keys, options)
    } catch (error) {
      throw unreadable(error)
    }
  }

  async resolve(
    prefixes: readonly string[],
    snapshot?: Snapshot,
  ): Promise<({ readonly id: EntryId; readonly record: IndexRecord } | undefined)[]> {
    const order = prefixes.map((_, index) => index).sort((a, b) => (prefixes[a]! < prefixes[b]! ? -1 : 1))
    const result = new Array<{ id: EntryId; record: IndexRecord } | undefined>(prefixes.length).fill(
      undefined,
    )
    const iterator = this.rows.iterator({ ...layout.indexRange, ...(snapshot && { snapshot }) } as object)
    try {
      for (const index of order) {
        iterator.seek(layout.indexPrefix(prefixes[index]!))
        const row = await iterator.next()
        if (row === undefined) break
        const id = layout.idOfIndexKey(row[0])
        if (id.startsWith(prefixes[index]!)) result[index] = { id, record: layout.decodeIndex(id, row[1]) }
      }
    } catch (error) {
      throw unreadable(error)
    } finally {
      await iterator.close()
    }
    return result
  }

  async idsAt(
    number: number,
    heights: readonly number[],
    perHeight: number,
    snapshot?: Snapshot,
  ): Promise<EntryId[][]> {
    const iterator = this.rows.keys({
      ...layout.entryRange(number),
      ...(snapshot && { snapshot }),
    } as object)
    try {
      const result: EntryId[][] = []
      for (const height of heights) {
        iterator.seek(layout.heightKey(number, height))
        const keys = await iterator.nextv(perHeight)
        const positions = keys.map(layout.positionOfKey)
        result.push(positions.flatMap((position) => (position.height === height ? [position.id] : [])))
      }
      return result
    } catch (error) {
      throw unreadable(error)
    } finally {
      await iterator.close()
    }
  }

  bytesAt(places: readonly Place[]): Promise<(Buffer | undefined)[]> {
    return this.getMany(places.map((place) => layout.entryKey(place.number, place)))
  }

  async run(number: number, positions: readonly Position[]): Promise<StoredEntry[] | undefined> {
    const gte = layout.entryKey(number, positions[0]!)
    const lte = layout.entryKey(number, positions.at(-1)!)
    const range = { gte, lte, limit: positions.length, highWaterMarkBytes: limits.pageBytes }
    try {
      const rows = await this.rows.iterator(range as object).all()
      const isRun = rows.length === positions.length && rows.every(([key], at) => isAt(key, positions[at]!))
      return isRun ? rows.map(([, value], at) => entryAt(positions[at]!, value)) : undefined
    } catch (error) {
      throw unreadable(error)
    }
  }

  async *scan(
    number: number,
    span: Span,
    { pageEntries, pageBytes }: PageSize,
  ): AsyncGenerator<StoredEntry[]> {
    let page: StoredEntry[] = []
    let bytes = 0
    const range = rangeOf(layout.entryRange(number), span, (position) => layout.entryKey(number, position))
    for await (const rows of readRows(this.rows, range, pageEntries, pageBytes, span.snapshot))
      for (const [key, value] of rows) {
        if (page.length === pageEntries || (page.length > 0 && bytes + value.length > pageBytes)) {
          yield page
          page = []
          bytes = 0
        }
        page.push(entryAt(layout.positionOfKey(key), value))
        bytes += value.length
      }
    if (page.length > 0) yield page
  }

  positions(number: number, span: Span, pageEntries: number): AsyncGenerator<Position[]> {
    const range = rangeOf(layout.entryRange(number), span, (position) => layout.entryKey(number, position))
    return readPositions(this.rows, range, pageEntries, span.snapshot)
  }

  async arrivals(number: number, afterSequence: number, limit: number): Promise<Arrival[]> {
    const { lt } = layout.arrivalRange(number)
    try {
      const rows = await this.rows.iterator({ gt: layout.arrivalKey(number, afterSequence), lt, limit }).all()
      return rows.map(([key, value]) => {
        const sequence = layout.sequenceOfKey(key)
        return { sequence, ...layout.decodePosition(sequence, value) }
      })
    } catch (error) {
      throw unreadable(error)
    }
  }

  async lastArrival(number: number): Promise<Arrival | undefined> {
    const range = { ...layout.arrivalRange(number), reverse: true, limit: 1 }
    const [row] = await this.rows.iterator(range).all()
    if (row === undefined) return undefined
    const sequence = layout.sequenceOfKey(row[0])
    return { sequence, ...layout.decodePosition(sequence, row[1]) }
  }

  inspect(number: number, snapshot: Snapshot): LevelInspection {
    return new LevelInspection(this.rows, number, snapshot)
  }

  removal(number: number): AsyncGenerator<RemovalStep> {
    return removalSteps(this.rows, number)
  }

  compaction(record: TreeRecord): AsyncGenerator<void> {
    return compactionSteps(this.rows, record)
  }
}

const isAt = (key: Buffer, { id }: Position): boolean => layout.positionOfKey(key).id === id

function entryAt({ height, id }: Position, value: Buffer): StoredEntry {
  return { height, id, signed: layout.decodeEntry(value) }
}
