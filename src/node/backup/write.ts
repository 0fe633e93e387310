/**
 * Writes a backup of a running node, as a stream of bytes that is made as fast as it is read. All of it is of one moment:
 * the records come from a snapshot of the database, and of each tree the arrivals that it had then. Stored entries never
 * change, so nothing waits for the backup, and it holds a page in memory.
 */
import { throwIfCancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { version } from '../../base/version.ts'
import { idOf } from '../../dag/entry.ts'
import { formatId, type TreeId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Chunks } from '../../store/chunks/chunks.ts'
import { damagedTree } from '../../store/damage/damaged-tree.ts'
import type { Database } from '../../store/database/open.ts'
import { readRecords } from '../../store/database/records.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import { pieces } from '../../sync/pieces.ts'
import { carHeader, noteBlock, rawBlock } from './car.ts'
import {
  type BackupHead,
  type BackupTree,
  type DamagedBackupTree,
  encodeNote,
  laterFormat,
  notesOf,
  wholeFormat,
} from './notes.ts'
import { type BackupSince, lifetimeOf, placesOf } from './since.ts'

/** The options of a backup. */
export interface BackupOptions {
  /** The trees to back up. Default: all. */
  readonly trees?: readonly TreeId[]
  /** Whether to leave out the node's records, so that the backup has entries alone. Default: false. */
  readonly entriesOnly?: boolean
  /** Whether the caller puts the node's key after the first part; see `keyBlock`. Default: false. */
  readonly withKey?: boolean
  /**
   * An earlier backup, as `readSince` returns it: what it has is left out, as far as the node can tell that it is the
   * same. The backup is whole if the store is another one than that of the earlier backup.
   */
  readonly since?: BackupSince | undefined
  /** Ends the backup with CANCELLED. What was written until then is a backup that was cut: no restore takes it. */
  readonly signal?: AbortSignal | undefined
}

/** A part of a backup, and how far it is. */
export interface BackupPart {
  readonly bytes: Uint8Array
  /** The entries written so far, and all. */
  readonly entries: number
  readonly count: number
  /** The damaged trees that are not whole in the backup; only in the last part. */
  readonly damaged: readonly DamagedBackupTree[]
}

/** What a backup needs of a node. */
export interface BackupSource {
  readonly peer: PeerId
  readonly db: Database
  readonly store: TreeReader & { trees(): readonly { readonly tree: TreeId; readonly sequence: number }[] }
  readonly chunks: Pick<Chunks, 'records' | 'get'>
  readonly now: () => number
}

/**
 * The records that belong to a node, whatever process serves it: peers, links, who wants access, and the names of
 * applications. Marks of the outbox count by arrivals and follow from the links; hints, accounts and spent proofs are made
 * anew.
 */
export const backedUp = [
  ...['peers', 'links', 'ended-links'],
  ...['requests', 'verdicts', 'invitations', 'used-invitations', 'joins', 'apps'],
] as const

/** Yields the backup. Throws UNKNOWN_TREE before the first part if a tree is not here. */
export async function* writeBackup(
  source: BackupSource,
  options: BackupOptions = {},
): AsyncGenerator<BackupPart> {
  const { db, store, chunks } = source
  // Nothing runs between these two, so that trees and records are of one moment.
  const listed = chosen(store.trees(), options.trees)
  const snapshot = db.snapshot()
  let [entries, count, chunkCount] = [0, 0, 0]
  const part = (bytes: Uint8Array, damaged: readonly DamagedBackupTree[] = []) => {
    throwIfCancelled(options.signal)
    return { bytes, entries, count, damaged }
  }
  let plan: BackupPlan | undefined
  try {
    plan = await planBackup(source, listed, options)
    count = plan.head.entryCount
    const head = encodeNote(plan.head)
    yield part(Buffer.concat([carHeader(head), noteBlock(head)]))
    for (const name of options.entriesOnly ? [] : backedUp)
      for (const note of notesOf(await readRecords(db, name, snapshot), (rows) => ({ records: name, rows })))
        yield part(noteBlock(note))
    for (const note of notesOf(plan.trees, (some) => ({ trees: some }))) yield part(noteBlock(note))
  } finally {
    await snapshot.close()
  }
  const { trees, since } = plan
  const damaged: DamagedBackupTree[] = []
  for (const tree of trees)
    try {
      for await (const page of pagesOf(store, tree)) {
        entries += page.length
        yield part(Buffer.concat(page))
      }
    } catch (error) {
      const { code, message } = CausewayError.from(error)
      // A tree that was removed meanwhile is cut as a damaged one is.
      if (code !== 'STORE_CORRUPT' && code !== 'UNKNOWN_TREE') throw error
      damaged.push({ tree: tree.tree, message })
    }
  for (const { tree, after } of trees)
    for await (const [note, chunk] of chunksOf(chunks, tree, after ? putSince(since) : 0)) {
      chunkCount++
      yield part(Buffer.concat([...(note ? [noteBlock(note)] : []), chunk]))
    }
  const end = {
    entries,
    chunks: chunkCount,
    damagedTrees: damaged.length,
    damaged: damaged.slice(0, limits.backupDamaged),
  }
  yield part(noteBlock(encodeNote({ end })), damaged)
}

/** What a backup will have. */
interface BackupPlan {
  readonly head: BackupHead
  readonly trees: readonly BackupTree[]
  /** The backup on which it builds. */
  readonly since: BackupSince | undefined
}

async function planBackup(
  { peer, db, store, now }: BackupSource,
  listed: readonly { readonly tree: TreeId; readonly entries: number }[],
  options: BackupOptions,
): Promise<BackupPlan> {
  const createdAtMs = now()
  const lifetime = await lifetimeOf(db)
  const since = options.since?.store === lifetime ? options.since : undefined
  const trees = await placesOf(store, listed, since)
  const head: BackupHead = {
    causeway: 'backup',
    format: since === undefined ? wholeFormat : laterFormat,
    ...{ node: peer, version, createdAtMs, treeCount: trees.length },
    entryCount: trees.reduce((sum, { entries, after = 0 }) => sum + entries - after, 0),
    hasKey: options.withKey ?? false,
    store: lifetime,
    ...(since && { since: since.backup }),
  }
  return { head, trees, since }
}

/** Returns the block with a node's key that follows the first part of a backup written `withKey`. */
export function keyBlock(seed: Uint8Array): Uint8Array {
  return noteBlock(encodeNote({ key: Buffer.from(seed).toString('hex') }))
}

function chosen(
  stored: readonly { readonly tree: TreeId; readonly sequence: number }[],
  wanted: readonly TreeId[] | undefined,
): { readonly tree: TreeId; readonly entries: number }[] {
  const all = stored.map(({ tree, sequence }) => ({ tree, entries: sequence }))
  if (wanted === undefined) return all
  const missing = wanted.find((tree) => !all.some((each) => each.tree === tree))
  if (missing !== undefined) throw unknownTree(missing)
  return all.filter(({ tree }) => wanted.includes(tree))
}

/** Since when a chunk was put that an earlier backup may lack: a while before it, since clocks may be set back. */
function putSince(since: BackupSince | undefined): number {
  return since === undefined ? 0 : since.createdAtMs - limits.backupClockMs
}

/** Yields a tree's arrivals as blocks, in pages. Throws STORE_CORRUPT at the first one that is damaged. */
async function* pagesOf(
  store: TreeReader,
  { tree, entries, after: first = 0 }: BackupTree,
): AsyncGenerator<Uint8Array[]> {
  // Fails if the tree is set aside.
  await store.summary(tree)
  // Ends with the arrivals: each turn goes past some of them, or throws.
  for (let after = first; after < entries; ) {
    const arrivals = await store.arrivals(tree, after, Math.min(limits.pageEntries, entries - after))
    const records = await store.lookup(arrivals.map(({ id }) => id))
    const sized = arrivals.map((arrival, index) => ({ ...arrival, size: records[index]?.size ?? 0 }))
    for (const page of pieces(
      sized,
      ({ size }) => size,
      () => limits.pageBytes,
    )) {
      if (page[0]?.sequence !== after + 1 || page.at(-1)?.sequence !== after + page.length) break
      const stored = await store.read(tree, page)
      for (const { id, signed } of stored)
        if (idOf(signed) !== id)
          throw damagedTree(tree, `the bytes of the entry ${formatId(id)} do not hash to its id`)
      yield stored.map(({ id, signed }) => rawBlock(id, signed.signature, signed.body))
      after += page.length
    }
    if (arrivals.at(-1)?.sequence !== after) throw damagedTree(tree, `its arrival ${after + 1} is missing`)
  }
}

/** Yields the chunks of a tree's blobs that were put since a time as blocks, and a note before those whose owner is another one. */
async function* chunksOf(
  chunks: BackupSource['chunks'],
  tree: TreeId,
  sinceMs: number,
): AsyncGenerator<[note: Uint8Array | undefined, chunk: Uint8Array]> {
  let last: PeerId | undefined
  for await (const page of chunks.records(tree))
    for (const { name, owner, putMs } of page) {
      if (putMs < sinceMs) continue
      const data = await chunks.get(tree, name)
      // Dropped meanwhile, or damaged: it is fetched from peers when somebody reads the blob.
      if (data === undefined) continue
      const note = owner === last ? undefined : encodeNote({ chunksOf: tree, owner })
      last = owner
      yield [note, rawBlock(name, data)]
    }
}
