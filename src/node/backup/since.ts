/**
 * What an incremental backup builds on. A backup names the lifetime of the store that it is of, and of each tree the local
 * number and how many arrivals it had. Within one lifetime, the arrivals under a number only grow: a tree that is repaired
 * or comes again gets another number, and a store that is restored begins another lifetime. So a later backup may leave
 * out the arrivals of an earlier one if both agree in these, and writes the tree whole if they do not.
 */
import { randomBytes } from 'node:crypto'
import { CausewayError } from '../../base/errors.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import { type BackupHead, type BackupTree, encodeNote } from './notes.ts'
import { readArchive } from './read.ts'

/** An earlier backup, as a later one builds on it. */
export interface BackupSince {
  /** The SHA-256 of its first note. */
  readonly backup: string
  /** The lifetime of its store. */
  readonly store: string
  readonly createdAtMs: number
  /** The trees of which it has all entries that there were. */
  readonly trees: readonly BackupTree[]
}

/** Returns the name of a backup, by which a later one says on what it builds. */
export function nameOf(head: BackupHead): string {
  return sha256Hex(encodeNote(head))
}

/**
 * Returns the name of the store's lifetime, which begins with the first backup. The record is flushed each time, and with it
 * every arrival that was written before: after a failure of power, no other entry can arrive under its number.
 */
export async function lifetimeOf(db: Database): Promise<string> {
  const records = await Records.open<{ readonly id: string }>(db, 'backups')
  const id = records.get('store')?.id ?? randomBytes(32).toString('hex')
  await records.set('store', { id }, { sync: true })
  return id
}

/** Returns the trees with their local numbers, and with the arrival from which on a backup since an earlier one has them. */
export async function placesOf(
  store: Pick<TreeReader, 'lookup'>,
  trees: readonly { readonly tree: TreeId; readonly entries: number }[],
  since: BackupSince | undefined,
): Promise<BackupTree[]> {
  const before = new Map(since?.trees.map((each) => [each.tree, each]))
  const roots = await store.lookup(trees.map(({ tree }) => tree))
  return trees.map(({ tree, entries }, index) => {
    const number = roots[index]?.number
    const known = before.get(tree)
    const isSame = number !== undefined && known?.number === number && known.entries <= entries
    return { tree, entries, ...(number !== undefined && { number }), ...(isSame && { after: known.entries }) }
  })
}

/**
 * Reads a backup, checks every block of it, and returns what a later one needs to build on it. Throws INVALID_ARGUMENT if
 * it is no backup or one of an earlier version, and STORE_CORRUPT if it is cut or damaged.
 */
export async function readSince(source: AsyncIterable<Uint8Array>): Promise<BackupSince> {
  let head: BackupHead | undefined
  const trees = new Map<TreeId, BackupTree>()
  for await (const part of readArchive(source))
    if ('causeway' in part) head = part
    else if ('trees' in part) for (const each of part.trees) trees.set(each.tree, each)
    else if ('end' in part) {
      const { damaged, damagedTrees } = part.end
      for (const { tree } of damaged) trees.delete(tree)
      // More are damaged than it names: all are written whole.
      if (damagedTrees > damaged.length) trees.clear()
    }
  if (head?.store === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'The file is no backup on which another one can build: write a whole backup.',
    )
  return {
    backup: nameOf(head),
    store: head.store,
    createdAtMs: head.createdAtMs,
    trees: [...trees.values()],
  }
}
