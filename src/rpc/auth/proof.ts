/**
 * Proofs of a caller's key, for transports that do not prove it: a JWT that the caller issues and signs itself (EdDSA).
 * It is valid for one server, one channel and a short time, and its first use spends it, unless its issuer made it
 * reusable. `token.ts` makes one, and so does any language.
 */
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Database } from '../../store/database/open.ts'
import type { Caller } from '../caller.ts'
import { FairQueue } from '../server/fair-queue.ts'
import { type Bindings, otherChannel } from './binding.ts'
import { invalidProof, verifyClaims } from './claims.ts'
import { type Share, SpentProofs } from './spent.ts'

/** What a proof proves. */
export interface Proven {
  readonly peer: PeerId
  /** When it ends on every connection. Absent if it holds for the life of the one connection that showed it. */
  readonly untilMs?: number
}

export interface ProofsParts {
  /** The server's PeerId. */
  readonly audience: PeerId
  readonly clock: Clock
  readonly db: Database
  readonly bindings: Bindings
  /** Returns the share of the table of spent proofs that this issuer uses. */
  shareOf(issuer: PeerId): Share
}

/** The signal of checks, which end by themselves. It has one listener for each check that waits. */
const never = new AbortController().signal
setMaxListeners(0, never)

/** Checks the proofs presented to one server. */
export class Proofs {
  private readonly parts: ProofsParts
  private readonly spent: SpentProofs
  /** Verifies signatures in the turns of the origins that they come from. */
  private readonly checks: FairQueue

  private constructor(parts: ProofsParts, spent: SpentProofs) {
    this.parts = parts
    this.spent = spent
    const places = limits.proofsCheckedAtOnce
    this.checks = new FairQueue({ clock: parts.clock, places, rest: () => 0 })
  }

  static async open(parts: ProofsParts): Promise<Proofs> {
    return new Proofs(parts, await SpentProofs.open(parts.clock, parts.db))
  }

  /**
   * Spends a proof that was presented on a connection, and returns what it proves. `originHeader` is what a browser says
   * about the page that makes the call. Throws UNAUTHENTICATED, with `data.reason`, if the proof is invalid or spent. A
   * reusable one is never spent, and takes no place in the table.
   */
  async spend(proof: string, connected: Caller, originHeader: string | null = null): Promise<Proven> {
    const { audience, clock, bindings, shareOf } = this.parts
    const callerOrigin = originOf(connected.remoteAddress)
    const claims = await this.checks.run(callerOrigin, never, () =>
      verifyClaims(proof, clock.now(), audience),
    )
    const { issuer, jti, binding, origin, reusable } = claims
    const untilMs = claims.expiresMs + limits.proofSkewMs
    if (claims.audience !== audience)
      throw invalidProof('audience', `Its audience (\`aud\`) must be this node, ${audience}.`)
    if (!bindings.accepts(binding, connected)) throw invalidProof('binding', `It ${otherChannel(binding)}`)
    if (!bindings.acceptsOrigin(binding, origin, originHeader))
      throw invalidProof(
        'binding',
        'Its `origin` must be that of the web page that makes the call, and one that the node was given with `causeway serve --cors-origin`.',
      )
    if (reusable) return { peer: issuer, untilMs }
    const key = sha256Hex(new TextEncoder().encode(`${issuer}.${jti}`))
    const share = shareOf(issuer)
    const account = share === 'stranger' ? callerOrigin : issuer
    if (!(await this.spent.spend(key, untilMs, { share, account })))
      throw invalidProof(
        'replayed',
        'It was used before: make a new one for each connection, or a `reusable` one.',
      )
    return { peer: issuer }
  }
}
