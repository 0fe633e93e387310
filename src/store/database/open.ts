/**
 * Opens the database under a store: classic-level (LevelDB) in a folder, or memory-level. Refuses a store of another
 * format instead of misreading it, and says so if another process has the folder locked.
 */
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { text } from '../../base/shape.ts'
import { storeError } from './errors.ts'
import { formatKey } from './layout.ts'
import { checkFiles } from './leveldb-files.ts'
import { fenceWrites } from './write-fence.ts'

/**
 * The database under a `DagStore`: an open abstract-level database with buffers as keys and values, as `openFolder` and
 * `openMemory` return it.
 */
export type Database = AbstractLevel<Buffer | Uint8Array | string, Buffer, Buffer>

/** The number of the layout that this version reads and writes (see layout.ts). */
export const storeFormat = 3

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

/**
 * Opens the LevelDB database in a folder, and creates both if they are missing. Throws STORE_LOCKED if another process
 * has it open, STORE_FORMAT if it has another format, STORE_DENIED if this user may not write there, STORE_FULL if the
 * disk is full, STORE_CORRUPT if it cannot be read.
 */
export async function openFolder(folder: string): Promise<Database> {
  text(folder, 'folder')
  await checkFiles(folder)
  const db = new ClassicLevel<Buffer, Buffer>(folder, {
    ...encodings,
    writeBufferSize: limits.storeWriteBufferBytes,
    cacheSize: limits.storeCacheBytes,
  })
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
  return withFormat(db as unknown as Database)
}

/** Opens a new database in memory, for tests, simulations and temporary nodes. It behaves like one in a folder. */
export async function openMemory(): Promise<Database> {
  const db = new MemoryLevel<Buffer, Buffer>({ ...encodings, storeEncoding: 'buffer' })
  await db.open()
  return withFormat(db as unknown as Database)
}

/** Returns the database once its format is checked, or written if the database is empty. Closes it if that fails. */
async function withFormat(db: Database): Promise<Database> {
  try {
    const record = await db.get(formatKey)
    if (record !== undefined) checkFormat(record)
    else if ((await db.keys({ limit: 1 }).all()).length > 0)
      throw new Error('it is missing, but there are other records')
    else
      await db.put(formatKey, Buffer.from(JSON.stringify({ format: storeFormat })), { sync: true } as object)
    return db
  } catch (error) {
    await db.close()
    throw error instanceof CausewayError && error.code === 'STORE_FORMAT'
      ? error
      : storeError(error, "The store's format record could not be read")
  }
}

function checkFormat(record: Buffer): void {
  const { format } = JSON.parse(record.toString()) as { format: unknown }
  if (typeof format !== 'number') throw new Error('it holds no number')
  if (format !== storeFormat)
    throw new CausewayError(
      'STORE_FORMAT',
      `The store has format ${format}, but this version reads ${storeFormat}: use ${format > storeFormat ? 'a newer' : 'an older'} Causeway.`,
      { data: { format, expected: storeFormat } },
    )
}
