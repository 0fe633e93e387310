/**
 * Who comes in how often: connections at once and a second from one origin, looked at before anything else is done for
 * them. This machine itself is let in, since a proxy in front of a node brings everybody from there.
 */
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { isOwnMachine, originOf } from '../base/origin.ts'
import { Buckets } from '../base/token-bucket.ts'

export class Door {
  private readonly open = new Map<string, number>()
  private readonly arrivals: Buckets

  constructor(clock: Clock) {
    this.arrivals = new Buckets({
      clock,
      burst: limits.connectionBurst,
      perSecond: limits.connectionsPerSecond,
      keys: limits.callersRemembered,
    })
  }

  /** Whether a connection may come in; then call the result once it is gone. */
  enter(remoteAddress: string): (() => void) | undefined {
    const origin = originOf(remoteAddress)
    if (isOwnMachine(origin)) return () => {}
    const count = this.open.get(origin) ?? 0
    if (count >= limits.connectionsPerOrigin || this.arrivals.take(origin) > 0) return undefined
    this.open.set(origin, count + 1)
    return () => {
      const left = this.open.get(origin)! - 1
      if (left > 0) this.open.set(origin, left)
      else this.open.delete(origin)
    }
  }
}
