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
  /** Timers of one moment run together, before their effects settle: with hundreds of nodes, many are due at once. */
  readonly together?: boolean
}

interface Timer {
  readonly atMs: number
  /** Of two timers at one time, the one that was set first runs first. */
  readonly order: number
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined
}

export class VirtualClock implements Clock {
  readonly random: () => number
  /** Added to wall time only, for a clock that is wrong or is set. */
  skewMs = 0
  readonly #startMs: number
  readonly #turns: number
  readonly #busy: () => boolean
  readonly #together: boolean
  /** A heap: the first is the next. Those that were cancelled stay until they are the first. */
  readonly #timers: Timer[] = []
  #created = 0
  #pending = 0
  #elapsedMs = 0

  constructor({
    seed = 1,
    nowMs = 1_000_000_000_000,
    turns = 4,
    busy = () => false,
    together = false,
  }: VirtualClockOptions = {}) {
    this.#together = together
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
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#created++, run }
    this.#put(timer)
    this.#pending++
    return () => {
      if (timer.run !== undefined) this.#pending--
      timer.run = undefined
    }
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.random() * 256))
  }

  /** Timers that have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#pending
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
    while (this.#nextMs() <= untilMs) {
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
      if (this.#pending === 0) await this.#lastChance(done)
      else if (this.#nextMs() > untilMs) throw new Error(`Not reached within ${limitMs} ms of virtual time.`)
      else this.#step()
    }
  }

  /** Advances time automatically, jump after jump, until it is disposed. */
  running(): Disposable {
    let stopped = false
    void (async () => {
      while (!stopped) {
        await this.settle()
        if (!stopped && this.#pending > 0) this.#step()
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
    for (let turn = 0; turn < 1_000 && !done() && this.#pending === 0; turn++)
      await new Promise<void>((resolve) => setImmediate(resolve))
    if (!done() && this.#pending === 0) throw new Error('Not reached, and no timer is left to wait for.')
  }

  #step(): void {
    const atMs = this.#nextMs()
    this.#elapsedMs = Math.max(this.#elapsedMs, atMs)
    do {
      const timer = this.#take()
      const run = timer.run!
      timer.run = undefined
      this.#pending--
      run()
    } while (this.#together && this.#nextMs() <= this.#elapsedMs)
  }

  /** When the next timer is due; Infinity if there is none. Drops those before it that were cancelled. */
  #nextMs(): number {
    while (this.#timers.length > 0 && this.#timers[0]!.run === undefined) this.#take()
    return this.#timers[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  #put(timer: Timer): void {
    const heap = this.#timers
    let at = heap.length
    while (at > 0 && isBefore(timer, heap[(at - 1) >> 1]!)) {
      heap[at] = heap[(at - 1) >> 1]!
      at = (at - 1) >> 1
    }
    heap[at] = timer
  }

  #take(): Timer {
    const heap = this.#timers
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
