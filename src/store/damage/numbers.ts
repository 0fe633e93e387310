/**
 * The local numbers under which a database holds entries. A tree's record says which is its own; if the record is
 * damaged or lost, the entries themselves say which tree they belong to.
 */
import { readEntry } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import type { Database } from '../database/open.ts'

/** Entries that are tried to find out which tree they belong to: one is enough, unless it is damaged. */
const tries = 16

/** Returns the greatest number under which there are entries, or -1 if there are none. Takes one read. */
export async function lastNumber(db: Database): Promise<number> {
  try {
    const [key] = await db.keys({ ...layout.allEntries, reverse: true, limit: 1 }).all()
    return key === undefined ? -1 : layout.numberOfKey(key)
  } catch (error) {
    throw storeError(error, 'The store could not be read')
  }
}

/** Returns the numbers under which there are entries, each with its tree if an entry can be read. A few reads each. */
export async function treesByNumber(db: Database): Promise<Map<number, TreeId | undefined>> {
  const found = new Map<number, TreeId | undefined>()
  const iterator = db.iterator(layout.allEntries as object)
  try {
    // Ends: each turn reads rows of a greater number than the one before.
    for (;;) {
      const rows = await iterator.nextv(tries)
      if (rows.length === 0) return found
      const number = layout.numberOfKey(rows[0]![0])
      const own = rows.filter(([key]) => layout.numberOfKey(key) === number)
      found.set(
        number,
        own.map(([key, value]) => treeOf(key, value)).find((tree) => tree !== undefined),
      )
      if (number === 0xffff_ffff) return found
      iterator.seek(layout.entryRange(number + 1).gte)
    }
  } catch (error) {
    throw storeError(error, 'The store could not be read')
  } finally {
    await iterator.close()
  }
}

/** Returns the tree of a stored entry, or undefined if its bytes are damaged. */
function treeOf(key: Buffer, value: Buffer): TreeId | undefined {
  if (key.length !== layout.positionKeyBytes) return undefined
  try {
    const entry = readEntry(layout.decodeEntry(value))
    return entry.id === layout.positionOfKey(key).id ? entry.tree : undefined
  } catch {
    return undefined
  }
}
