/**
 * The two ends of a simulated connection: Duplexes in one process, joined by two pipes that hold bytes back as a
 * link would. Buffers are bounded as in a real one, so a reader that stops makes the writer wait.
 */
import { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'

/** How one direction of a link is at the moment; the network answers anew each time. */
export interface LinkState {
  readonly delayMs: number
  readonly jitterMs: number
  /** Infinity for a link that takes no time to send. */
  readonly bytesPerSecond: number
  /** That a chunk breaks the connection. */
  readonly lossPerChunk: number
  /** Nothing arrives while it is true, and everything afterwards: TCP sends again. */
  readonly blocked: boolean
}

/** Written and not yet taken by the reader: at 50 ms a way this lets 5 MB/s through. */
const windowBytes = 262_144

/** One direction. What is on its way is kept in order, each with the time at which it arrives. */
class Pipe {
  private readonly clock: Clock
  private readonly random: () => number
  private readonly link: () => LinkState
  private reader: MemoryStream | undefined
  /** `undefined` is the end of the stream. */
  private onTheWay: Array<{ bytes: Buffer | undefined; atMs: number }> = []
  private bytesOnTheWay = 0
  private sentAtMs = 0
  private arrivesAtMs = 0
  private waitingWriter: (() => void) | undefined
  private readerWants = false
  private cancelTimer: (() => void) | undefined
  private resetAtMs: number | undefined
  bytesDelivered = 0

  constructor(clock: Clock, random: () => number, link: () => LinkState) {
    this.clock = clock
    this.random = random
    this.link = link
  }

  connect(reader: MemoryStream): void {
    this.reader = reader
  }

  /** Takes one chunk; `done` comes when there is room for more. False when the link broke at it. */
  send(bytes: Buffer, done: () => void): boolean {
    if (this.random() < this.link().lossPerChunk) return false
    this.put(bytes, bytes.length)
    this.bytesOnTheWay += bytes.length
    if (this.bytesOnTheWay < windowBytes) queueMicrotask(done)
    else this.waitingWriter = done
    return true
  }

  end(): void {
    this.put(undefined, 0)
  }

  /** The reader's end breaks once this news has travelled; what is on its way may come before it. */
  reset(): void {
    this.resetAtMs ??= this.clock.monotonic() + this.travelMs()
    queueMicrotask(() => this.pump())
  }

  /** The reader has room. */
  pull(): void {
    this.readerWants = true
    this.pump()
  }

  /** Delivers what is due, and comes back for the rest; the network calls it when the link has changed. */
  pump(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    const reader = this.reader
    if (reader === undefined || reader.destroyed || this.link().blocked) return
    const now = this.clock.monotonic()
    if (this.resetAtMs !== undefined && this.resetAtMs <= now) {
      reader.destroy(new CausewayError('DISCONNECTED', 'The simulated connection was lost.'))
      return
    }
    while (this.readerWants && this.onTheWay.length > 0 && this.onTheWay[0]!.atMs <= now) {
      const { bytes } = this.onTheWay.shift()!
      this.bytesOnTheWay -= bytes?.length ?? 0
      this.bytesDelivered += bytes?.length ?? 0
      this.readerWants = reader.push(bytes ?? null)
    }
    if (this.bytesOnTheWay < windowBytes) {
      this.waitingWriter?.()
      this.waitingWriter = undefined
    }
    const next = Math.min(
      this.readerWants ? (this.onTheWay[0]?.atMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
      this.resetAtMs ?? Number.POSITIVE_INFINITY,
    )
    if (next !== Number.POSITIVE_INFINITY)
      this.cancelTimer = this.clock.setTimer(Math.max(0, next - now), () => this.pump())
  }

  /** Whether something is on its way that nobody will take. */
  get pending(): boolean {
    return this.bytesOnTheWay > 0
  }

  /** The reader is gone. */
  close(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.onTheWay = []
  }

  private put(bytes: Buffer | undefined, length: number): void {
    const now = this.clock.monotonic()
    this.sentAtMs = Math.max(now, this.sentAtMs) + (1_000 * length) / this.link().bytesPerSecond
    // Jitter must not reorder: a stream arrives in the order in which it was sent.
    this.arrivesAtMs = Math.max(this.sentAtMs + this.travelMs(), this.arrivesAtMs)
    this.onTheWay.push({ bytes, atMs: this.arrivesAtMs })
    // Not at once: a write that comes back as data before it has returned would surprise everybody.
    queueMicrotask(() => this.pump())
  }

  private travelMs(): number {
    const { delayMs, jitterMs } = this.link()
    return delayMs + jitterMs * this.random()
  }
}

/** One end. */
export class MemoryStream extends Duplex {
  private readonly incoming: Pipe
  private readonly outgoing: Pipe
  private ended = false
  private remote: MemoryStream | undefined

  constructor(incoming: Pipe, outgoing: Pipe) {
    super()
    this.incoming = incoming
    this.outgoing = outgoing
    // Whoever owns the stream sees its `close`; an error that nobody listens for must not end the process.
    this.on('error', () => {})
  }

  join(remote: MemoryStream): void {
    this.remote = remote
  }

  get bytesSent(): number {
    return this.outgoing.bytesDelivered
  }

  get bytesReceived(): number {
    return this.incoming.bytesDelivered
  }

  /** The link has changed. */
  pump(): void {
    this.incoming.pump()
    this.outgoing.pump()
  }

  /** Both ends break now, whatever the link. */
  cut(): void {
    for (const end of [this, this.remote])
      end?.destroy(new CausewayError('DISCONNECTED', 'The simulated connection was cut.'))
  }

  override _read(): void {
    this.incoming.pull()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // As TCP: the remote's answer to bytes for nobody is a reset, and until it comes the link takes some.
    if (this.remote!.destroyed) this.incoming.reset()
    if (!this.outgoing.send(chunk, done)) this.cut()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.ended = true
    this.outgoing.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // As TCP: what was written arrives, and then the end; but a reset where bytes are lost, either way.
    if (this.remote!.destroyed) this.outgoing.close()
    else {
      if (error !== null || this.writableLength > 0 || this.incoming.pending) this.outgoing.reset()
      else if (!this.ended) this.outgoing.end()
    }
    this.incoming.close()
    done(error)
  }
}

/** A joined pair: the dialler's end and the listener's. */
export function createMemoryPair(
  clock: Clock,
  random: () => number,
  link: { readonly there: () => LinkState; readonly back: () => LinkState },
): [MemoryStream, MemoryStream] {
  const there = new Pipe(clock, random, link.there)
  const back = new Pipe(clock, random, link.back)
  const near = new MemoryStream(back, there)
  const far = new MemoryStream(there, back)
  there.connect(far)
  back.connect(near)
  near.join(far)
  far.join(near)
  return [near, far]
}
