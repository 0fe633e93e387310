/**
 * LevelDB's own repair of a database that does not open: it makes a new MANIFEST from the tables and logs that it can
 * read, and moves the others to the folder `lost`. Blocks of tables that are damaged are marked before, since it would take
 * them as they are. It does not check what it reads, so every tree must be checked after
 * it. Nothing else may have the database open.
 */
import { ClassicLevel } from 'classic-level'
import { encodeFormat } from '../formats/format-record.ts'
import { storeError } from './errors.ts'
import * as layout from './layout.ts'
import { checkTables } from './leveldb-tables.ts'

/** Repairs the database in a folder. Throws STORE_CORRUPT if that does not help, STORE_FULL and STORE_DENIED. */
export async function repairDatabase(folder: string): Promise<void> {
  try {
    await checkTables(folder, { mark: true })
    await ClassicLevel.repair(folder)
    const db = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    await db.open()
    try {
      // The repair forgets which of two tables is newer. LevelDB's merge goes by the age of each record instead.
      await db.compactRange(Buffer.alloc(0), Buffer.alloc(64, 0xff))
      await mendFormat(db)
    } finally {
      await db.close()
    }
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    throw storeError(cause ?? error, `LevelDB could not repair the store ${folder}`)
  }
}

/** Writes the format again if its record is lost and there are records that only this format has. */
async function mendFormat(db: ClassicLevel<Buffer, Buffer>): Promise<void> {
  const value = await db.get(layout.formatKey)
  if (value !== undefined && isNumbered(value)) return
  const rows = await db.iterator(layout.treeRange).all()
  if (rows.length > 0 && !rows.some(([key, record]) => isOfThisFormat(key, record))) return
  await db.put(layout.formatKey, encodeFormat(), { sync: true })
}

function isNumbered(value: Buffer): boolean {
  try {
    return typeof (JSON.parse(value.toString()) as { format: unknown }).format === 'number'
  } catch {
    return false
  }
}

function isOfThisFormat(key: Buffer, value: Buffer): boolean {
  try {
    return layout.decodeTree(layout.treeOfKey(key), value).number >= 0
  } catch {
    return false
  }
}
