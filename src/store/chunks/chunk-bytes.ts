/**
 * Where the bytes of chunks lie: in files of the data folder, or in the database of a node without one. LevelDB
 * would write each chunk several times as it compacts, and the writes of entries would wait for it. Each tree
 * has its own copies: a chunk of one tree is never served, or even known, for another, and goes with its tree.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../../dag/id.ts'
import { storeError } from '../database/errors.ts'
import type { Database } from '../database/open.ts'

/** Holds the bytes of chunks by tree and name. Any method may throw STORE_FULL, STORE_DENIED and STORE_CORRUPT. */
export interface ChunkBytes {
  /** Resolves when the bytes are on the disk. */
  write(tree: TreeId, name: string, data: Uint8Array): Promise<void>
  read(tree: TreeId, name: string): Promise<Uint8Array | undefined>
  has(tree: TreeId, name: string): Promise<boolean>
  remove(tree: TreeId, name: string): Promise<void>
  removeTree(tree: TreeId): Promise<void>
  /** Resolves when the chunks that were written survive a power failure. */
  flush(tree: TreeId): Promise<void>
  /** Yields the names of all chunks of a tree that were written before a time, in milliseconds since 1970. */
  writtenBefore(tree: TreeId, ms: number): AsyncIterable<string>
}

/** Returns a holder of chunks in a folder, which it creates with the first chunk. */
export async function openChunkFolder(folder: string): Promise<ChunkBytes> {
  const parts = join(folder, 'parts')
  // What a killed node left: a chunk that is complete has its own name.
  await guarded(() => rm(parts, { recursive: true, force: true }))
  return new ChunkFolder(folder, parts)
}

class ChunkFolder implements ChunkBytes {
  private readonly folder: string
  private readonly parts: string
  private readonly made = new Set<string>()

  constructor(folder: string, parts: string) {
    this.folder = folder
    this.parts = parts
  }

  private ofTree = (tree: TreeId) => join(this.folder, tree)
  private path = (tree: TreeId, name: string) => join(this.folder, tree, name)

  write(tree: TreeId, name: string, data: Uint8Array): Promise<void> {
    return guarded(async () => {
      for (const folder of [this.folder, this.parts, this.ofTree(tree)]) await this.make(folder)
      const part = join(this.parts, randomBytes(8).toString('hex'))
      try {
        const file = await open(part, 'wx', 0o600)
        try {
          await file.writeFile(data)
          await file.datasync()
        } finally {
          await file.close()
        }
        await rename(part, this.path(tree, name))
      } catch (error) {
        await rm(part, { force: true }).catch(() => {})
        throw error
      }
    })
  }

  private async make(folder: string): Promise<void> {
    if (this.made.has(folder)) return
    await mkdir(folder, { mode: 0o700, recursive: true })
    this.made.add(folder)
  }

  read(tree: TreeId, name: string): Promise<Uint8Array | undefined> {
    return guarded(() => orAbsent(readFile(this.path(tree, name))))
  }

  has(tree: TreeId, name: string): Promise<boolean> {
    return guarded(async () => (await orAbsent(stat(this.path(tree, name)))) !== undefined)
  }

  remove(tree: TreeId, name: string): Promise<void> {
    return guarded(() => rm(this.path(tree, name), { force: true }))
  }

  removeTree(tree: TreeId): Promise<void> {
    this.made.delete(this.ofTree(tree))
    return guarded(() => rm(this.ofTree(tree), { recursive: true, force: true }))
  }

  flush(tree: TreeId): Promise<void> {
    return guarded(async () => {
      for (const folder of [this.ofTree(tree), this.folder]) {
        const opened = await orAbsent(open(folder))
        // Some systems cannot flush a folder, and need not.
        await opened?.sync().catch(() => {})
        await opened?.close()
      }
    })
  }

  async *writtenBefore(tree: TreeId, ms: number): AsyncGenerator<string> {
    const entries = await guarded(() => orAbsent(opendir(this.ofTree(tree))))
    if (entries === undefined) return
    for await (const { name } of entries) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue
      const written = await guarded(() => orAbsent(stat(this.path(tree, name))))
      if (written !== undefined && written.mtimeMs < ms) yield name
    }
  }
}

/** Holds chunks in the database: for nodes in memory, and for those on a database of their own. */
export class ChunkValues implements ChunkBytes {
  private readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  async write(tree: TreeId, name: string, data: Uint8Array): Promise<void> {
    await guarded(() => this.db.put(valueKey(tree, name), Buffer.from(data)))
  }

  read(tree: TreeId, name: string): Promise<Uint8Array | undefined> {
    return guarded(() => this.db.get(valueKey(tree, name)))
  }

  has(tree: TreeId, name: string): Promise<boolean> {
    return guarded(() => this.db.has(valueKey(tree, name)))
  }

  async remove(tree: TreeId, name: string): Promise<void> {
    await guarded(() => this.db.del(valueKey(tree, name)))
  }

  async removeTree(tree: TreeId): Promise<void> {
    await guarded(() => this.db.clear({ gte: valueKey(tree, ''), lte: valueKey(tree, 'f'.repeat(64)) }))
  }

  async flush(): Promise<void> {}

  /** Records and bytes lie in one database, so none is without the other for long. */
  async *writtenBefore(): AsyncGenerator<string> {}
}

/** The key of a chunk's bytes: d tree(32) name(32). */
const valueKey = (tree: TreeId, name: string): Buffer => Buffer.from(`64${tree}${name}`, 'hex')

async function guarded<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    throw storeError(error, 'A chunk of a blob could not be stored or read')
  }
}

/** Returns undefined for a file or a folder that does not exist. */
function orAbsent<Result>(task: Promise<Result>): Promise<Result | undefined> {
  return task.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
