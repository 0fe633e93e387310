/**
 * Those with whom a node that pairs agrees on digits, side by side: whoever answers and then hangs, or calls and does not
 * go on, holds up nobody else. Each has `limits.pairingStepMs`, and a late one gives its place to a new one.
 */
import type { SharedTree } from '../../access/pairing.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'

/** The other side of a run. */
export interface Partner {
  readonly peer: PeerId
  /** Who called. */
  readonly role: 'caller' | 'server'
  /** This node's own nonce. */
  readonly nonce: Uint8Array
  name: string
  /** As the caller: where it was reached. */
  addresses: readonly string[]
  /** As the server: where the caller proves its key; see `Pairing.reach`. */
  reached?: Promise<readonly string[] | undefined>
  /** As the caller: this node's nonce is on its way. */
  revealed?: true
  /** Set once both nonces are known; from then on it is the partner of the run. */
  digits?: string
  /** What the person here has decided. */
  mine?: boolean
  /** The other side has accepted, and shares this. */
  theirs?: { readonly tree: SharedTree | undefined }
  /** Keeps the peer, once. */
  kept?: Promise<void>
}

interface Candidate {
  readonly partner: Partner
  readonly dropped: AbortController
  readonly cancelTimer: () => void
}

export class Candidates {
  private readonly clock: Clock
  private readonly byPeer = new Map<PeerId, Candidate>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  get(peer: PeerId): Partner | undefined {
    return this.byPeer.get(peer)?.partner
  }

  /** Reports whether this is still a candidate: nobody has taken its place, and it is not the partner. */
  has(partner: Partner): boolean {
    return this.get(partner.peer) === partner
  }

  /**
   * Adds a candidate in the place of another one with the same key, or of the oldest if there are
   * `limits.pairingCandidates`. Returns the signal that fires when it is dropped: with TIMEOUT when its time is over.
   */
  add(partner: Partner): AbortSignal {
    const { peer } = partner
    this.end(peer, replaced())
    if (this.byPeer.size >= limits.pairingCandidates) this.end(this.byPeer.keys().next().value!, replaced())
    const dropped = new AbortController()
    const cancelTimer = this.clock.setTimer(limits.pairingStepMs, () => {
      if (this.has(partner)) this.end(peer, late())
    })
    this.byPeer.set(peer, { partner, dropped, cancelTimer })
    return dropped.signal
  }

  /** Drops a candidate, unless another one has taken its place. */
  drop(partner: Partner): void {
    if (this.has(partner)) this.end(partner.peer, replaced())
  }

  clear(): void {
    for (const peer of [...this.byPeer.keys()]) this.end(peer, replaced())
  }

  private end(peer: PeerId, reason: CausewayError): void {
    const candidate = this.byPeer.get(peer)
    if (candidate === undefined) return
    this.byPeer.delete(peer)
    candidate.cancelTimer()
    candidate.dropped.abort(reason)
  }
}

function replaced(): CausewayError {
  return new CausewayError('CANCELLED', 'Another machine has taken the place of this one.')
}

function late(): CausewayError {
  const { pairingStepMs: timeoutMs } = limits
  return new CausewayError('TIMEOUT', `The other machine did not agree on digits within ${timeoutMs} ms.`, {
    data: { timeoutMs },
  })
}
