/**
 * Fetches many chunks from several peers at the same time. The chunks are cut into shares; each peer takes the next share
 * when it has sent one, so a fast peer sends more. They come out in order, with a few shares in memory. A peer that lacks
 * a chunk, or fails, takes no more shares.
 */
import { limits } from '../../base/limits.ts'
import type { FetchedChunk } from './blobs.ts'

export interface SideBySide<Peer> {
  readonly numbers: readonly number[]
  /** Yields peers as they are found; is asked for no more than are put to use. */
  readonly peers: (signal: AbortSignal) => AsyncIterable<Peer>
  /** Yields what a peer has of these chunks, up to the first that it lacks. */
  readonly run: (peer: Peer, numbers: readonly number[], signal: AbortSignal) => AsyncIterable<FetchedChunk>
}

interface Share {
  readonly numbers: readonly number[]
  readonly chunks: FetchedChunk[]
  isOver: boolean
}

class Work<Peer> {
  readonly shares: readonly Share[]
  /** The share that is being told. */
  told = 0
  /** What failed for which no peer is to blame. */
  failure: { readonly error: unknown } | undefined
  private readonly parts: SideBySide<Peer>
  private readonly signal: AbortSignal
  private readonly workers = new Set<Promise<void>>()
  private taken = 0
  private isSearching = true
  private readonly stopped = new AbortController()
  private wake = () => {}
  private change = Promise.resolve()

  constructor(parts: SideBySide<Peer>, signal: AbortSignal) {
    this.parts = parts
    this.signal = signal
    this.shares = sharesOf(parts.numbers)
    this.renew()
    this.search().finally(() => {
      this.isSearching = false
      this.changed()
    })
  }

  /** Wakes all who wait. */
  changed(): void {
    const { wake } = this
    this.renew()
    wake()
  }

  /** Resolves at the next change; at once if nobody is at work on what is told next. */
  async next(): Promise<boolean> {
    const isStuck = this.told >= this.taken && this.workers.size === 0 && !this.isSearching
    if (isStuck || this.failure !== undefined || this.signal.aborted) return false
    await this.change
    return true
  }

  /** Lets nobody begin another share. Resolves when those under way are over. */
  async end(): Promise<void> {
    this.stopped.abort()
    this.changed()
    // Ends since no peer is added to those of an ended search.
    while (this.workers.size > 0 || this.isSearching) await this.change
  }

  private get isOver(): boolean {
    return this.signal.aborted || this.stopped.signal.aborted || this.failure !== undefined
  }

  private renew(): void {
    this.change = new Promise((resolve) => {
      this.wake = resolve
    })
  }

  private async search(): Promise<void> {
    let count = 0
    try {
      const either = AbortSignal.any([this.signal, this.stopped.signal])
      for await (const peer of this.parts.peers(either)) {
        const worker = this.work(peer).finally(() => {
          this.workers.delete(worker)
          this.changed()
        })
        this.workers.add(worker)
        if (++count === limits.blobPeersAtOnce || this.taken === this.shares.length) return
      }
    } catch (error) {
      if (!this.signal.aborted && !this.stopped.signal.aborted) this.failure ??= { error }
    }
  }

  private async work(peer: Peer): Promise<void> {
    // Ends with the shares, with the fetch, or when the peer lacks something.
    while (this.taken < this.shares.length && !this.isOver) {
      if (this.taken > this.told + limits.blobPeersAtOnce) {
        await this.change
        continue
      }
      const share = this.shares[this.taken++]!
      // Those that were told are dropped from the share, perhaps before the peer's call ends.
      let sent = 0
      try {
        for await (const chunk of this.parts.run(peer, share.numbers, this.signal)) {
          share.chunks.push(chunk)
          sent++
          this.changed()
        }
      } catch (error) {
        if (!this.signal.aborted) this.failure ??= { error }
      }
      share.isOver = true
      this.changed()
      if (sent < share.numbers.length) return
    }
  }
}

/**
 * Yields chunks in order, until one of them is not sent. Returns the numbers of those that were not sent by then: what was
 * sent without being its turn is stored all the same. Throws what `run` throws, and the signal's error.
 */
export async function* fetchSideBySide<Peer>(
  parts: SideBySide<Peer>,
  signal: AbortSignal,
): AsyncGenerator<FetchedChunk, number[]> {
  const over = new AbortController()
  const work = new Work(parts, AbortSignal.any([signal, over.signal]))
  const sent = new Set<number>()
  try {
    for (const share of work.shares) {
      let at = 0
      // Each turn yields a chunk of the share, or waits for one.
      while (at < share.numbers.length) {
        const chunk = share.chunks[at]
        if (chunk !== undefined) {
          sent.add(chunk.number)
          at++
          yield chunk
        } else if (share.isOver || !(await work.next())) break
      }
      if (work.failure !== undefined) throw work.failure.error
      signal.throwIfAborted()
      if (at < share.numbers.length) break
      share.chunks.length = 0
      work.told++
      work.changed()
    }
    // Those that are at work on later shares end them: what they send is stored.
    if (sent.size < parts.numbers.length) await work.end()
  } finally {
    over.abort()
    await work.end()
  }
  for (const { chunks } of work.shares) for (const { number } of chunks) sent.add(number)
  return parts.numbers.filter((number) => !sent.has(number))
}

function sharesOf(numbers: readonly number[]): Share[] {
  const shares: Share[] = []
  for (let from = 0; from < numbers.length; from += limits.chunksPerShare)
    shares.push({ numbers: numbers.slice(from, from + limits.chunksPerShare), chunks: [], isOver: false })
  return shares
}
