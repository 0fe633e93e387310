/**
 * Pays for the checks of proofs before they are made. Until then nothing about the caller is known but its origin, so
 * the origin pays. A proof that claims to be of a known peer may be paid from a reserve, so that a flood from the same
 * origin does not keep that peer out; a claim gives nothing else.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { Buckets } from '../../base/token-bucket.ts'
import type { PeerId } from '../../dag/identity.ts'
import { exhausted } from '../server/load.ts'

export class ProofBudget {
  private readonly isKnown: (peer: PeerId) => boolean
  private readonly origins: Buckets
  /** The reserve of each known peer at each origin. */
  private readonly claims: Buckets
  /** What each origin may use of all these reserves together. */
  private readonly claimsOfOrigin: Buckets

  constructor(clock: Clock, isKnown: (peer: PeerId) => boolean) {
    this.isKnown = isKnown
    const buckets = (burst: number, perSecond: number) =>
      new Buckets({ clock, burst, perSecond, keys: limits.callersRemembered })
    this.origins = buckets(limits.proofBurst, limits.proofsPerSecond)
    this.claims = buckets(limits.claimBurst, limits.claimsPerSecond)
    this.claimsOfOrigin = buckets(limits.claimBurstOfOrigin, limits.claimsPerSecondOfOrigin)
  }

  /**
   * Pays for one check. Returns a function that gives the payment back, to be called if the proof holds and is of a known
   * peer, so that only impostors run out. Throws RESOURCE_EXHAUSTED if the origin has presented too many proofs.
   */
  pay(origin: string, claimed: string | undefined): () => void {
    if (claimed !== undefined && this.isKnown(claimed as PeerId)) {
      const key = `${claimed} from ${origin}`
      const giveBack = () => {
        this.claims.charge(key, -1)
        this.claimsOfOrigin.charge(origin, -1)
      }
      if (this.claimsOfOrigin.take(origin) === 0) {
        if (this.claims.take(key) === 0) return giveBack
        this.claimsOfOrigin.charge(origin, -1)
      }
    }
    const waitMs = this.origins.take(origin)
    if (waitMs > 0) throw exhausted('Callers from your address have presented too many proofs', waitMs)
    return () => this.origins.charge(origin, -1)
  }
}
