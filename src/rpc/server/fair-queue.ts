/**
 * A few places for the work of many callers: who waits is served by turns of callers, not of calls, so that one that
 * asks a thousand times waits behind itself. After each piece of work its place may rest, as long as `rest` says: that
 * is how work of little standing leaves the processor to the rest.
 */
import type { Clock } from '../../base/clock.ts'

export interface FairQueueOptions {
  readonly clock: Clock
  /** Pieces of work at once. */
  readonly places: number
  /** How long a place rests after a piece of work that took so long. */
  rest(tookMs: number): number
}

export class FairQueue {
  private readonly options: FairQueueOptions
  private free: number
  /** Who waits, by caller; the caller whose turn is next comes first. */
  private readonly waiting = new Map<string, Set<() => void>>()

  constructor(options: FairQueueOptions) {
    this.options = options
    this.free = options.places
  }

  /** Runs a piece of a caller's work in its turn. Rejects with the signal's reason when that fires before. */
  async run<Result>(caller: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const { clock, rest } = this.options
    await this.turn(caller, signal)
    const startedMs = clock.monotonic()
    try {
      return await work()
    } finally {
      const restMs = rest(clock.monotonic() - startedMs)
      if (restMs > 0) clock.setTimer(restMs, () => this.next())
      else this.next()
    }
  }

  private turn(caller: string, signal: AbortSignal): Promise<void> | undefined {
    signal.throwIfAborted()
    if (this.free > 0) {
      this.free--
      return
    }
    return new Promise((resolve, reject) => {
      const line = this.waiting.get(caller) ?? new Set()
      this.waiting.set(caller, line)
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        line.delete(start)
        if (line.size === 0) this.waiting.delete(caller)
        reject(signal.reason)
      }
      line.add(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  private next(): void {
    for (const [caller, line] of this.waiting) {
      const [start] = line
      line.delete(start!)
      // Behind the others, until its next turn.
      this.waiting.delete(caller)
      if (line.size > 0) this.waiting.set(caller, line)
      start!()
      return
    }
    this.free++
  }
}
