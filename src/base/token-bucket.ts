/**
 * Token buckets by key: each key may spend a burst at once and earns it back over time. The map is bounded, the key
 * that was seen longest ago goes first, so that a caller with many addresses costs no memory; a bucket that was
 * forgotten begins full.
 */
import type { Clock } from './clock.ts'

export interface BucketsOptions {
  readonly clock: Clock
  /** What a key may spend at once. */
  readonly burst: number
  /** What a key earns back. */
  readonly perSecond: number
  /** Keys remembered at most. */
  readonly keys: number
}

interface Bucket {
  level: number
  atMs: number
}

export class Buckets {
  private readonly options: BucketsOptions
  private readonly buckets = new Map<string, Bucket>()

  constructor(options: BucketsOptions) {
    this.options = options
  }

  /** Takes the cost where it is there; else nothing is taken, and the result is in how many milliseconds it will be. */
  take(key: string, cost = 1): number {
    const bucket = this.use(key)
    if (bucket.level >= cost) {
      bucket.level -= cost
      return 0
    }
    return this.earnedInMs(cost - bucket.level)
  }

  /** Takes the cost of what has been done already, also where it was not there. */
  charge(key: string, cost: number): void {
    this.use(key).level -= cost
  }

  /** In how many milliseconds what was charged is earned back; 0: it is. */
  debtMs(key: string): number {
    const { level } = this.use(key)
    return level >= 0 ? 0 : this.earnedInMs(-level)
  }

  get size(): number {
    return this.buckets.size
  }

  private earnedInMs(tokens: number): number {
    return Math.ceil((tokens / this.options.perSecond) * 1000)
  }

  private use(key: string): Bucket {
    const { clock, burst, perSecond, keys } = this.options
    const nowMs = clock.monotonic()
    const bucket = this.buckets.get(key) ?? { level: burst, atMs: nowMs }
    bucket.level = Math.min(burst, bucket.level + ((nowMs - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = nowMs
    this.buckets.delete(key)
    this.buckets.set(key, bucket)
    if (this.buckets.size > keys) this.buckets.delete(this.buckets.keys().next().value!)
    return bucket
  }
}
