/**
 * Migrates a store of an older format in place. The rows are migrated in the order of their keys, some in a batch, and
 * each batch also writes up to which key it came. So a kill or a full disk at any moment leaves a store of which the next
 * run migrates the rest. Each batch is flushed: LevelDB could lose one without losing a later one in a failure of power.
 */
import { limits } from '../../base/limits.ts'
import type { Database } from '../database/database.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import { encodeFormat, encodeMark, type MigrationMark } from './format-record.ts'
import { convertRow, oldTreeBytes, type RowChange, readCounts } from './old-rows.ts'

/** How far a migration is. */
export interface MigrationProgress {
  /** The format that the store had, and the one that it gets. */
  readonly from: number
  readonly to: number
  /** The rows that were migrated by this run, and about how many there are. */
  readonly done: number
  readonly count: number
  /** Whether all of it is done. */
  readonly ended: boolean
}

/** What a migration does, or would do. */
export interface MigrationPlan {
  readonly trees: number
  readonly entries: number
  /** The rows that it writes or deletes. */
  readonly rows: number
  /** The rows that it leaves alone, since their values cannot be of their format. */
  readonly damaged: number
}

/** Migrates a store from where its mark says to the present format. Throws STORE_FULL and STORE_CORRUPT. */
export async function migrate(
  db: Database,
  mark: MigrationMark,
  onProgress: (progress: MigrationProgress) => void = () => {},
): Promise<void> {
  const { from, to } = mark
  // Nearly all rows are one of the index and one of the arrivals for each entry.
  const count = 2 * (await countTrees(db)).entries
  let done = 0
  onProgress({ from, to, done, count, ended: false })
  for await (const { changes, last } of batches(db, mark)) {
    const key = layout.formatKey
    const value = encodeMark({ from, to, after: last.toString('hex') })
    await write(db, [...changes, { type: 'put', key, value }])
    done += changes.length
    onProgress({ from, to, done, count, ended: false })
  }
  await write(db, [{ type: 'put', key: layout.formatKey, value: encodeFormat() }])
  onProgress({ from, to, done, count, ended: true })
}

/** Returns what a migration would do from where its mark says. Reads the rows, and writes nothing. */
export async function planMigration(db: Database, mark: MigrationMark): Promise<MigrationPlan> {
  let [rows, damaged] = [0, 0]
  for await (const batch of batches(db, mark)) {
    rows += batch.changes.length
    damaged += batch.damaged
  }
  return { ...(await countTrees(db)), rows, damaged }
}

/** Counts the trees of a store and their entries, as the records of the trees say. */
async function countTrees(db: Database): Promise<{ trees: number; entries: number }> {
  let [trees, entries] = [0, 0]
  for await (const value of db.values(layout.treeRange)) {
    trees++
    if (value.length >= oldTreeBytes) entries += readCounts(value).count
  }
  return { trees, entries }
}

interface Batch {
  readonly changes: readonly RowChange[]
  readonly damaged: number
  /** The last key that it read. */
  readonly last: Buffer
}

/** Yields what becomes of the rows after those that are migrated, in the order of their keys. */
async function* batches(db: Database, { from, after }: MigrationMark): AsyncGenerator<Batch> {
  const { gte: firstEntry, lt: afterEntries } = layout.allEntries
  for (const range of [{ lt: firstEntry }, { gte: afterEntries }])
    for await (const rows of pages(db, range, Buffer.from(after, 'hex'))) {
      const changes: RowChange[] = []
      let damaged = 0
      for (const [key, value] of rows) {
        const converted = await convertRow(db, from, key, value)
        if (converted === undefined) damaged++
        else changes.push(...converted)
      }
      yield { changes, damaged, last: rows.at(-1)![0] }
    }
}

/** Yields the rows of a range whose keys are after a key. */
async function* pages(db: Database, range: Range, after: Buffer): AsyncGenerator<[Buffer, Buffer][]> {
  const { lt } = range
  let rest =
    range.gte !== undefined && range.gte.compare(after) > 0 ? range : { gt: after, ...(lt && { lt }) }
  // Ends with the range, of which each turn passes some rows.
  for (;;) {
    const rows = await read(db, rest)
    if (rows.length === 0) return
    yield rows
    rest = { gt: rows.at(-1)![0], ...(lt && { lt }) }
  }
}

interface Range {
  readonly gt?: Buffer
  readonly gte?: Buffer
  readonly lt?: Buffer
}

/** Reads some rows with an iterator of its own: one that lasted would keep LevelDB from dropping what is replaced. */
async function read(db: Database, range: Range): Promise<[Buffer, Buffer][]> {
  try {
    await using iterator = db.iterator({ ...range, highWaterMarkBytes: limits.pageBytes } as Range)
    return await iterator.nextv(limits.migrationRows)
  } catch (error) {
    throw storeError(error, 'The store could not be migrated')
  }
}

async function write(db: Database, changes: readonly RowChange[]): Promise<void> {
  try {
    await db.batch(changes as RowChange[], { sync: true } as object)
  } catch (error) {
    throw storeError(error, 'The store could not be migrated')
  }
}
