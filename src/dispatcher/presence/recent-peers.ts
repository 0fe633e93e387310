/**
 * The peers that were live a short while ago. They are probably there again soon, so they are dialled every few seconds,
 * and do not wait as long as peers that have been away for days.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'

export class RecentPeers {
  private readonly clock: Clock
  /** When each was last live, in monotonic time; the latest is the last. */
  private readonly lostAt = new Map<PeerId, number>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The connection to a peer that had answered on it has ended. Past the bound the one longest away is forgotten. */
  lost(peer: PeerId): void {
    this.lostAt.delete(peer)
    this.lostAt.set(peer, this.clock.monotonic())
    if (this.lostAt.size > limits.recentPeers) this.lostAt.delete(this.lostAt.keys().next().value!)
  }

  /** Reports whether a peer was live at most `limits.recentMs` ago. */
  has(peer: PeerId): boolean {
    const at = this.lostAt.get(peer)
    if (at === undefined) return false
    if (this.clock.monotonic() - at < limits.recentMs) return true
    this.lostAt.delete(peer)
    return false
  }
}
