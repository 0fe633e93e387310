/**
 * The blobs of a node's trees: stores their chunks, answers ranges of them, and fetches from peers what is not here. A
 * blob is served only for a tree of which an entry names it.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Chunks, checkChunk } from '../../store/chunks/chunks.ts'
import type { Quota } from '../../store/quota.ts'
import type { Blob } from '../payload.ts'
import { type BlobNamed, blobOf, blobRange, blobRow, decodeNamed } from '../rows.ts'
import type { Views } from '../view.ts'
import {
  type BlobRange,
  boundsOf,
  chunkCount,
  chunkLength,
  chunksOf,
  cut,
  expectLength,
  readList,
} from './format.ts'

/** Brings chunks from elsewhere: `fetch.ts` does so from peers. */
export interface BlobFetcher {
  /** Begins to fetch for a tree. Dials nobody before the first use. `caller` is whoever asks for it, if it is not the node. */
  open(tree: TreeId, caller?: string): BlobFetch
}

/** What is fetched for one reader. Dispose it at the end. */
export interface BlobFetch extends Disposable {
  /** Stores and returns the list of a blob. Throws BLOB_NOT_HERE. */
  list(blob: Blob, signal: AbortSignal): Promise<Uint8Array>
  /** Stores and yields the chunks of these numbers, in this order. Throws BLOB_NOT_HERE. */
  chunks(
    blob: Blob,
    names: readonly string[],
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk>
  /** Lets those who wait to fetch go first. */
  takeTurns(signal: AbortSignal): Promise<void>
}

export interface FetchedChunk {
  readonly number: number
  readonly data: Uint8Array
}

/** A blob of a tree. */
export interface WantedBlob {
  readonly tree: TreeId
  readonly blob: Blob
}

export interface BlobParts {
  readonly views: Views
  readonly chunks: Chunks
  readonly quota: Quota
}

/** How a blob is read. */
export interface ReadBlobOptions extends BlobRange {
  /** Yield whole chunks, all that the range touches. */
  readonly whole?: boolean
  /** Without one, what is not here is an error. */
  readonly fetcher?: BlobFetcher | undefined
  readonly signal: AbortSignal
  /** Does a piece of work of this node. */
  readonly work?: <Result>(piece: () => Promise<Result>) => Promise<Result>
}

export class Blobs {
  readonly views: Views
  readonly chunks: Chunks
  private readonly quota: Quota

  constructor({ views, chunks, quota }: BlobParts) {
    this.views = views
    this.chunks = chunks
    this.quota = quota
  }

  /**
   * Stores a chunk that a peer has put, and returns its name, which is verified already if it is given. Throws RESOURCE_EXHAUSTED past a quota, UNKNOWN_TREE,
   * INVALID_ARGUMENT, LIMIT_EXCEEDED and STORE_FULL.
   */
  async put(tree: TreeId, data: Uint8Array, peer: PeerId, name?: string): Promise<string> {
    checkChunk(data)
    using room = await this.quota.admitChunk(tree, peer, data.length)
    return await this.chunks.put(tree, data, room.owner, name)
  }

  /** Returns who names a blob in a tree. Throws UNKNOWN_BLOB if nobody does. The view must be current. */
  async named(tree: TreeId, blob: Blob): Promise<BlobNamed> {
    const { store } = this.views
    if (store.tree(tree) === undefined) throw unknownTree(tree)
    const row = blobRow(store.treeNumber(tree), blob)
    const value = await store.db.get(row)
    if (value !== undefined) return decodeNamed(row, value)
    throw new CausewayError(
      'UNKNOWN_BLOB',
      'No entry of this tree names this blob: check its id and its size.',
      {
        data: { blob: blob.id },
      },
    )
  }

  /** Yields the blobs that entries of a tree name, page by page. The view must be current. */
  async *list(tree: TreeId): AsyncGenerator<(Blob & BlobNamed)[]> {
    const { store } = this.views
    for await (const rows of store.rows(blobRange(store.treeNumber(tree))))
      yield rows.map(([row, value]) => ({ ...blobOf(row), ...decodeNamed(row, value) }))
  }

  /** Returns the names of a blob's chunks, or undefined if its list is not here. Throws PROTOCOL for a wrong size. */
  async listHere(tree: TreeId, blob: Blob): Promise<string[] | undefined> {
    const list = await this.chunks.get(tree, blob.id)
    return list && readList(list, blob)
  }

  /** Throws BLOB_NOT_HERE unless all of a blob is here, and lets it count as put now: an entry is about to name it. */
  async expectWhole(tree: TreeId, blob: Blob, peer: PeerId): Promise<void> {
    const names = await this.listHere(tree, blob).catch((error) => {
      throw new CausewayError('INVALID_ARGUMENT', `This blob cannot be named: ${(error as Error).message}`, {
        cause: error,
      })
    })
    if (names === undefined) throw notHere(blob, 'all')
    const missing = await this.missing(tree, names)
    if (missing.length > 0) throw notHere(blob, missing)
    await this.chunks.renew(tree, [...new Set([...names, blob.id])], peer)
  }

  /**
   * Yields a range of a blob that an entry names, verified. Throws UNKNOWN_BLOB, BLOB_NOT_HERE if chunks are missing and
   * cannot be fetched, and INVALID_ARGUMENT for a range outside of it. The view must be current.
   */
  async *read(tree: TreeId, blob: Blob, options: ReadBlobOptions): AsyncGenerator<Uint8Array> {
    const { signal, whole = false, work = (piece) => piece() } = options
    const range = boundsOf(blob, options)
    const { first, past } = chunksOf(range)
    using fetch = options.fetcher?.open(tree)
    const names = await this.names({ tree, blob }, fetch, signal)
    const rest = new Rest((from) => {
      return this.fetch({ tree, blob }, names, { from, past }, { fetch, signal })
    })
    try {
      for (let index = first; index < past; index++) {
        signal.throwIfAborted()
        const data =
          (await work(() => this.chunkHere(tree, blob, names, index))) ?? (await rest.chunk(index, blob))
        yield whole ? data : cut(data, index, range)
      }
    } finally {
      await rest.end()
    }
  }

  /** Yields a chunk and all that are missing after it, as they come from peers. */
  private async *fetch(
    { tree, blob }: WantedBlob,
    names: readonly string[],
    { from, past }: { readonly from: number; readonly past: number },
    { fetch, signal }: { readonly fetch: BlobFetch | undefined; readonly signal: AbortSignal },
  ): AsyncGenerator<FetchedChunk> {
    // The first is missing even if there is a record of it: it was damaged.
    const missing = await this.missing(tree, names, from, past)
    const wanted = [from, ...missing.filter((number) => number > from)]
    try {
      if (fetch === undefined) throw notHere(blob, wanted)
      yield* fetch.chunks(blob, names, wanted, signal)
    } catch (error) {
      const { code, cause } = CausewayError.from(error)
      if (code !== 'BLOB_NOT_HERE') throw error
      // What came meanwhile is here now, and the rest of the blob may be missing too.
      const left = await this.missing(tree, names)
      throw notHere(blob, left.length > 0 ? left : wanted, cause)
    }
  }

  /** Returns the numbers of chunks that are not here, one for each name. */
  async missing(tree: TreeId, names: readonly string[], from = 0, past = names.length): Promise<number[]> {
    const missing = await this.chunks.missing(tree, names.slice(from, past))
    const first = new Map<string, number>()
    for (const at of missing.reverse()) first.set(names[from + at]!, from + at)
    return [...first.values()].sort((a, b) => a - b)
  }

  /** Returns the names of a blob's chunks. Throws UNKNOWN_BLOB, BLOB_NOT_HERE. */
  async names(
    { tree, blob }: WantedBlob,
    fetch: BlobFetch | undefined,
    signal: AbortSignal,
  ): Promise<string[]> {
    await this.named(tree, blob)
    const here = await this.listHere(tree, blob)
    if (here !== undefined) return here
    if (fetch === undefined) throw notHere(blob, 'all')
    return readList(await fetch.list(blob, signal), blob)
  }

  /** Stores a chunk that came from a peer and is verified, at the cost of whoever names the blob. */
  async take({ tree, blob }: WantedBlob, data: Uint8Array, name: string): Promise<void> {
    const { author } = await this.named(tree, blob)
    await this.put(tree, data, author, name)
  }

  private async chunkHere(
    tree: TreeId,
    blob: Blob,
    names: readonly string[],
    index: number,
  ): Promise<Uint8Array | undefined> {
    const data = await this.chunks.get(tree, names[index]!)
    if (data !== undefined) expectLength(data, blob, index)
    return data
  }
}

/** The chunks of a blob that are fetched while it is read. Some may have come by another way when it is their turn. */
class Rest {
  private readonly begin: (from: number) => AsyncGenerator<FetchedChunk>
  private chunks: AsyncGenerator<FetchedChunk> | undefined

  constructor(begin: (from: number) => AsyncGenerator<FetchedChunk>) {
    this.begin = begin
  }

  /** Returns the chunk of this number, greater than all before. Throws BLOB_NOT_HERE. */
  async chunk(index: number, blob: Blob): Promise<Uint8Array> {
    // Ends since what is fetched goes forward, and begins anew at most once, with this chunk.
    for (let turns = 0; turns < 2; ) {
      this.chunks ??= this.begin(index)
      const { done, value } = await this.chunks.next()
      if (!done && value.number === index) return value.data
      if (!done && value.number < index) continue
      await this.end()
      turns++
    }
    throw notHere(blob, [index])
  }

  async end(): Promise<void> {
    await this.chunks?.return(undefined)
    this.chunks = undefined
  }
}

/**
 * Returns the error of a blob of which these chunks are not here; all of them where its list is not, without which none
 * can be read. `cause` is why the last peer that was asked did not send them.
 */
export function notHere(blob: Blob, missing: readonly number[] | 'all', cause?: unknown): CausewayError {
  const { id, size } = blob
  const all = chunkCount(size)
  const chunks = missing === 'all' ? all : missing.length
  const bytes = missing === 'all' ? size : missing.reduce((sum, number) => sum + chunkLength(size, number), 0)
  const why = cause === undefined ? '' : ` The last peer that was asked failed: ${(cause as Error).message}`
  return new CausewayError(
    'BLOB_NOT_HERE',
    `${chunks} of ${all} chunks of this blob, ${bytes} of ${size} bytes, are not at this node: link the tree with a peer that has them, or put them first.${why}`,
    {
      data: { blob: id, size, missing: chunks, missingBytes: bytes, retryAfterMs: limits.stateRetryMs },
      cause,
    },
  )
}
