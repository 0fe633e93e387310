/** Reads ranges of rows of an abstract-level database, in pages. */
import type { AbstractIterator } from 'abstract-level'
import type { CausewayError } from '../../base/errors.ts'
import type { Position } from '../../dag/id.ts'
import type { Database } from '../database/database.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import type { Snapshot, Span } from './engine.ts'

/** A row: its key and its value. */
export type Row = [Buffer, Buffer]

/** The bounds of keys, and the order in which they are read. */
export interface Range {
  readonly gte?: Buffer
  readonly gt?: Buffer
  readonly lt?: Buffer
  readonly lte?: Buffer
  readonly reverse?: boolean
}

/** Returns the part of all keys of a kind that a span means; `keyOf` returns the key at a position. */
export function rangeOf(
  { gte, lt }: { readonly gte: Buffer; readonly lt: Buffer },
  { after, through, reverse = false }: Span,
  keyOf: (position: Position) => Buffer,
): Range {
  const edge = after && keyOf(after)
  if (reverse) return { gte, lt: edge ?? lt, reverse }
  const end = through === undefined ? { lt } : { lte: keyOf(through) }
  return edge ? { gt: edge, ...end, reverse } : { gte, ...end, reverse }
}

/** Reads rows, as many at a time as fit into a page. */
export async function* readRows(
  db: Database,
  range: Range,
  pageEntries: number,
  pageBytes: number,
  snapshot?: Snapshot,
): AsyncGenerator<Row[]> {
  let iterator: AbstractIterator<Database, Buffer, Buffer> | undefined
  try {
    iterator = db.iterator({
      ...range,
      highWaterMarkBytes: pageBytes,
      ...(snapshot && { snapshot }),
    } as object)
    // Ends with the range.
    for (;;) {
      const rows = await iterator.nextv(pageEntries)
      if (rows.length === 0) return
      yield rows
    }
  } catch (error) {
    throw unreadable(error)
  } finally {
    await iterator?.close()
  }
}

/** Reads the positions in the keys of rows, without their values. */
export async function* readPositions(
  db: Database,
  range: Range,
  pageEntries: number,
  snapshot?: Snapshot,
): AsyncGenerator<Position[]> {
  const keys = db.keys({ ...range, ...(snapshot && { snapshot }) } as object)
  try {
    // Ends with the range.
    for (;;) {
      const page = await keys.nextv(pageEntries)
      if (page.length === 0) return
      yield page.map(layout.positionOfKey)
    }
  } catch (error) {
    throw unreadable(error)
  } finally {
    await keys.close()
  }
}

export function unreadable(error: unknown): CausewayError {
  return storeError(error, 'The store could not be read')
}
