/** The rows of a tree in LevelDB, for an audit. */
import { limits } from '../../../base/limits.ts'
import type { EntryId, Position, TreeId } from '../../../dag/id.ts'
import type { Database } from '../../database/database.ts'
import * as layout from '../../database/layout.ts'
import type { Snapshot } from '../engine.ts'
import type { InspectedArrival, InspectedEntry, InspectedTip, Inspection } from '../inspection.ts'
import { decoded } from '../record-engine.ts'
import type { IndexRecord, TreeRecord } from '../records.ts'
import { type Range, type Row, readRows } from '../rows.ts'

export class LevelInspection implements Inspection {
  private readonly rows: Database
  private readonly number: number
  private readonly snapshot: Snapshot

  constructor(rows: Database, number: number, snapshot: Snapshot) {
    this.rows = rows
    this.number = number
    this.snapshot = snapshot
  }

  async record(tree: TreeId): Promise<TreeRecord | undefined> {
    const [value] = await this.getMany([layout.treeKey(tree)])
    return value && decoded(() => layout.decodeTree(tree, value))
  }

  async *entries(): AsyncGenerator<InspectedEntry[]> {
    for await (const rows of this.pages(layout.entryRange(this.number)))
      yield rows.map(([key, value]) => {
        const position = key.length === layout.positionKeyBytes ? layout.positionOfKey(key) : undefined
        return { position, keyBytes: key.length, value }
      })
  }

  async index(ids: readonly EntryId[]): Promise<(IndexRecord | undefined)[]> {
    const values = await this.getMany(ids.map(layout.indexKey))
    return values.map((value, at) => value && decoded(() => layout.decodeIndex(ids[at]!, value)))
  }

  areStored(positions: readonly Position[]): Promise<boolean[]> {
    const keys = positions.map((position) => layout.entryKey(this.number, position))
    return this.rows.hasMany(keys, { snapshot: this.snapshot } as object)
  }

  async arrivalsAt(sequences: readonly number[]): Promise<(Position | undefined)[]> {
    const values = await this.getMany(sequences.map((sequence) => layout.arrivalKey(this.number, sequence)))
    return values.map((value, at) => value && decoded(() => layout.decodePosition(sequences[at]!, value)))
  }

  async *arrivals(): AsyncGenerator<InspectedArrival[]> {
    for await (const rows of this.pages(layout.arrivalRange(this.number)))
      yield rows.map(([key, value]) => {
        const sequence = layout.sequenceOfKey(key)
        return { sequence, position: decoded(() => layout.decodePosition(sequence, value)) }
      })
  }

  async *tips(): AsyncGenerator<InspectedTip[]> {
    for await (const rows of this.pages(layout.tipRange(this.number)))
      yield rows.map(([key, value]) => {
        const id = layout.tipOfKey(key)
        return { id, height: decoded(() => layout.decodeHeight(id, value)) }
      })
  }

  private pages(range: Range): AsyncGenerator<Row[]> {
    return readRows(this.rows, range, limits.pageEntries, limits.pageBytes, this.snapshot)
  }

  private getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.rows.getMany(keys, { snapshot: this.snapshot } as object)
  }
}
