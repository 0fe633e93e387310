/**
 * Token buckets by key. Each key may spend a burst at once and earns it back over time. The map is bounded, so that a
 * caller with many addresses costs no memory: the least recently used key is forgotten, and starts full again.
 */
import type { Clock } from './clock.ts'

export interface BucketsOptions {
  readonly clock: Clock
  /** Tokens that a key may spend at once. */
  readonly burst: number
  /** Tokens that a key earns back each second. */
  readonly perSecond: number
  /** The most keys that are remembered. */
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

  /**
   * Spends the cost and returns 0 if the key has it. Else spends nothing and returns the milliseconds until it does.
   */
  take(key: string, cost = 1): number {
    const bucket = this.use(key)
    if (bucket.level >= cost) {
      bucket.level -= cost
      return 0
    }
    return this.earnedInMs(cost - bucket.level)
  }

  /** Spends the cost of work that is already done, even if that leaves the key in debt. */
  charge(key: string, cost: number): void {
    this.use(key).level -= cost
  }

  /** Returns the milliseconds until the key's debt is earned back, or 0 if it has none. */
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
