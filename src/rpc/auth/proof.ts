/**
 * Proofs of a caller's key, for transports that do not prove it: a JWT that the caller issues and signs itself (EdDSA).
 * It is valid for one server, one channel and a short time, and its first use spends it. Any language can make one;
 * docs/protocol.md lists its claims.
 */
import { createPrivateKey } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { SignJWT } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { Database } from '../../store/database/open.ts'
import type { Caller } from '../caller.ts'
import { FairQueue } from '../server/fair-queue.ts'
import { type Bindings, otherChannel } from './binding.ts'
import { invalidProof, verifyClaims } from './claims.ts'
import { type Share, SpentProofs } from './spent.ts'

export interface ProofOptions {
  /** The channel that the proof is for; see binding.ts. Default: '', for channels that do not leave this machine. */
  readonly binding?: string
  /** The origin of the web page that makes the proof. */
  readonly origin?: string
  readonly ttlMs?: number
}

/** Returns a new proof for `audience`, the server's PeerId. */
export function makeProof(
  { peer, seed }: Identity,
  audience: PeerId,
  clock: Clock,
  { binding = '', origin, ttlMs = limits.proofTtlMs }: ProofOptions = {},
): Promise<string> {
  const d = Buffer.from(seed).toString('base64url')
  const x = Buffer.from(peer, 'hex').toString('base64url')
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' })
  const nowSeconds = Math.floor(clock.now() / 1000)
  const jti = Buffer.from(clock.randomBytes(16)).toString('base64url')
  return new SignJWT({ jti, binding, ...(origin !== undefined && { origin }) })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(peer)
    .setAudience(audience)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(ttlMs / 1000))
    .sign(key)
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
   * Spends a proof that was presented on a connection, and returns its issuer. `originHeader` is what a browser says
   * about the page that makes the call. Throws UNAUTHENTICATED, with `data.reason`, if the proof is invalid or spent.
   */
  async spend(proof: string, connected: Caller, originHeader: string | null = null): Promise<PeerId> {
    const { audience, clock, bindings, shareOf } = this.parts
    const callerOrigin = originOf(connected.remoteAddress)
    const claims = await this.checks.run(callerOrigin, never, () =>
      verifyClaims(proof, clock.now(), audience),
    )
    const { issuer, jti, expiresMs, binding, origin } = claims
    if (claims.audience !== audience)
      throw invalidProof('audience', `Its audience (\`aud\`) must be this node, ${audience}.`)
    if (!bindings.accepts(binding, connected)) throw invalidProof('binding', `It ${otherChannel(binding)}`)
    if (!bindings.acceptsOrigin(binding, origin, originHeader))
      throw invalidProof(
        'binding',
        'Its `origin` must be that of the web page that makes the call, and one that the node was given with `causeway serve --cors-origin`.',
      )
    const key = sha256Hex(new TextEncoder().encode(`${issuer}.${jti}`))
    const share = shareOf(issuer)
    const account = share === 'stranger' ? callerOrigin : issuer
    if (!(await this.spent.spend(key, expiresMs + limits.proofSkewMs, { share, account })))
      throw invalidProof(
        'replayed',
        'It was used before: make a new one for each call, or keep using one connection.',
      )
    return issuer
  }
}
