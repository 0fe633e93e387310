/**
 * Restores a node from a backup, into a data folder that has no store yet. The store is built in a folder within, as a
 * node takes entries from a peer: every signature and every place in the DAG is checked. Only when all of the backup is
 * there does it move to its place, so a restore that is cut leaves nothing but that inner folder, and is run again.
 */
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { throwIfCancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { readEntry } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import { createIdentity, type Identity, type PeerId } from '../../dag/identity.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'
import { verifyAll } from '../../store/verify/verify.ts'
import { Ingest } from '../../sync/ingest.ts'
import { newIdentity, openStore, readIdentity, writeIdentity } from '../data-folder.ts'
import { holderOf } from '../holder.ts'
import { type DurableParts, openDurable } from '../wiring.ts'
import { type BackupFile, readChain } from './chain.ts'
import type { BackupEnd, BackupHead, BackupTree } from './notes.ts'
import { type ArchiveChunk, type ArchivePage, type ArchivePart, readArchive } from './read.ts'
import { backedUp } from './write.ts'

/** What was restored, or checked. */
export interface RestoreResult {
  /** The node whose backup it is. */
  readonly from: PeerId
  /** The node that has it now: another one, unless the backup or the folder has the key. */
  readonly peer: PeerId
  readonly createdAtMs: number
  readonly trees: number
  readonly entries: number
  /** The trees of which the backup has only the first entries. */
  readonly damaged: BackupEnd['damaged']
}

export interface RestoreOptions {
  /** Ends the restore with CANCELLED, until what it has made is moved to its place. Nothing is left of it. */
  readonly signal?: AbortSignal | undefined
  /** Called after each page with the entries restored, and all. */
  readonly onProgress?: (entries: number, count: number) => void
}

/** A whole backup; or a chain of backups, from a whole one to the last one that builds on it. */
export type BackupSource = AsyncIterable<Uint8Array> | readonly BackupFile[]

function partsOf(source: BackupSource): AsyncGenerator<ArchivePart> {
  return Symbol.asyncIterator in source ? readArchive(source) : readChain(source)
}

function expectWhole({ since }: BackupHead): void {
  if (since !== undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'The backup builds on an earlier one: name the whole backup first, and then all that build on it.',
    )
}

/** Records that any node can use; the others are of the node whose key answers for them. */
const ofAnyNode: readonly string[] = ['peers', 'links', 'ended-links']
/** What holds a node's data; the last one makes it a node. */
const stored = ['blobs', 'store']
/** The folder within a data folder in which its store is built. */
const workFolder = 'restoring'

/**
 * Restores a backup, or a chain of them, into a data folder. Throws ALREADY_EXISTS if the folder has a store, INVALID_ARGUMENT if the archive is
 * no backup or the folder has the key of another node, STORE_CORRUPT if the backup is cut or damaged, STORE_FORMAT,
 * STORE_FULL, STORE_DENIED, and STORE_LOCKED if another restore runs there. Then the folder is as it was.
 */
export async function restoreData(
  folder: string,
  source: BackupSource,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const work = join(folder, workFolder)
  const isCut = existsSync(work) && !existsSync(join(folder, 'store'))
  if (!isCut && stored.some((name) => existsSync(join(folder, name))))
    throw new CausewayError(
      'ALREADY_EXISTS',
      `The folder ${folder} has a node: name another folder, or add only the entries and blobs with \`causeway import car\`.`,
      { data: { folder } },
    )
  if (holderOf(work) !== undefined)
    throw new CausewayError('STORE_LOCKED', `Another restore into ${folder} is under way.`, {
      data: { folder },
    })
  // What a restore has left that was cut, perhaps after it had moved the blobs.
  for (const name of isCut ? ['blobs', workFolder] : [])
    await rm(join(folder, name), { recursive: true, force: true })
  const restore = new Restore(folder, work, options)
  const isStream = Symbol.asyncIterator in source
  try {
    for await (const part of partsOf(source)) {
      throwIfCancelled(options.signal)
      if (isStream && 'causeway' in part) expectWhole(part)
      await restore.take(part)
    }
    return await restore.finish()
  } catch (error) {
    await restore.close()
    throw error
  } finally {
    await rm(work, { recursive: true, force: true }).catch(() => {})
  }
}

/** Reads a backup, or a chain of them, and checks every block and every signature. Throws as `restoreData`, and writes nothing. */
export async function checkBackup(
  source: BackupSource,
  { onProgress, signal }: RestoreOptions = {},
): Promise<RestoreResult> {
  let [head, end]: [BackupHead | undefined, BackupEnd | undefined] = [undefined, undefined]
  let entries = 0
  for await (const part of partsOf(source)) {
    throwIfCancelled(signal)
    if ('causeway' in part) head = part
    else if ('end' in part) end = part.end
    else if ('tree' in part) {
      const verdicts = await verifyAll(part.entries.map(readEntry))
      const wrong = verdicts.find((verdict) => verdict instanceof CausewayError)
      if (wrong !== undefined) throw wrong
      entries += part.entries.length
      onProgress?.(entries, head?.entryCount ?? 0)
    }
  }
  return resultOf(expectHead(head), head!.node, { ...end!, entries })
}

/** One restore: what has come so far decides what the next part of the backup does. */
class Restore {
  private readonly folder: string
  private readonly work: string
  private readonly options: RestoreOptions
  private head: BackupHead | undefined
  private end: BackupEnd | undefined
  private given: Identity | undefined
  private opened: { readonly identity: Identity; readonly db: Database } | undefined
  private parts: (DurableParts & { readonly ingest: Ingest }) | undefined
  private readonly trees: BackupTree[] = []
  private readonly pending: Promise<void>[] = []
  private entries = 0

  constructor(folder: string, work: string, options: RestoreOptions) {
    this.folder = folder
    this.work = work
    this.options = options
  }

  async take(part: ArchivePart): Promise<void> {
    if ('causeway' in part) this.head = part
    else if ('key' in part) this.given = createIdentity(new Uint8Array(Buffer.from(part.key, 'hex')))
    else if ('records' in part) await this.takeRecords(part.records, part.rows)
    else if ('trees' in part) this.trees.push(...part.trees)
    else if ('end' in part) this.end = part.end
    else if ('chunkOf' in part) await this.takeChunk(part)
    else if ('tree' in part) await this.takePage(part)
  }

  /** Opens the store with the key of the folder, that of the backup, or a new one. */
  private async open(): Promise<{ readonly identity: Identity; readonly db: Database }> {
    if (this.opened !== undefined) return this.opened
    const { node } = expectHead(this.head)
    const { folder, given } = this
    if (given !== undefined && given.peer !== node)
      throw new CausewayError('STORE_CORRUPT', 'The key in the backup is not that of its node.')
    const own = await readIdentity(folder)
    if (own !== undefined && given !== undefined && own.peer !== given.peer)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `The folder ${folder} has the key of ${own.peer}, but the backup is of ${node}: name another folder.`,
        { data: { folder, peer: own.peer } },
      )
    this.opened = await openStore(this.work, own ?? given ?? newIdentity(), undefined)
    return this.opened
  }

  private async takeRecords(name: string, rows: readonly (readonly [string, object])[]): Promise<void> {
    const { identity, db } = await this.open()
    const isOwn = identity.peer === this.head?.node
    if (!(isOwn ? (backedUp as readonly string[]) : ofAnyNode).includes(name)) return
    const records = await Records.open<object>(db, name)
    await records.write(
      rows.map(([key, value]) => records.put(key, value)),
      true,
      () => {},
    )
  }

  /** Opens what keeps state, which now finds the links: each page that it takes in marks what peers may lack. */
  private async openParts(): Promise<NonNullable<typeof this.parts>> {
    if (this.parts !== undefined) return this.parts
    const { identity, db } = await this.open()
    const most = Number.MAX_SAFE_INTEGER
    const quota = { nodeBytes: most, treeBytes: most, authorBytes: most }
    const parts = await openDurable(db, identity, { data: this.work, quota })
    this.parts = { ...parts, ingest: new Ingest(parts.store) }
    return this.parts
  }

  /** Takes in a page, while at most `limits.restorePages` are being verified and written. */
  private async takePage({ tree, entries }: ArchivePage): Promise<void> {
    const { ingest } = await this.openParts()
    const stored = ingest.page(tree, entries, { sync: true }).then(({ refused: [first] }) => {
      if (first !== undefined) throw first.error
      this.entries += entries.length
      this.options.onProgress?.(this.entries, this.head?.entryCount ?? 0)
    })
    // Awaited later; until then it must not count as unhandled.
    stored.catch(() => {})
    this.pending.push(stored)
    if (this.pending.length >= limits.restorePages) await this.pending.shift()
  }

  private async takeChunk({ chunkOf, owner, data }: ArchiveChunk): Promise<void> {
    // Its tree has to be here first.
    await Promise.all(this.pending.splice(0))
    await (await this.openParts()).blobs.chunks.put(chunkOf, data, owner)
  }

  /** Checks that everything has come, closes the store and moves it to its place. */
  async finish(): Promise<RestoreResult> {
    await Promise.all(this.pending)
    await this.openParts()
    const head = expectHead(this.head)
    this.expectWhole()
    const { identity } = await this.open()
    await this.close()
    throwIfCancelled(this.options.signal)
    const { folder, work } = this
    if ((await readIdentity(folder)) === undefined) await writeIdentity(folder, identity)
    for (const name of stored)
      if (existsSync(join(work, name))) await rename(join(work, name), join(folder, name))
    await syncFolder(folder)
    return resultOf(head, identity.peer, { ...this.end!, entries: this.entries })
  }

  private expectWhole(): void {
    const damaged = new Set<TreeId>(this.end?.damaged.map(({ tree }) => tree))
    if (damaged.size < this.end!.damagedTrees) return
    for (const { tree, entries } of this.trees) {
      const count = this.parts!.store.tree(tree)?.count ?? 0
      if (count !== entries && !damaged.has(tree))
        throw new CausewayError(
          'STORE_CORRUPT',
          `The backup should have ${entries} entries of the tree ${tree}, but has ${count}: use another copy of it.`,
          { data: { tree } },
        )
    }
  }

  /** Closes what is open; what was not awaited has failed by then or has ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.pending)
    const { parts, opened } = this
    ;[this.parts, this.opened] = [undefined, undefined]
    await parts?.views.close()
    if (parts !== undefined) await parts.store.close()
    else await opened?.db.close()
  }
}

function expectHead(head: BackupHead | undefined): BackupHead {
  if (head !== undefined) return head
  throw new CausewayError(
    'INVALID_ARGUMENT',
    'The archive is no backup: add its entries with `causeway import car`.',
  )
}

function resultOf(head: BackupHead, peer: PeerId, end: BackupEnd): RestoreResult {
  const { node: from, createdAtMs, treeCount: trees } = head
  return { from, peer, createdAtMs, trees, entries: end.entries, damaged: end.damaged }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}
