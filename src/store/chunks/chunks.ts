/**
 * The chunks of blobs that a node has, by tree. A chunk is named by the SHA-256 of its bytes and verified whenever it is
 * read: one that is damaged is dropped, and so fetched again. Beside the bytes lies a record of its size, of when it was
 * last put, and of whose quota it uses:
 *
 *   c tree(32) name(32)    size(4) put(8) owner(32) kept(1) checksum(4)
 *
 * The bytes come first, then the record. A kill between the two leaves bytes without a record, as does a record that is
 * damaged. They count as here when they are asked for, and `adoptOld` gives them a record: an entry may name them.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { checksumBytes, isSealed, seal, seedOfKey } from '../database/checksum.ts'
import type { DagStore } from '../store.ts'
import type { ChunkBytes } from './chunk-bytes.ts'

/** What is known of a chunk beside its bytes. */
export interface ChunkRecord {
  readonly size: number
  /** When it was last put, in milliseconds since 1970. */
  readonly putMs: number
  /** Whose quota it uses. */
  readonly owner: PeerId
  /** Whether an entry is known to name it, so that it stays as long as its tree. */
  readonly kept: boolean
}

export interface NamedChunk extends ChunkRecord {
  readonly name: string
}

/** What the chunks of a tree add up to. */
interface TreeChunks {
  chunks: number
  bytes: number
  readonly byOwner: Map<PeerId, number>
}

/** Who uses the quota of chunks that strangers have put, or of which it is not known who put them. */
export const anybody = '0'.repeat(64) as PeerId

type ChunkStoreParts = Pick<DagStore, 'db' | 'tree' | 'removals' | 'writeBeside'>

export class Chunks {
  private readonly store: ChunkStoreParts
  private readonly holder: ChunkBytes
  private readonly clock: Clock
  private readonly trees = new Map<TreeId, TreeChunks>()
  /** One change of a chunk at a time. */
  private readonly queue = new KeyedQueue<string>()
  private readonly dropListeners = new Set<(tree: TreeId) => void>()

  private constructor(store: ChunkStoreParts, holder: ChunkBytes, clock: Clock) {
    this.store = store
    this.holder = holder
    this.clock = clock
  }

  /** Counts the chunks that are here. Their trees may be damaged, and so not be in the store. */
  static async open(store: ChunkStoreParts, holder: ChunkBytes, clock: Clock): Promise<Chunks> {
    const chunks = new Chunks(store, holder, clock)
    for await (const [key, value] of store.db.iterator({ gte: recordKeys.first, lt: recordKeys.past })) {
      const record = decodeRecord(key, value)
      if (record !== undefined)
        chunks.note(key.toString('hex', 1, 33) as TreeId, record.owner, record.size, 1)
    }
    store.removals.onRemove((tree) => chunks.removeTree(tree))
    return chunks
  }

  /** The bytes of all chunks of all trees. */
  get bytes(): number {
    let bytes = 0
    for (const tree of this.trees.values()) bytes += tree.bytes
    return bytes
  }

  /** How many chunks there are of all trees. */
  get count(): number {
    let count = 0
    for (const { chunks } of this.trees.values()) count += chunks
    return count
  }

  /** How many chunks of how many bytes a tree has here. */
  ofTree(tree: TreeId): { readonly chunks: number; readonly bytes: number } {
    const { chunks = 0, bytes = 0 } = this.trees.get(tree) ?? {}
    return { chunks, bytes }
  }

  /** The bytes of a tree's chunks that use the quota of one author. */
  bytesOf(tree: TreeId, owner: PeerId): number {
    return this.trees.get(tree)?.byOwner.get(owner) ?? 0
  }

  /** The bytes of all chunks that use the quota of one author. */
  bytesOfAll(owner: PeerId): number {
    let bytes = 0
    for (const { byOwner } of this.trees.values()) bytes += byOwner.get(owner) ?? 0
    return bytes
  }

  /** Counts bytes that are about to be put as stored, so that puts at the same time see each other. */
  reserve(tree: TreeId, owner: PeerId, bytes: number): Disposable {
    this.note(tree, owner, bytes, 0)
    return { [Symbol.dispose]: () => this.note(tree, owner, -bytes, 0) }
  }

  /** Calls `listener` whenever chunks of a tree were dropped, until the returned function is called. */
  onDrop(listener: (tree: TreeId) => void): () => void {
    this.dropListeners.add(listener)
    return () => this.dropListeners.delete(listener)
  }

  /**
   * Stores a chunk, or renews it if it is here. Resolves with its name when it is on the disk. `name` is for a caller that
   * has verified it. Throws STORE_FULL.
   */
  put(tree: TreeId, data: Uint8Array, owner: PeerId, name: string = sha256Hex(data)): Promise<string> {
    return this.queue.run(tree + name, async () => {
      const known = await this.recordOf(tree, name)
      const isHere = await this.isWhole(tree, name)
      if (!isHere) await this.holder.write(tree, name, data)
      // The tree may have been removed meanwhile.
      if (this.store.tree(tree) === undefined) {
        await this.holder.remove(tree, name)
        return name
      }
      // What was here already still belongs to whoever put it first.
      const record = known ?? { size: data.length, owner, kept: false }
      try {
        await this.writeRecord(tree, name, { ...record, putMs: this.clock.now() })
      } catch (error) {
        // On a full disk, bytes that nobody counts would take the rest of it.
        if (known === undefined && !isHere) await this.holder.remove(tree, name).catch(() => {})
        throw error
      }
      if (known === undefined) this.note(tree, owner, data.length, 1)
      return name
    })
  }

  private async isWhole(tree: TreeId, name: string): Promise<boolean> {
    const data = await this.holder.read(tree, name)
    return data !== undefined && sha256Hex(data) === name
  }

  /** Returns a chunk, or undefined if it is not here. One that is damaged is dropped. */
  async get(tree: TreeId, name: string): Promise<Uint8Array | undefined> {
    const data = await this.holder.read(tree, name)
    if (data !== undefined && sha256Hex(data) === name) return data
    // Most that are asked for and missing were never here.
    if (data !== undefined || (await this.recordOf(tree, name)) !== undefined) await this.drop(tree, [name])
    return undefined
  }

  /**
   * Returns which of these chunks are not here, by their numbers in the list. Does not read their bytes. A record alone is
   * not enough: files may be lost, or be missing in a copy of the data folder.
   */
  async missing(tree: TreeId, names: readonly string[]): Promise<number[]> {
    const missing: number[] = []
    for (let from = 0; from < names.length; from += limits.chunkLooksAtOnce) {
      const some = names.slice(from, from + limits.chunkLooksAtOnce)
      const has = await Promise.all(some.map((name) => this.holder.has(tree, name)))
      for (const [index, isHere] of has.entries()) if (!isHere) missing.push(from + index)
    }
    return missing
  }

  /** Lets chunks count as put now, and flushes them: they are about to be named. */
  async renew(tree: TreeId, names: readonly string[], owner: PeerId): Promise<void> {
    for (const name of names)
      await this.queue.run(tree + name, async () => {
        const known = await this.recordOf(tree, name)
        if (known !== undefined) await this.writeRecord(tree, name, { ...known, putMs: this.clock.now() })
        else await this.adopt(tree, name, owner)
      })
    await this.holder.flush(tree)
  }

  /** Writes the record of a chunk whose record was lost. Drops bytes that are damaged. In the chunk's turn. */
  private async adopt(tree: TreeId, name: string, owner: PeerId): Promise<void> {
    const data = await this.holder.read(tree, name)
    if (data === undefined || sha256Hex(data) !== name) return await this.holder.remove(tree, name)
    await this.writeRecord(tree, name, { size: data.length, putMs: this.clock.now(), owner, kept: false })
    this.note(tree, owner, data.length, 1)
  }

  /** Yields the records of a tree's chunks, page by page. */
  async *records(tree: TreeId): AsyncGenerator<NamedChunk[]> {
    let from: { gte: Buffer } | { gt: Buffer } = { gte: recordKey(tree, '') }
    const lte = recordKey(tree, 'f'.repeat(64))
    // Ends with the range, from which each turn takes a page.
    for (;;) {
      const rows: [Buffer, Buffer][] = await this.store.db
        .iterator({ ...from, lte, limit: limits.chunkRecordsAtOnce } as object)
        .all()
      if (rows.length === 0) return
      yield rows.flatMap(([key, value]) => {
        const record = decodeRecord(key, value)
        return record === undefined ? [] : [{ ...record, name: key.toString('hex', 33) }]
      })
      from = { gt: rows.at(-1)![0] }
    }
  }

  /** Marks chunks that an entry names. */
  async keep(tree: TreeId, names: readonly string[]): Promise<void> {
    for (const name of names)
      await this.queue.run(tree + name, async () => {
        const record = await this.recordOf(tree, name)
        if (record !== undefined && !record.kept)
          await this.writeRecord(tree, name, { ...record, kept: true })
      })
  }

  /** Drops chunks, but for those that were put since `unlessPutMs`. */
  async drop(tree: TreeId, names: readonly string[], unlessPutMs = Number.POSITIVE_INFINITY): Promise<void> {
    let dropped = false
    for (const name of names)
      await this.queue.run(tree + name, async () => {
        const record = await this.recordOf(tree, name)
        if (record !== undefined && record.putMs >= unlessPutMs) return
        if (record !== undefined) {
          await this.store.writeBeside(() => this.store.db.del(recordKey(tree, name)))
          this.note(tree, record.owner, -record.size, -1)
          dropped = true
        }
        await this.holder.remove(tree, name)
      })
    if (dropped) for (const listener of this.dropListeners) listener(tree)
  }

  /** Gives bytes that were written before a time and have no record a new one, and drops those that are damaged. */
  async adoptOld(tree: TreeId, beforeMs: number): Promise<void> {
    for await (const name of this.holder.writtenBefore(tree, beforeMs))
      await this.queue.run(tree + name, async () => {
        if ((await this.recordOf(tree, name)) === undefined) await this.adopt(tree, name, anybody)
      })
  }

  private async removeTree(tree: TreeId): Promise<void> {
    const range = { gte: recordKey(tree, ''), lte: recordKey(tree, 'f'.repeat(64)) }
    await this.store.writeBeside(() => this.store.db.clear(range))
    this.trees.delete(tree)
    await this.holder.removeTree(tree)
  }

  private async recordOf(tree: TreeId, name: string): Promise<ChunkRecord | undefined> {
    const key = recordKey(tree, name)
    const value = await this.store.db.get(key)
    return value && decodeRecord(key, value)
  }

  private writeRecord(tree: TreeId, name: string, record: ChunkRecord): Promise<void> {
    const key = recordKey(tree, name)
    return this.store.writeBeside(() => this.store.db.put(key, encodeRecord(key, record)))
  }

  private note(tree: TreeId, owner: PeerId, bytes: number, chunks: 1 | 0 | -1): void {
    const sums = this.trees.get(tree) ?? { chunks: 0, bytes: 0, byOwner: new Map() }
    sums.chunks += chunks
    sums.bytes += bytes
    const owned = (sums.byOwner.get(owner) ?? 0) + bytes
    if (owned > 0) sums.byOwner.set(owner, owned)
    else sums.byOwner.delete(owner)
    if (sums.chunks > 0 || sums.bytes > 0) this.trees.set(tree, sums)
    else this.trees.delete(tree)
  }
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED for bytes that cannot be a chunk. */
export function checkChunk(data: Uint8Array): void {
  if (data.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'A chunk has at least one byte, got none.')
  if (data.length > limits.blobChunkBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A chunk has at most ${limits.blobChunkBytes} bytes, got ${data.length}.`,
      { data: { max: limits.blobChunkBytes } },
    )
}

const recordKeys = { first: Buffer.of(0x63), past: Buffer.of(0x64) }
const recordKey = (tree: TreeId, name: string): Buffer => Buffer.from(`63${tree}${name}`, 'hex')
const recordBytes = 45

function encodeRecord(key: Buffer, { size, putMs, owner, kept }: ChunkRecord): Buffer {
  const value = Buffer.alloc(recordBytes + checksumBytes)
  value.writeUInt32BE(size)
  value.writeBigUInt64BE(BigInt(putMs), 4)
  value.write(owner, 12, 'hex')
  value[44] = kept ? 1 : 0
  return seal(value, seedOfKey(key))
}

/** Returns the record, or undefined if it is damaged: its chunk then counts as not here until it is put again. */
function decodeRecord(key: Buffer, value: Buffer): ChunkRecord | undefined {
  if (value.length !== recordBytes + checksumBytes || !isSealed(value, seedOfKey(key))) return undefined
  return {
    size: value.readUInt32BE(0),
    putMs: Number(value.readBigUInt64BE(4)),
    owner: value.toString('hex', 12, 44) as PeerId,
    kept: value[44] === 1,
  }
}
