/**
 * Fetches chunks from peers, many of them from several at the same time, and stores each as soon as it is verified: so a
 * fetch that was cut goes on where it was. A
 * peer that lacks a chunk is passed over for this one; one that lies or fails, for the rest of the fetch. A blob that is
 * named with a wrong size, or whose list names chunks of wrong lengths, is no lie of the peer.
 */
import { unlessAborted } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Slots } from '../../base/slots.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Blob } from '../payload.ts'
import { type BlobFetch, type BlobFetcher, type Blobs, type FetchedChunk, notHere } from './blobs.ts'
import { Few } from './few.ts'
import { chunkName, expectLength, readList } from './format.ts'
import { fetchSideBySide } from './side-by-side.ts'

/** A peer that may have chunks. Its answers are not verified. */
export interface BlobPeer {
  /** Returns the list of a blob, or undefined if the peer lacks it. */
  list(tree: TreeId, blob: Blob, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Yields those of the chunks that the peer has, in the order of their numbers, at most limits.chunksPerCall. */
  chunks(
    tree: TreeId,
    blob: Blob,
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk>
  close(): void
}

/** Yields open connections to peers that may have chunks of a tree's blobs, each as it is asked for. */
export type FindPeers = (tree: TreeId, signal: AbortSignal) => AsyncGenerator<BlobPeer>

export class PeerFetcher implements BlobFetcher {
  private readonly blobs: Blobs
  private readonly findPeers: FindPeers
  private readonly slots: Slots
  /** Those of each caller that has some, and how many fetches use or wait for them. */
  private readonly ofCallers = new Map<string, { readonly slots: Slots; users: number }>()

  /** At most `atOnce` fetches are under way at a time, and `limits.blobFetchesPerCaller` of one caller; others wait. */
  constructor(blobs: Blobs, findPeers: FindPeers, atOnce: number) {
    this.blobs = blobs
    this.findPeers = findPeers
    this.slots = new Slots(atOnce)
  }

  open(tree: TreeId, caller?: string): BlobFetch {
    const take = (signal: AbortSignal) =>
      caller === undefined ? this.slots.take(signal) : this.takeFor(caller, signal)
    return new PeerFetch(tree, this.blobs, this.findPeers, take)
  }

  private async takeFor(caller: string, signal: AbortSignal): Promise<Disposable> {
    const own = this.ofCallers.get(caller) ?? { slots: new Slots(limits.blobFetchesPerCaller), users: 0 }
    this.ofCallers.set(caller, own)
    own.users++
    const held: Disposable[] = []
    const release = () => {
      for (const slot of held) slot[Symbol.dispose]()
      if (--own.users === 0) this.ofCallers.delete(caller)
    }
    try {
      for (const slots of [own.slots, this.slots]) held.push(await slots.take(signal))
      return { [Symbol.dispose]: release }
    } catch (error) {
      release()
      throw error
    }
  }
}

class PeerFetch implements BlobFetch {
  private readonly tree: TreeId
  private readonly blobs: Blobs
  private readonly findPeers: FindPeers
  private readonly takeSlot: (signal: AbortSignal) => Promise<Disposable>
  private readonly over = new AbortController()
  private slot: Disposable | undefined
  /** Those that answered, the best first. */
  private readonly peers: BlobPeer[] = []
  private more: AsyncGenerator<BlobPeer> | undefined
  /** The peer that is being dialled. Whoever asks next waits for it, if those who did have gone. */
  private dialled: Promise<IteratorResult<BlobPeer>> | undefined
  /** Why the last peer was given up. */
  private failure: unknown

  constructor(
    tree: TreeId,
    blobs: Blobs,
    findPeers: FindPeers,
    takeSlot: (signal: AbortSignal) => Promise<Disposable>,
  ) {
    this.tree = tree
    this.blobs = blobs
    this.findPeers = findPeers
    this.takeSlot = takeSlot
  }

  async takeTurns(signal: AbortSignal): Promise<void> {
    if (this.slot === undefined) return
    this.slot[Symbol.dispose]()
    this.slot = undefined
    this.slot = await this.takeSlot(signal)
  }

  async list(blob: Blob, signal: AbortSignal): Promise<Uint8Array> {
    for await (const peer of this.candidates(signal)) {
      const list = await this.asking(peer, signal, async (signal) => {
        const found = await peer.list(this.tree, blob, signal)
        if (found !== undefined && chunkName(found) !== blob.id)
          throw new CausewayError('PROTOCOL', 'The peer sent another list than that of the blob.')
        return found
      })
      if (list === undefined) continue
      readList(list, blob)
      await this.blobs.take({ tree: this.tree, blob }, list, blob.id)
      return list
    }
    throw notHere(blob, 'all', this.failure)
  }

  async *chunks(
    blob: Blob,
    names: readonly string[],
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk> {
    const isLong = numbers.length >= 2 * limits.chunksPerShare
    const rest = isLong ? yield* this.sideBySide(blob, names, numbers, signal) : numbers
    yield* this.oneByOne(blob, names, rest, signal)
  }

  /** Asks several peers at the same time. Returns the numbers of what they did not send. */
  private sideBySide(
    blob: Blob,
    names: readonly string[],
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk, number[]> {
    return fetchSideBySide<BlobPeer>(
      {
        numbers,
        peers: (signal) => this.candidates(signal),
        run: (peer, some, signal) => this.run(peer, blob, names, some, signal),
      },
      signal,
    )
  }

  /** Asks one peer at a time, each for what those before it lack. */
  private async *oneByOne(
    blob: Blob,
    names: readonly string[],
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk> {
    let next = 0
    // Each turn fetches at least one chunk, or ends with an error.
    while (next < numbers.length) {
      const before = next
      for await (const peer of this.candidates(signal)) {
        const some = numbers.slice(next, next + limits.chunksPerCall)
        for await (const chunk of this.run(peer, blob, names, some, signal)) {
          yield chunk
          next++
        }
        if (next > before) break
      }
      if (next === before) throw notHere(blob, numbers.slice(next), this.failure)
    }
  }

  /** Yields what a peer has of these chunks, up to the first that it lacks. */
  private async *run(
    peer: BlobPeer,
    blob: Blob,
    names: readonly string[],
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk> {
    const either = AbortSignal.any([signal, this.over.signal])
    const chunks = peer.chunks(this.tree, blob, numbers, either)
    // A few are written while the next ones come.
    const storing = new Few(limits.chunkPutsAtOnce)
    let count = 0
    try {
      for (const number of numbers) {
        const chunk = await this.asking(peer, signal, async () => {
          const { done, value } = await chunks.next()
          if (done || value.number !== number) return undefined
          if (chunkName(value.data) === names[number]) return value
          throw new CausewayError('PROTOCOL', 'The peer sent other bytes than those of the chunk.')
        })
        if (chunk === undefined) break
        expectLength(chunk.data, blob, number)
        await storing.add(this.blobs.take({ tree: this.tree, blob }, chunk.data, names[number]!))
        yield chunk
        count++
      }
      await storing.all()
      // The call ends by itself: one that is cut counts against this node, as a reset of a stream.
      if (count === numbers.length) await this.asking(peer, signal, () => chunks.next())
    } finally {
      await chunks.return(undefined).catch(() => {})
      await storing.settled()
    }
  }

  /** Asks a peer. If that fails, gives it up unless it only lacks the blob, and returns undefined. Throws only the signal's error. */
  private async asking<Result>(
    peer: BlobPeer,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await ask(AbortSignal.any([signal, this.over.signal]))
    } catch (error) {
      if (signal.aborted) throw error
      this.failure = error
      // It may not have the entry yet that names the blob, or never take it.
      if (CausewayError.from(error).code === 'UNKNOWN_BLOB') return undefined
      this.peers.splice(this.peers.indexOf(peer), 1)
      peer.close()
      return undefined
    }
  }

  /** Yields the peers to ask: those that are known, then new ones. Whoever is left by a break becomes the first. */
  private async *candidates(signal: AbortSignal): AsyncGenerator<BlobPeer> {
    this.slot ??= await this.takeSlot(signal)
    for (const peer of [...this.peers]) yield* this.offer(peer)
    this.more ??= this.findPeers(this.tree, this.over.signal)
    // Ends with the peers.
    for (;;) {
      this.dialled ??= this.more.next()
      const { done, value } = await unlessAborted(this.dialled, signal).catch((error) => {
        if (!signal.aborted) this.dialled = undefined
        throw error
      })
      this.dialled = undefined
      if (done) return
      this.peers.push(value)
      yield* this.offer(value)
    }
  }

  private *offer(peer: BlobPeer): Generator<BlobPeer> {
    let isTaken = true
    try {
      yield peer
      isTaken = false
    } finally {
      const at = this.peers.indexOf(peer)
      if (isTaken && at > 0) this.peers.unshift(...this.peers.splice(at, 1))
    }
  }

  [Symbol.dispose](): void {
    this.over.abort(new CausewayError('CANCELLED', 'The fetch is over.'))
    for (const peer of this.peers) peer.close()
    // Nobody waits any more for the peer that is being dialled.
    this.dialled?.then(({ value }) => value?.close()).catch(() => {})
    void this.more?.return(undefined).catch(() => {})
    this.slot?.[Symbol.dispose]()
  }
}
