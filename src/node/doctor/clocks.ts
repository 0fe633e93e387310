/**
 * How far this machine's clock is off, as the peers that it calls show. The proofs of a node whose clock is wrong are
 * refused, and its entries are dated wrongly, while nothing else tells its operator.
 */
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'

export interface ClockDifference {
  /** Milliseconds by which this clock is ahead of those of the peers, in the middle of what they show. */
  readonly aheadMs: number
  /** How many peers show it. */
  readonly peers: number
}

export class Clocks {
  /** By peer, the latest last: milliseconds by which this clock is ahead. */
  private readonly ahead = new Map<PeerId, number>()

  /** A peer has shown its clock. */
  showed(peer: PeerId, aheadMs: number): void {
    this.ahead.delete(peer)
    this.ahead.set(peer, aheadMs)
    if (this.ahead.size > limits.clocksRemembered) this.ahead.delete(this.ahead.keys().next().value!)
  }

  /** Returns how far this clock is ahead; undefined while no peer has shown its own. */
  difference(): ClockDifference | undefined {
    const all = [...this.ahead.values()].sort((a, b) => a - b)
    const middle = all[Math.floor((all.length - 1) / 2)]
    return middle === undefined ? undefined : { aheadMs: middle, peers: all.length }
  }
}
