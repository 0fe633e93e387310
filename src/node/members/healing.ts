/**
 * Finds a peer again whose addresses have all failed for a while: other members of a common tree are asked where it is. Seeds
 * are looked up whenever a dial fails, and beacons come by themselves; see reach/finding.ts. With two members alone, only
 * these help.
 */
import { type Clock, isCancelled } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Links } from '../../peer/links.ts'

export interface HealingParts {
  readonly clock: Clock
  readonly links: Pick<Links, 'ofPeer'>
  /** Asks other members where a peer is. */
  askAbout(peer: PeerId): void
}

export class Healing {
  private readonly parts: HealingParts
  /** Cancels the timer of each peer that could not be reached. */
  private readonly away = new Map<PeerId, () => void>()
  private closed = false

  constructor(parts: HealingParts) {
    this.parts = parts
  }

  /** Returns what a dial of a peer returns, and follows whether the peer can be reached. */
  async watching<Dialled>(peer: PeerId, signal: AbortSignal, dial: Promise<Dialled>): Promise<Dialled> {
    try {
      const dialled = await dial
      this.away.get(peer)?.()
      this.away.delete(peer)
      return dialled
    } catch (error) {
      if (!isCancelled(signal) && !this.closed && !this.away.has(peer)) this.plan(peer, limits.healAfterMs)
      throw error
    }
  }

  close(): void {
    this.closed = true
    for (const cancel of this.away.values()) cancel()
    this.away.clear()
  }

  private plan(peer: PeerId, waitMs: number): void {
    const cancel = this.parts.clock.setTimer(waitMs, () => {
      this.away.delete(peer)
      if (this.parts.links.ofPeer(peer).length === 0) return
      this.parts.askAbout(peer)
      this.plan(peer, limits.healIntervalMs)
    })
    this.away.set(peer, cancel)
  }
}
