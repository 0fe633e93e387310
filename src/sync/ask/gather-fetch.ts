/**
 * Fetches one chunk of a tree from one source, as a stream of pages. At its end the stream is checked against the
 * outline: it must have exactly the chunk's ids, in order. A fetch reads ahead of its consumer by a bounded number of
 * bytes, and gives up a source that is silent or drips.
 */
import { type Clock, cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { fingerprintOf, type RangeChunk } from '../../dag/difference/ranges.ts'
import { entryBytes, idOf, type SignedEntry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import { positionOf, sha256 } from '../ranges.ts'
import type { Remote, SyncPage } from '../remote.ts'
import { protocolError } from './transfer.ts'

/**
 * The entries of a source do not match the outline: one of the two is wrong, or they are of different states of the
 * tree.
 */
export class ChunkMismatch extends Error {}

export interface FetchParts {
  readonly remote: Remote
  readonly clock: Clock
  readonly tree: TreeId
  readonly after: Position | undefined
  readonly chunk: RangeChunk
  readonly signal: AbortSignal | undefined
  /** Another fetch of the same chunk. What was taken of it is not queued again. */
  readonly beside?: Fetch | undefined
  /** Called with each page that has arrived. */
  readonly onPage?: (() => void) | undefined
}

/** The fetch of one chunk. It begins when it is constructed. */
export class Fetch {
  private readonly parts: FetchParts
  private readonly call = new AbortController()
  private readonly queue: (readonly SignedEntry[])[] = []
  private queuedBytes = 0
  /** The ids that have arrived. */
  private readonly ids: Uint8Array
  /** How many entries have arrived. */
  count = 0
  /** How many of them the consumer has taken, or had from `beside`. */
  private taken = 0
  /** Bytes that have arrived, and how long we have waited for them. */
  private bytes = 0
  private waitedMs = 0
  private outcome: { readonly error?: unknown } | undefined
  private wake = () => {}
  /** Resolves when the fetch has ended: with its error, or undefined if the chunk is complete. */
  readonly done: Promise<unknown>

  constructor(parts: FetchParts) {
    this.parts = parts
    this.ids = new Uint8Array(32 * parts.chunk.count)
    if (parts.signal?.aborted) this.onParentAbort()
    parts.signal?.addEventListener('abort', this.onParentAbort, { once: true })
    this.done = this.read()
      .then(
        () => this.end({}),
        (error: unknown) => this.end({ error }),
      )
      .then(() => this.outcome?.error)
      .finally(() => parts.signal?.removeEventListener('abort', this.onParentAbort))
  }

  /**
   * Returns the next page, or undefined once the chunk is complete and matches the outline. Rejects with ChunkMismatch
   * if it does not, and with the source's error if the fetch failed.
   */
  async next(): Promise<readonly SignedEntry[] | undefined> {
    // Ends when the fetch does.
    for (;;) {
      const page = this.queue.shift()
      if (page !== undefined) {
        this.queuedBytes -= bytesOf(page)
        this.taken += page.length
        this.wake()
        return page
      }
      if (this.outcome?.error !== undefined) throw this.outcome.error
      if (this.outcome !== undefined) return undefined
      await this.nextChange()
    }
  }

  /** Whether all of the chunk has arrived and matches the outline. */
  get complete(): boolean {
    return this.outcome !== undefined && this.outcome.error === undefined
  }

  /** Ends the fetch; `next` rejects with the error after the pages that have arrived. */
  abort(error = new CausewayError('CANCELLED', 'The chunk is no longer needed.')): void {
    this.call.abort(error)
    this.wake()
  }

  /** Reads the answer to its end and checks it. */
  private async read(): Promise<void> {
    const { remote, tree, after, chunk } = this.parts
    const { signal } = this.call
    const range = { after, chunks: [], complete: true, through: positionOf(chunk.last) }
    const request = { tree, tips: [], tipsDigest: '', count: 0, range }
    const answer = await this.withSilenceLimit(remote.syncTree(request, { signal }))
    const pages = answer.pages[Symbol.asyncIterator]()
    try {
      if (answer.header.status !== 'range')
        throw protocolError(`The remote was asked for a chunk and answered ${answer.header.status}.`)
      let ended = false
      // Ends since the chunk's entries are counted, and no page follows an empty one.
      for (;;) {
        const step: IteratorResult<SyncPage> = await this.withSilenceLimit(pages.next())
        if (step.done) break
        const { entries } = step.value
        if (ended) throw protocolError('The remote sent a page after its last one.')
        ended = step.value.more || entries.length === 0
        await this.takeIn(entries)
      }
      const fingerprint = fingerprintOf(this.ids.subarray(0, 32 * this.count), sha256)
      if (
        this.count !== chunk.count ||
        !fingerprint.every((byte, index) => byte === chunk.fingerprint[index])
      )
        throw new ChunkMismatch('The remote sent entries that are not those of the chunk.')
    } finally {
      // Not awaited: a source that is gone may never answer.
      void pages.return?.().catch(() => {})
    }
  }

  /** Counts a page and queues it. */
  private async takeIn(entries: readonly SignedEntry[]): Promise<void> {
    const { chunk, beside, onPage } = this.parts
    const start = this.count
    if (start + entries.length > chunk.count)
      throw new ChunkMismatch(`The remote sent more entries than the ${chunk.count} of the chunk.`)
    for (const signed of entries) this.ids.set(hexToBytes(idOf(signed)), 32 * this.count++)
    this.bytes += bytesOf(entries)
    onPage?.()
    // Only while all that came before was taken too, so that entries are queued in order and without a gap.
    const given = this.taken === start ? (beside?.given(this.ids, start, this.count) ?? 0) : 0
    this.taken += given
    if (given < entries.length) await this.offer(entries.slice(given))
  }

  /** Returns how many entries the consumer has taken that are these, from this place of the chunk on. */
  private given(ids: Uint8Array, start: number, end: number): number {
    const upTo = Math.min(end, this.taken)
    for (let at = start; at < upTo; at++)
      if (Buffer.compare(ids.subarray(32 * at, 32 * at + 32), this.ids.subarray(32 * at, 32 * at + 32)) !== 0)
        return at - start
    return Math.max(0, upTo - start)
  }

  /** Queues a page, and waits while the queue is too large. */
  private async offer(page: readonly SignedEntry[]): Promise<void> {
    this.queue.push(page)
    this.queuedBytes += bytesOf(page)
    this.wake()
    // Ends when the session takes a page, or with the call. Each turn waits for that.
    while (this.queuedBytes > limits.gatherChunkBytes) {
      if (this.call.signal.aborted) throw cancelled(this.call.signal)
      await this.nextChange()
    }
  }

  /**
   * Waits for a reply of the source. Rejects with TIMEOUT if the source is silent for limits.gatherSilenceMs, or if all
   * that it sent came at less than limits.gatherLeastBytesPerSecond. Only waiting for it counts, not our own delays.
   */
  private async withSilenceLimit<Result>(reply: Promise<Result>): Promise<Result> {
    const { signal } = this.call
    const { clock } = this.parts
    reply.catch(() => {})
    const startedMs = clock.monotonic()
    const creditMs = (1_000 * this.bytes) / limits.gatherLeastBytesPerSecond - this.waitedMs
    const timeoutMs = Math.max(0, limits.gatherSilenceMs + Math.min(0, creditMs))
    const cancelTimer = clock.setTimer(timeoutMs, () => {
      const text =
        timeoutMs === limits.gatherSilenceMs
          ? `The remote sent nothing for ${timeoutMs} ms.`
          : `The remote sent ${this.bytes} bytes of a chunk in ${Math.round(this.waitedMs + timeoutMs)} ms, which is too slow.`
      this.abort(new CausewayError('TIMEOUT', text, { data: { timeoutMs } }))
    })
    let onAbort = () => {}
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(cancelled(signal))
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([reply, aborted])
    } finally {
      cancelTimer()
      this.waitedMs += clock.monotonic() - startedMs
      signal.removeEventListener('abort', onAbort)
    }
  }

  private end(outcome: { readonly error?: unknown }): void {
    this.outcome = outcome
    this.wake()
  }

  /**
   * Resolves when a page was queued or taken, or the fetch ended. Reader and consumer may both wait, so each checks
   * again.
   */
  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const wakeEarlier = this.wake
      this.wake = () => {
        this.wake = () => {}
        wakeEarlier()
        resolve()
      }
    })
  }

  private readonly onParentAbort = () => this.abort(cancelled(this.parts.signal!))
}

function bytesOf(page: readonly SignedEntry[]): number {
  return page.reduce((sum, signed) => sum + entryBytes(signed), 0)
}
