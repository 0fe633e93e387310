/**
 * Opens the database under a store: classic-level (LevelDB) in a folder, or memory-level. Migrates a store of an older
 * format, refuses one of a newer format instead of misreading it, and says so if another process has the folder locked.
 */
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { text } from '../../base/shape.ts'
import { encodeFormat, type MigrationMark, readFormat, storeFormat } from '../formats/format-record.ts'
import { type MigrationPlan, type MigrationProgress, migrate, planMigration } from '../formats/migrate.ts'
import type { Database } from './database.ts'
import { storeError } from './errors.ts'
import { formatKey } from './layout.ts'
import { checkFiles } from './leveldb-files.ts'
import { wordsOfDamage } from './leveldb-words.ts'
import { reuseBatches } from './native-batch.ts'
import { fenceWrites } from './write-fence.ts'

export type { Database } from './database.ts'

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

/** What a store's opening reports. */
export interface OpenOptions {
  /** Called as a store of an older format is migrated, first before anything is written. */
  readonly onMigration?: ((progress: MigrationProgress) => void) | undefined
}

/**
 * Opens the LevelDB database in a folder, and creates both if they are missing. Migrates a store of an older format.
 * Throws STORE_LOCKED if another process has it open, STORE_FORMAT if it has a newer format, STORE_DENIED if this user
 * may not write there, STORE_FULL if the disk is full, STORE_CORRUPT if it cannot be read.
 */
export async function openFolder(folder: string, options: OpenOptions = {}): Promise<Database> {
  return withFormat(await openRaw(folder), options)
}

/** The format of a store, and what its migration would do; no plan if it has the format of this version. */
export interface StoreSurvey {
  readonly format: number
  readonly plan: MigrationPlan | undefined
  /** What LevelDB says that it dropped as it opened the store. */
  readonly words: readonly string[]
}

/**
 * Returns the format of the store in a folder, and what its migration would do, and changes no row. Throws as
 * `openFolder` does.
 */
export async function surveyFolder(folder: string): Promise<StoreSurvey> {
  const db = await openRaw(folder)
  try {
    const mark = await markOf(db)
    const plan = mark && (await planMigration(db, mark))
    return { format: mark?.from ?? storeFormat, plan, words: await wordsOfDamage(db) }
  } finally {
    await db.close()
  }
}

async function openRaw(folder: string): Promise<Database> {
  text(folder, 'folder')
  await checkFiles(folder)
  const db = new ClassicLevel<Buffer, Buffer>(folder, {
    ...encodings,
    writeBufferSize: limits.storeWriteBufferBytes,
    cacheSize: limits.storeCacheBytes,
  })
  reuseBatches(db)
  fenceWrites(db)
  try {
    await db.open()
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    if (cause?.code === 'LEVEL_LOCKED')
      throw new CausewayError(
        'STORE_LOCKED',
        `The store ${folder} is open already, here or in another process: close it there first.`,
        { data: { folder }, cause: error },
      )
    throw storeError(cause ?? error, `The store ${folder} could not be opened`)
  }
  return db as unknown as Database
}

/** Opens a new database in memory, for tests, simulations and temporary nodes. It behaves like one in a folder. */
export async function openMemory(): Promise<Database> {
  const db = new MemoryLevel<Buffer, Buffer>({ ...encodings, storeEncoding: 'buffer' })
  await db.open()
  return withFormat(db as unknown as Database, {})
}

/** Returns the database once it has the present format. Closes it if that fails. */
async function withFormat(db: Database, { onMigration }: OpenOptions): Promise<Database> {
  try {
    const mark = await markOf(db)
    if (mark !== undefined) await migrate(db, mark, onMigration)
    return db
  } catch (error) {
    await db.close()
    throw error
  }
}

/** Returns where the migration of a database begins; none if it has the present format, which an empty one is given. */
async function markOf(db: Database): Promise<MigrationMark | undefined> {
  try {
    const record = await db.get(formatKey)
    if (record !== undefined) return readFormat(record)
    if ((await db.keys({ limit: 1 }).all()).length > 0)
      throw new Error('it is missing, but there are other records')
    await db.put(formatKey, encodeFormat(), { sync: true } as object)
    return undefined
  } catch (error) {
    throw storeError(error, "The store's format record could not be read")
  }
}
