/**
 * Opens the database under a store: classic-level (LevelDB) in a folder, or memory-level. Refuses a store of a
 * newer format instead of misreading it, and names the cause when the folder is locked.
 */
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { storeError } from './errors.ts'
import { formatKey } from './layout.ts'
import { fenceWrites } from './write-fence.ts'

export type Database = AbstractLevel<Buffer | Uint8Array | string, Buffer, Buffer>

/** The layout that this version reads and writes (see layout.ts). */
export const storeFormat = 2

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

/** Opens LevelDB in a folder, creating it. STORE_LOCKED when another process has it; STORE_FORMAT when it is newer. */
export async function openFolder(folder: string): Promise<Database> {
  const db = new ClassicLevel<Buffer, Buffer>(folder, {
    ...encodings,
    writeBufferSize: limits.storeWriteBufferBytes,
    cacheSize: limits.storeCacheBytes,
  })
  fenceWrites(db)
  try {
    await db.open()
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause
    if (cause?.code === 'LEVEL_LOCKED')
      throw new CausewayError(
        'STORE_LOCKED',
        `Another process has the store ${folder} open; stop it or go through it.`,
        {
          data: { folder },
          cause: error,
        },
      )
    throw new CausewayError(
      'STORE_CORRUPT',
      `The store ${folder} could not be opened: ${cause?.message ?? error}`,
      {
        data: { folder },
        cause: error,
      },
    )
  }
  return checked(db as unknown as Database)
}

/** A store in memory: a real one, for tests, simulations and throw-away nodes. */
export async function openMemory(): Promise<Database> {
  const db = new MemoryLevel<Buffer, Buffer>({ ...encodings, storeEncoding: 'buffer' })
  await db.open()
  return checked(db as unknown as Database)
}

/** Reads the format, or writes it into an empty database. */
async function checked(db: Database): Promise<Database> {
  try {
    const found = await db.get(formatKey)
    if (found !== undefined) checkFormat(found)
    else if ((await db.keys({ limit: 1 }).all()).length > 0)
      throw new Error('there is none, but other records')
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
  if (typeof format !== 'number') throw new Error('it has no number')
  if (format !== storeFormat)
    throw new CausewayError(
      'STORE_FORMAT',
      `The store has format ${format}, this version reads ${storeFormat}: use ${format > storeFormat ? 'a newer' : 'an older'} Causeway.`,
      { data: { format, expected: storeFormat } },
    )
}
