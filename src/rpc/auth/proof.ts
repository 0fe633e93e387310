/**
 * How a caller proves its key where the transport does not: a JWT that it issues and signs itself (EdDSA), good for one
 * server and a short time, and spent by its first use. Any language can make one; docs/protocol.md has its claims.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { type Identity, type PeerId, parsePeerId } from '../../dag/identity.ts'
import { keyFlaw } from '../../dag/point.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'

/** A fresh proof for `audience`, the server's PeerId. */
export function makeProof(
  { peer, seed }: Identity,
  audience: PeerId,
  clock: Clock,
  ttlMs: number = limits.proofTtlMs,
): Promise<string> {
  const [d, x] = [Buffer.from(seed).toString('base64url'), base64urlOf(peer)]
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' })
  const nowSeconds = Math.floor(clock.now() / 1000)
  return new SignJWT({ jti: Buffer.from(clock.randomBytes(16)).toString('base64url') })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(peer)
    .setAudience(audience)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(ttlMs / 1000))
    .sign(key)
}

/** When a proof that was spent may be forgotten, by its key. */
interface Spent {
  readonly untilMs: number
}

/** Checks the proofs that are shown to one server, and remembers on the disk which are spent, also over a restart. */
export class Proofs {
  private readonly audience: PeerId
  private readonly clock: Clock
  private readonly spent: Records<Spent>
  /** Those that are being written. */
  private readonly spending = new Set<string>()

  private constructor(audience: PeerId, clock: Clock, spent: Records<Spent>) {
    this.audience = audience
    this.clock = clock
    this.spent = spent
  }

  static async open(audience: PeerId, clock: Clock, db: Database): Promise<Proofs> {
    return new Proofs(audience, clock, await Records.open<Spent>(db, 'proofs'))
  }

  /** Whom the proof proves, once; UNAUTHENTICATED with `data.reason` where it does not hold. */
  async spend(proof: string): Promise<PeerId> {
    const { issuer, jti, expiresMs } = await this.verify(proof)
    const key = sha256Hex(new TextEncoder().encode(`${issuer}.${jti}`))
    if (this.spent.get(key) !== undefined || this.spending.has(key))
      throw refused('replayed', 'It was used before: make a new one for each call, or keep the connection.')
    await this.remember(key, expiresMs + limits.proofSkewMs)
    return issuer
  }

  private async verify(proof: string): Promise<{ issuer: PeerId; jti: string; expiresMs: number }> {
    if (proof.length > limits.proofBytes)
      throw refused('malformed', `It has at most ${limits.proofBytes} characters.`)
    const nowMs = this.clock.now()
    let claims: JWTPayload
    try {
      const key = keyOf(decodeJwt(proof).iss)
      const { payload } = await jwtVerify(proof, key, {
        algorithms: ['EdDSA'],
        currentDate: new Date(nowMs),
        clockTolerance: limits.proofSkewMs / 1000,
        requiredClaims: ['exp', 'jti'],
      })
      claims = payload
    } catch (error) {
      if (error instanceof CausewayError) throw error
      if (error instanceof errors.JWSSignatureVerificationFailed)
        throw refused('signature', 'Its signature is not of the key that it names as issuer.')
      if (error instanceof errors.JWTExpired) throw refused('expired', `It has expired; here it is ${nowMs}.`)
      throw refused(
        'malformed',
        'It is not an EdDSA JWT with iss, aud, exp and jti, such as `causeway token` makes.',
      )
    }
    const { iss, aud, exp, jti } = claims
    const expiresMs = exp! * 1000
    if (typeof jti !== 'string' || jti === '') throw refused('malformed', 'It names itself in `jti`.')
    if (aud !== this.audience) throw refused('audience', `It is not for this node, ${this.audience}.`)
    if (expiresMs > nowMs + limits.proofTtlMaxMs + limits.proofSkewMs)
      throw refused('lifetime', `It lives at most ${limits.proofTtlMaxMs / 1000} s; here it is ${nowMs}.`)
    return { issuer: parsePeerId(iss!), jti, expiresMs }
  }

  private async remember(key: string, untilMs: number): Promise<void> {
    const nowMs = this.clock.now()
    const { spent, spending } = this
    if (spent.size + spending.size >= limits.proofsRemembered) {
      const expired = [...spent.entries()].filter(([, { untilMs }]) => untilMs <= nowMs).map(([each]) => each)
      if (expired.length === 0)
        throw new CausewayError('RESOURCE_EXHAUSTED', 'Too many proofs were shown lately.', {
          data: { retryAfterMs: limits.proofTtlMs },
        })
      await spent.delete(expired)
    }
    spending.add(key)
    try {
      await spent.set(key, { untilMs })
    } finally {
      spending.delete(key)
    }
  }
}

/** Whom a proof would prove; '' where it says nothing. */
export function issuerOf(proof: string): string {
  try {
    return decodeJwt(proof.slice(0, limits.proofBytes)).iss ?? ''
  } catch {
    return ''
  }
}

/** The public key of an issuer; UNAUTHENTICATED where it is no sound key. */
function keyOf(issuer: string | undefined): KeyObject {
  const sound = /^[0-9a-f]{64}$/.test(issuer ?? '') && keyFlaw(issuer!) === undefined
  if (!sound) throw refused('malformed', 'Its issuer (`iss`) is a PeerId: an Ed25519 key in 64 hex digits.')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64urlOf(issuer!) }, format: 'jwk' })
}

function base64urlOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url')
}

function refused(reason: string, message: string): CausewayError {
  return new CausewayError('UNAUTHENTICATED', `The proof does not hold. ${message}`, { data: { reason } })
}
