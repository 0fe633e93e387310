/**
 * Time under a test's control: it stands still until the test advances it, and then jumps from timer to timer. Random
 * numbers come from a seed, so that a failing run can be repeated.
 */
import type { Clock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/transport/memory/memory.ts'

export interface VirtualClockOptions {
  readonly seed?: number
  /** Wall time at the start. The default is a round number far from any real time. */
  readonly nowMs?: number
  /** Turns of the event loop that code gets before time advances. */
  readonly turns?: number
  /** While it returns true, real work is in progress (a thread pool's, say) and time stands still. */
  readonly busy?: () => boolean
}

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

export class VirtualClock implements Clock {
  readonly random: () => number
  /** Added to wall time only, for a clock that is wrong or is set. */
  skewMs = 0
  readonly #startMs: number
  readonly #turns: number
  readonly #busy: () => boolean
  /** Sorted by time, then by creation. */
  readonly #timers: Timer[] = []
  #elapsedMs = 0

  constructor({
    seed = 1,
    nowMs = 1_000_000_000_000,
    turns = 4,
    busy = () => false,
  }: VirtualClockOptions = {}) {
    this.random = seededRandom(seed)
    this.#startMs = nowMs
    this.#turns = turns
    this.#busy = busy
  }

  /** Returns whole milliseconds, as Date.now does. */
  now(): number {
    return Math.floor(this.#startMs + this.#elapsedMs + this.skewMs)
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  setTimer(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), run }
    let [low, high] = [0, this.#timers.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timers[middle]!.atMs <= timer.atMs) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.random() * 256))
  }

  /** Timers that have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.length
  }

  /** Runs everything that is ready, without advancing time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < this.#turns || this.#busy(); turn++)
      await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** Advances time. Timers run in order, each at its time, and their effects settle before the next one. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await this.settle()
    while (this.#timers.length > 0 && this.#timers[0]!.atMs <= untilMs) {
      this.#step()
      await this.settle()
    }
    this.#elapsedMs = untilMs
    await this.settle()
  }

  /**
   * Advances time until the promise settles or the predicate is true, and settles as the promise does. Throws if
   * nothing is left to wait for, or after `limitMs` of virtual time.
   */
  async runUntil<T>(goal: Promise<T> | (() => boolean), limitMs = 24 * 3_600_000): Promise<T | undefined> {
    const untilMs = this.#elapsedMs + limitMs
    let reached = false
    if (typeof goal !== 'function') {
      const mark = () => {
        reached = true
      }
      goal.then(mark, mark)
    }
    const done = () => (typeof goal === 'function' ? goal() : reached)
    for (;;) {
      await this.settle()
      if (done()) return typeof goal === 'function' ? undefined : await goal
      if (this.#timers.length === 0) await this.#lastChance(done)
      else if (this.#timers[0]!.atMs > untilMs)
        throw new Error(`Not reached within ${limitMs} ms of virtual time.`)
      else this.#step()
    }
  }

  /** Advances time automatically, jump after jump, until it is disposed. */
  running(): Disposable {
    let stopped = false
    void (async () => {
      while (!stopped) {
        await this.settle()
        if (!stopped && this.#timers.length > 0) this.#step()
      }
    })()
    return {
      [Symbol.dispose]() {
        stopped = true
      },
    }
  }

  /** Gives work without timers that is still in the event loop some more turns before giving up. */
  async #lastChance(done: () => boolean): Promise<void> {
    for (let turn = 0; turn < 1_000 && !done() && this.#timers.length === 0; turn++)
      await new Promise<void>((resolve) => setImmediate(resolve))
    if (!done() && this.#timers.length === 0)
      throw new Error('Not reached, and no timer is left to wait for.')
  }

  #step(): void {
    const timer = this.#timers.shift()!
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs)
    timer.run()
  }
}
