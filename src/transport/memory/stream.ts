/**
 * The two ends of a simulated connection: Duplexes in one process, joined by two pipes that delay bytes as a link
 * would. Buffers are bounded as on a real connection, so a reader that stops makes the writer wait.
 */
import { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'

/** The state of one direction of a link at one moment. A pipe asks the network for it each time. */
export interface LinkState {
  readonly delayMs: number
  readonly jitterMs: number
  /** Infinity if sending takes no time. */
  readonly bytesPerSecond: number
  /** Probability that a chunk breaks the connection. */
  readonly lossPerChunk: number
  /** While true, nothing arrives; afterwards everything does, since TCP sends again. */
  readonly blocked: boolean
}

/** The most bytes written and not yet read. At 50 ms in each direction this allows 5 MB/s. */
const windowBytes = 262_144

/** One direction of a connection. Chunks in flight are kept in order, each with the time at which it arrives. */
class Pipe {
  private readonly clock: Clock
  private readonly random: () => number
  private readonly link: () => LinkState
  private reader: MemoryStream | undefined
  /** Chunks that have not arrived yet; `undefined` bytes are the end of the stream. */
  private inFlight: Array<{ bytes: Buffer | undefined; atMs: number }> = []
  private bytesInFlight = 0
  /** When the link has sent everything so far. */
  private sendEndMs = 0
  /** When the last chunk so far arrives. */
  private lastDueMs = 0
  /** Lets the writer go on. */
  private resumeWriter: (() => void) | undefined
  private readerHasRoom = false
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

  /** Sends one chunk, and calls `done` when there is room for more. Returns false if the link broke at this chunk. */
  send(bytes: Buffer, done: () => void): boolean {
    if (this.random() < this.link().lossPerChunk) return false
    this.put(bytes, bytes.length)
    this.bytesInFlight += bytes.length
    if (this.bytesInFlight < windowBytes) queueMicrotask(done)
    else this.resumeWriter = done
    return true
  }

  end(): void {
    this.put(undefined, 0)
  }

  /** Breaks the reader's end after the travel time; chunks in flight may arrive before that. */
  reset(): void {
    this.resetAtMs ??= this.clock.monotonic() + this.travelMs()
    queueMicrotask(() => this.pump())
  }

  /** Called when the reader has room. */
  pull(): void {
    this.readerHasRoom = true
    this.pump()
  }

  /**
   * Delivers the chunks that are due, and sets a timer for the next. The network calls it when the link has changed.
   */
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
    // Ends with what is in flight.
    while (this.readerHasRoom && this.inFlight.length > 0 && this.inFlight[0]!.atMs <= now) {
      const { bytes } = this.inFlight.shift()!
      this.bytesInFlight -= bytes?.length ?? 0
      this.bytesDelivered += bytes?.length ?? 0
      this.readerHasRoom = reader.push(bytes ?? null)
    }
    if (this.bytesInFlight < windowBytes) {
      this.resumeWriter?.()
      this.resumeWriter = undefined
    }
    const next = Math.min(
      this.readerHasRoom ? (this.inFlight[0]?.atMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
      this.resetAtMs ?? Number.POSITIVE_INFINITY,
    )
    if (next !== Number.POSITIVE_INFINITY)
      this.cancelTimer = this.clock.setTimer(Math.max(0, next - now), () => this.pump())
  }

  /** Whether bytes are in flight that the reader has not read. */
  get pending(): boolean {
    return this.bytesInFlight > 0
  }

  /** Called when the reader is gone. */
  close(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.inFlight = []
  }

  private put(bytes: Buffer | undefined, length: number): void {
    const now = this.clock.monotonic()
    this.sendEndMs = Math.max(now, this.sendEndMs) + (1_000 * length) / this.link().bytesPerSecond
    // Jitter must not reorder: a stream arrives in the order in which it was sent.
    this.lastDueMs = Math.max(this.sendEndMs + this.travelMs(), this.lastDueMs)
    this.inFlight.push({ bytes, atMs: this.lastDueMs })
    // Not synchronously: a caller does not expect data to arrive before its write has returned.
    queueMicrotask(() => this.pump())
  }

  private travelMs(): number {
    const { delayMs, jitterMs } = this.link()
    return delayMs + jitterMs * this.random()
  }
}

/** One end of a connection. */
export class MemoryStream extends Duplex {
  private readonly incoming: Pipe
  private readonly outgoing: Pipe
  private finished = false
  private remote: MemoryStream | undefined

  constructor(incoming: Pipe, outgoing: Pipe) {
    super()
    this.incoming = incoming
    this.outgoing = outgoing
    // The owner sees the stream's `close`. An error without a listener must not end the process.
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

  /** Called when the link has changed. */
  pump(): void {
    this.incoming.pump()
    this.outgoing.pump()
  }

  /** Breaks both ends now, whatever the state of the link. */
  cut(): void {
    for (const end of [this, this.remote])
      end?.destroy(new CausewayError('DISCONNECTED', 'The simulated connection was cut.'))
  }

  override _read(): void {
    this.incoming.pull()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // Like TCP: a remote that is gone answers bytes with a reset, and until that comes the link accepts some.
    if (this.remote!.destroyed) this.incoming.reset()
    if (!this.outgoing.send(chunk, done)) this.cut()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finished = true
    this.outgoing.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Like TCP: written bytes arrive, then the end. If bytes are lost in either direction, the remote gets a reset.
    if (this.remote!.destroyed) this.outgoing.close()
    else {
      if (error !== null || this.writableLength > 0 || this.incoming.pending) this.outgoing.reset()
      else if (!this.finished) this.outgoing.end()
    }
    this.incoming.close()
    done(error)
  }
}

/** Returns the two ends of a connection: the dialler's and the listener's. */
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
