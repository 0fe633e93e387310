/**
 * The byte stream of a caller as node:http2 gets it: the caller pays for its frames, and node:http2 reads only so many
 * in one turn of the event loop. Without the latter it would handle a megabyte of tiny frames, thousands of calls,
 * before anything else in the process has a turn.
 */
import { Duplex } from 'node:stream'
import { limits } from '../../base/limits.ts'
import { FrameCounter } from './frames.ts'

/** Lets the streams of one class of callers pass on `limits.framesPerTurn` frames together in each turn. */
export class Turns {
  /** Frames that may still be read in this turn. */
  room: number = limits.framesPerTurn
  private readonly waiting: (() => void)[] = []
  private armed = false

  spend(frames: number): void {
    this.room -= frames
    if (frames > 0) this.arm()
  }

  /** Calls `run` in a later turn, after those that wait already. */
  wait(run: () => void): void {
    this.waiting.push(run)
    this.arm()
  }

  private arm(): void {
    if (this.armed) return
    this.armed = true
    setImmediate(() => this.next())
  }

  private next(): void {
    this.armed = false
    this.room = limits.framesPerTurn
    // Whoever has not finished waits again, behind the others.
    for (let count = this.waiting.length; count > 0 && this.room > 0; count--) this.waiting.shift()!()
    if (this.waiting.length > 0) this.arm()
  }
}

export interface Meter {
  /** Returns the turns in which this caller's frames are read. */
  turns(): Turns
  /** Pays for frames. Returns false if the caller may send no more; then the stream reads nothing more. */
  pay(frames: number): boolean
}

export class MeteredStream extends Duplex {
  private readonly inner: Duplex
  private readonly meter: Meter
  private readonly counter = new FrameCounter()
  /** What has come and was not passed on, and where the rest of it begins. */
  private readonly chunks: Buffer[] = []
  private at = 0
  /** Frames that may be read before this stream waits for its next turn. */
  private readNow: number = limits.framesAtOnce
  /** Whether this stream waits for its turn. */
  private waits = false
  private passing = false
  /** Whether the reader has taken what it got. */
  private hasRoom = true
  private hasEnded = false
  /** Whether more frames came than were paid for. */
  private excessive = false
  /** Frames that are paid for already: some at first, and more by every byte that the caller was sent. */
  private credit: number = limits.frameCredit

  constructor(inner: Duplex, meter: Meter) {
    super({ allowHalfOpen: true })
    this.inner = inner
    this.meter = meter
    inner.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.pass()
    })
    inner.once('end', () => {
      this.hasEnded = true
      this.pass()
    })
    inner.once('error', (error) => this.destroy(error))
    inner.once('close', () => this.destroy())
  }

  /** Passes on what may be read now, and stops the byte stream until the rest has been. */
  private pass(): void {
    if (this.waits || this.passing) return
    this.passing = true
    // Ends with the chunks: each turn passes one on, or stops to wait.
    while (this.chunks.length > 0 && this.hasRoom && !this.destroyed) {
      const turns = this.meter.turns()
      if (turns.room <= 0 || this.readNow <= 0) {
        this.waits = true
        turns.wait(() => {
          this.waits = false
          this.readNow = limits.framesAtOnce
          this.pass()
        })
        break
      }
      const chunk = this.chunks[0]!
      const { frames, end } = this.counter.read(chunk, this.at, Math.min(turns.room, this.readNow))
      if (!this.pay(frames)) {
        this.chunks.length = 0
        this.hasRoom = false
        this.excessive = true
        break
      }
      const bytes = chunk.subarray(this.at, end)
      this.at = end
      if (end === chunk.length) {
        this.chunks.shift()
        this.at = 0
      }
      turns.spend(frames)
      this.readNow -= frames
      // The reader may ask for more while it gets this.
      this.hasRoom = false
      if (this.push(bytes)) this.hasRoom = true
    }
    this.passing = false
    if (this.chunks.length > 0 || !this.hasRoom) this.inner.pause()
    else if (this.hasEnded) this.push(null)
    else this.inner.resume()
  }

  private pay(frames: number): boolean {
    const free = Math.min(frames, Math.floor(this.credit))
    this.credit -= free
    return free === frames || this.meter.pay(frames - free)
  }

  private earn(bytes: number): void {
    this.credit = Math.min(limits.frameCreditMax, this.credit + bytes / limits.bytesOfFrame)
  }

  override _read(): void {
    this.hasRoom = !this.excessive
    this.pass()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.earn(chunk.length)
    this.inner.write(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.inner.cork()
    for (const [at, { chunk }] of chunks.entries()) {
      this.earn(chunk.length)
      this.inner.write(chunk, at === chunks.length - 1 ? done : undefined)
    }
    this.inner.uncork()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.inner.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner.destroy()
    done(error)
  }
}
