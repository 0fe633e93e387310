/**
 * Bounds inbound connections by origin: how many are open at once, and how many open per second. The check comes before
 * any other work on a connection. This machine itself is exempt, since behind a proxy all connections come from it.
 */
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { isOwnMachine, originOf } from '../base/origin.ts'
import { Buckets } from '../base/token-bucket.ts'

export class Door {
  /** Open connections by origin. */
  private readonly open = new Map<string, number>()
  private readonly rate: Buckets

  constructor(clock: Clock) {
    this.rate = new Buckets({
      clock,
      burst: limits.connectionBurst,
      perSecond: limits.connectionsPerSecond,
      keys: limits.callersRemembered,
    })
  }

  /** Admits a connection. Returns the function to call when it has closed, or undefined if it is refused. */
  enter(remoteAddress: string): (() => void) | undefined {
    const origin = originOf(remoteAddress)
    if (isOwnMachine(origin)) return () => {}
    const count = this.open.get(origin) ?? 0
    if (count >= limits.connectionsPerOrigin || this.rate.take(origin) > 0) return undefined
    this.open.set(origin, count + 1)
    return () => {
      const left = this.open.get(origin)! - 1
      if (left > 0) this.open.set(origin, left)
      else this.open.delete(origin)
    }
  }
}
