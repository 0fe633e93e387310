/** What an audit reads of a tree: rows as they lie, damaged ones too, as of a snapshot. */
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { IndexRecord, TreeRecord } from './records.ts'

/** An entry as it lies. */
export interface InspectedEntry {
  /** Where it lies; undefined if its key cannot be one of an entry. */
  readonly position: Position | undefined
  readonly keyBytes: number
  /** Signature and body. */
  readonly value: Buffer
}

/** An arrival; its position is undefined if it is damaged. */
export interface InspectedArrival {
  readonly sequence: number
  readonly position: Position | undefined
}

/** A tip; its height is undefined if it is damaged. */
export interface InspectedTip {
  readonly id: EntryId
  readonly height: number | undefined
}

/** The rows of one tree. What is damaged is undefined, and what cannot be read throws STORE_CORRUPT. */
export interface Inspection {
  record(tree: TreeId): Promise<TreeRecord | undefined>
  /** Reads the entries in the order in which they lie, in pages. */
  entries(): AsyncGenerator<InspectedEntry[]>
  index(ids: readonly EntryId[]): Promise<(IndexRecord | undefined)[]>
  areStored(positions: readonly Position[]): Promise<boolean[]>
  arrivalsAt(sequences: readonly number[]): Promise<(Position | undefined)[]>
  arrivals(): AsyncGenerator<InspectedArrival[]>
  tips(): AsyncGenerator<InspectedTip[]>
}
