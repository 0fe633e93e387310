/** Blobs for tests: a store with all that keeps blobs, bytes that follow from a seed, and streams of them. */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { upload } from '../../src/state/api/streams.ts'
import { Blobs } from '../../src/state/blobs/blobs.ts'
import type { Blob } from '../../src/state/payload.ts'
import { Views } from '../../src/state/view.ts'
import { StateWriter } from '../../src/state/writer.ts'
import { Author } from '../../src/store/author/author.ts'
import { type ChunkBytes, ChunkValues } from '../../src/store/chunks/chunk-bytes.ts'
import { Chunks } from '../../src/store/chunks/chunks.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { Quota, type QuotaOptions } from '../../src/store/quota.ts'
import { DagStore } from '../../src/store/store.ts'
import { prng, testIdentity } from './entries.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface BlobLab extends AsyncDisposable {
  readonly store: DagStore
  readonly views: Views
  readonly chunks: Chunks
  readonly blobs: Blobs
  readonly writer: StateWriter
  readonly author: Author
  readonly clock: VirtualClock
  readonly tree: TreeId
}

export interface BlobLabOptions {
  readonly db?: Database
  readonly bytes?: ChunkBytes
  readonly quota?: QuotaOptions
  readonly clock?: VirtualClock
  /** A tree that is in the database already. */
  readonly tree?: TreeId
}

export const owner = testIdentity(0)

/** Opens a store with a tree, in memory unless a database is given. */
export async function openBlobLab(options: BlobLabOptions = {}): Promise<BlobLab> {
  const { clock = new VirtualClock() } = options
  const db = options.db ?? (await openMemory())
  const store = await DagStore.open(db)
  const chunks = await Chunks.open(store, options.bytes ?? new ChunkValues(db), clock)
  const quota = await Quota.open(db, store, owner.peer, options.quota, chunks)
  const views = await Views.open(store, clock)
  const blobs = new Blobs({ views, chunks, quota })
  const author = new Author(store, owner, clock as Clock)
  const writer = new StateWriter(views, store, author, blobs)
  const tree = options.tree ?? (await author.createTree('t', PublicAccess.NONE)).tree
  return {
    ...{ store, views, chunks, blobs, writer, author, clock, tree },
    async [Symbol.asyncDispose]() {
      await views.close()
      await store.close()
    },
  }
}

/** Returns bytes that follow from a seed: the same seed, the same bytes. */
export function seededBytes(size: number, seed = 1): Uint8Array {
  const random = prng(seed)
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at += 4)
    bytes.writeUIntLE(Math.floor(random() * 2 ** 32), Math.min(at, Math.max(0, size - 4)), Math.min(4, size))
  return new Uint8Array(bytes)
}

/** Yields bytes in pieces of odd lengths. */
export async function* pieces(bytes: Uint8Array, length = 70_001): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

/** Puts the chunks of some bytes, as the owner. */
export async function uploadTo({ blobs, tree }: BlobLab, bytes: Uint8Array): Promise<Blob> {
  const calls = { putChunk: (of: TreeId, data: Uint8Array) => blobs.put(of, data, owner.peer) }
  const { blob } = await upload(calls, tree, pieces(bytes))
  return blob!
}

/** Puts the blob of some bytes under a key. */
export async function putBlob(lab: BlobLab, bytes: Uint8Array, key = 'k'): Promise<Blob> {
  const blob = await uploadTo(lab, bytes)
  const action = { put: { value: new Uint8Array(0), type: '', blob } }
  await lab.writer.write(lab.tree, { writes: [{ store: 'files', key, action }] })
  await lab.views.count(lab.tree)
  return blob
}

export const chunk = limits.blobChunkBytes
export const never = new AbortController().signal
