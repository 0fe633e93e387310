/**
 * Shares a few places among the work of many callers. Waiting callers take turns, whatever the number of their calls,
 * so a caller with a thousand calls waits only behind itself. After a piece of work its place may rest for the time
 * that `rest` returns, which leaves the processor to more important work.
 */
import type { Clock } from '../../base/clock.ts'

export interface FairQueueOptions {
  readonly clock: Clock
  /** Pieces of work that run at once. */
  readonly places: number
  /** Returns how long a place rests after a piece of work of this duration. */
  rest(workMs: number): number
}

export class FairQueue {
  private readonly options: FairQueueOptions
  private free: number
  /** Waiting calls by caller. The first caller is the next to have a turn. */
  private readonly waiting = new Map<string, Set<() => void>>()

  constructor(options: FairQueueOptions) {
    this.options = options
    this.free = options.places
  }

  /** How many pieces of work wait for their turn. */
  get length(): number {
    let length = 0
    for (const calls of this.waiting.values()) length += calls.size
    return length
  }

  /** Runs a piece of a caller's work in the caller's turn. Rejects with the signal's reason if that fires first. */
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
      const calls = this.waiting.get(caller) ?? new Set()
      this.waiting.set(caller, calls)
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        calls.delete(start)
        if (calls.size === 0) this.waiting.delete(caller)
        reject(signal.reason)
      }
      calls.add(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  private next(): void {
    for (const [caller, calls] of this.waiting) {
      const [start] = calls
      calls.delete(start!)
      // The caller goes behind the others.
      this.waiting.delete(caller)
      if (calls.size > 0) this.waiting.set(caller, calls)
      start!()
      return
    }
    this.free++
  }
}
