/**
 * Members that were asked in vain to be neighbours: they refused, could not be reached, or do not share the tree any more.
 * None is asked again before its pause is over, as long as there are others; each failure in a row doubles the pause.
 *
 * Pure: time is passed in.
 */
import { backoffCeilingMs } from '../../base/backoff.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'

interface Pause {
  readonly failures: number
  readonly endsMs: number
}

export class Pauses {
  private readonly pauses = new Map<PeerId, Pause>()

  /** A member was asked in vain. Its pause begins now. */
  begin(peer: PeerId, nowMs: number): void {
    const failures = (this.pauses.get(peer)?.failures ?? 0) + 1
    const options = { baseMs: limits.neighbourPauseMs, capMs: limits.neighbourPauseCapMs }
    this.pauses.set(peer, { failures, endsMs: nowMs + backoffCeilingMs(failures, options) })
  }

  /** Returns when the pause of a member ends or has ended; minus infinity if there was none. */
  endOf(peer: PeerId): number {
    return this.pauses.get(peer)?.endsMs ?? Number.NEGATIVE_INFINITY
  }

  /** A member is heard or has called. */
  forget(peer: PeerId): void {
    this.pauses.delete(peer)
  }

  /** Forgets those that are no members any more. */
  keep(members: ReadonlyMap<PeerId, unknown>): void {
    for (const peer of this.pauses.keys()) if (!members.has(peer)) this.pauses.delete(peer)
  }

  /** Ends all pauses, and remembers how often each failed. */
  endAll(): void {
    for (const [peer, { failures }] of this.pauses)
      this.pauses.set(peer, { failures, endsMs: Number.NEGATIVE_INFINITY })
  }
}
