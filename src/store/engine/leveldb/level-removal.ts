/**
 * Deletes the rows of a tree from LevelDB, in bounded batches, and gives their space on the disk back. It can be cut
 * between two batches and begun again.
 */
import type { ClassicLevel } from 'classic-level'
import { limits } from '../../../base/limits.ts'
import type { Database } from '../../database/database.ts'
import { storeError } from '../../database/errors.ts'
import * as layout from '../../database/layout.ts'
import { writeOperations } from '../../database/write.ts'
import type { BatchOperation, RemovalStep } from '../engine.ts'
import { decoded } from '../record-engine.ts'
import type { TreeRecord } from '../records.ts'

/** A key, and its value if values are read. */
type Row = [Buffer, Buffer | undefined]

/** Yields the batches that delete all rows of the tree with this number. The caller writes each before the next. */
export async function* removalSteps(db: Database, number: number): AsyncGenerator<RemovalStep> {
  yield* arrivalSteps(db, number)
  yield* restSteps(db, number)
  for (const range of layout.derivedRanges) yield { entries: 0, write: () => db.clear(range(number)) }
}

/** Deletes entries by their arrivals, which name them: the index records lie by id and are deleted with them. */
async function* arrivalSteps(db: Database, number: number): AsyncGenerator<RemovalStep> {
  for await (const rows of pages(db, layout.arrivalRange(number), true)) {
    const operations: BatchOperation[] = []
    for (const [key, value] of rows) {
      operations.push({ type: 'del', key })
      // What a damaged arrival does not name is deleted with the rest.
      const position = value && decoded(() => layout.decodePosition(layout.sequenceOfKey(key), value))
      if (position === undefined) continue
      operations.push({ type: 'del', key: layout.entryKey(number, position) })
      operations.push({ type: 'del', key: layout.indexKey(position.id) })
    }
    yield { entries: rows.length, write: () => writeOperations(db, operations, false) }
  }
}

/** Deletes the entries that no arrival names: none, unless the tree was damaged. */
async function* restSteps(db: Database, number: number): AsyncGenerator<RemovalStep> {
  for await (const keys of pages(db, layout.entryRange(number), false)) {
    const operations: BatchOperation[] = []
    for (const [key] of keys) {
      operations.push({ type: 'del', key })
      if (key.length === layout.positionKeyBytes)
        operations.push({ type: 'del', key: layout.indexKey(layout.positionOfKey(key).id) })
    }
    yield { entries: keys.length, write: () => writeOperations(db, operations, false) }
  }
}

/**
 * Yields the records of a range in pages, each by an iterator of its own: one for all would keep what is deleted on the
 * disk until the end.
 */
async function* pages(
  db: Database,
  { gte, lt }: { gte: Buffer; lt: Buffer },
  values: boolean,
): AsyncGenerator<Row[]> {
  const limit = limits.removalEntries
  let from: { gte: Buffer } | { gt: Buffer } = { gte }
  // Ends with the range, from which each turn takes a page.
  for (;;) {
    const rows: Row[] = await db.iterator({ ...from, lt, limit, values } as object).all()
    if (rows.length === 0) return
    yield rows
    from = { gt: rows.at(-1)![0] }
  }
}

/**
 * Yields the steps that give the disk space of a tree's entries back, which LevelDB does by itself only in part, as later
 * writes come. Goes slice by slice, since a slice under way delays the end of the process.
 */
export async function* compactionSteps(
  rows: Database,
  { number, height, bytes }: TreeRecord,
): AsyncGenerator<void> {
  // A database in memory has none.
  const db = rows as Partial<Pick<ClassicLevel<Buffer, Buffer>, 'compactRange'>>
  if (db.compactRange === undefined) return
  const slices = Math.ceil(bytes / limits.removalSliceBytes)
  const edge = (slice: number) =>
    layout.heightKey(number, Math.floor((slice * (height + 1)) / Math.max(1, slices)))
  for (let slice = 0; slice < slices; slice++) {
    try {
      await db.compactRange(edge(slice), edge(slice + 1))
    } catch (error) {
      throw storeError(error, 'The space of a removed tree could not be freed')
    }
    yield
  }
}
