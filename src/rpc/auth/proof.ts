/**
 * Proofs of a caller's key, for transports that do not prove it: a JWT that the caller issues and signs itself (EdDSA).
 * It is valid for one server and a short time, and its first use spends it. Any language can make one; docs/protocol.md
 * lists its claims.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { CausewayError, type ErrorData } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { type Identity, type PeerId, parsePeerId } from '../../dag/identity.ts'
import { keyFlaw } from '../../dag/point.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'

/** Returns a new proof for `audience`, the server's PeerId. */
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

/** The record of a spent proof: when it may be forgotten. */
interface SpentProof {
  readonly untilMs: number
}

/** Checks the proofs presented to one server. Spent proofs are recorded on disk, so they stay spent after a restart. */
export class Proofs {
  private readonly audience: PeerId
  private readonly clock: Clock
  private readonly records: Records<SpentProof>
  /** Keys of the records that are being written. */
  private readonly writes = new Set<string>()

  private constructor(audience: PeerId, clock: Clock, records: Records<SpentProof>) {
    this.audience = audience
    this.clock = clock
    this.records = records
  }

  static async open(audience: PeerId, clock: Clock, db: Database): Promise<Proofs> {
    return new Proofs(audience, clock, await Records.open<SpentProof>(db, 'proofs'))
  }

  /** Spends a proof and returns its issuer. Throws UNAUTHENTICATED, with `data.reason`, if it is invalid or spent. */
  async spend(proof: string): Promise<PeerId> {
    const { issuer, jti, expiresMs } = await this.verify(proof)
    const key = sha256Hex(new TextEncoder().encode(`${issuer}.${jti}`))
    if (this.records.get(key) !== undefined || this.writes.has(key))
      throw invalid(
        'replayed',
        'It was used before: make a new one for each call, or keep using one connection.',
      )
    await this.remember(key, expiresMs + limits.proofSkewMs)
    return issuer
  }

  private async verify(proof: string): Promise<{ issuer: PeerId; jti: string; expiresMs: number }> {
    if (proof.length > limits.proofBytes)
      throw invalid('malformed', `It can have at most ${limits.proofBytes} characters, got ${proof.length}.`)
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
        throw invalid('signature', 'Its signature was not made with the key of its issuer (`iss`).')
      if (error instanceof errors.JWTExpired)
        throw this.badTime('expired', 'It has expired.', error.payload, nowMs)
      throw invalid(
        'malformed',
        'It must be an EdDSA JWT with iss, aud, exp and jti, such as `causeway token` makes.',
      )
    }
    const { iss, aud, exp, jti } = claims
    const expiresMs = exp! * 1000
    if (typeof jti !== 'string' || jti === '')
      throw invalid('malformed', 'Its `jti` must be a text that is not empty.')
    if (aud !== this.audience)
      throw invalid('audience', `Its audience (\`aud\`) must be this node, ${this.audience}.`)
    if (expiresMs > nowMs + limits.proofTtlMaxMs + limits.proofSkewMs)
      throw this.badTime('lifetime', `It must expire within ${limits.proofTtlMaxMs / 1000} s.`, claims, nowMs)
    return { issuer: parsePeerId(iss!), jti, expiresMs }
  }

  /**
   * Returns the error of a proof that does not hold now. If it says when it was made, names how far the clocks seem to
   * be apart, and whose they are: a proof is made just before its first use.
   */
  private badTime(reason: string, what: string, { iss, iat }: JWTPayload, nowMs: number): CausewayError {
    const offMs = typeof iat === 'number' ? iat * 1000 - nowMs : Number.NaN
    if (!(Math.abs(offMs) > limits.proofSkewMs)) return invalid(reason, `${what} ${timeHere(nowMs)}`)
    const minutes = Math.round(Math.abs(offMs) / 60_000)
    const [begin, theirs, ours] =
      offMs < 0 ? ['Unless it is an old one, the', 'behind', 'ahead'] : ['The', 'ahead', 'behind']
    return invalid(
      reason,
      `${what} ${begin} clock of the caller ${iss} is ${minutes} min ${theirs}, or that of the node ${this.audience} is ${minutes} min ${ours}: set the one that is wrong. ${timeHere(nowMs)}`,
      { clockOffMs: Math.round(offMs) },
    )
  }

  private async remember(key: string, untilMs: number): Promise<void> {
    const nowMs = this.clock.now()
    const { records, writes } = this
    if (records.size + writes.size >= limits.proofsRemembered) {
      const expired = [...records.entries()]
        .filter(([, { untilMs }]) => untilMs <= nowMs)
        .map(([each]) => each)
      if (expired.length === 0)
        throw new CausewayError(
          'RESOURCE_EXHAUSTED',
          `The node has received too many proofs recently: try again in ${limits.proofTtlMs} ms.`,
          { data: { retryAfterMs: limits.proofTtlMs } },
        )
      await records.delete(expired)
    }
    writes.add(key)
    try {
      await records.set(key, { untilMs })
    } finally {
      writes.delete(key)
    }
  }
}

/** Returns the issuer that a proof names, unchecked; '' if it names none. */
export function issuerOf(proof: string): string {
  try {
    return decodeJwt(proof.slice(0, limits.proofBytes)).iss ?? ''
  } catch {
    return ''
  }
}

/** Returns the public key of an issuer. Throws UNAUTHENTICATED if it is not a sound key. */
function keyOf(issuer: string | undefined): KeyObject {
  const sound = /^[0-9a-f]{64}$/.test(issuer ?? '') && keyFlaw(issuer!) === undefined
  if (!sound)
    throw invalid('malformed', 'Its issuer (`iss`) must be a PeerId: an Ed25519 key in 64 hex digits.')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64urlOf(issuer!) }, format: 'jwk' })
}

function base64urlOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url')
}

function invalid(reason: string, message: string, data: ErrorData = {}): CausewayError {
  return new CausewayError('UNAUTHENTICATED', `The proof is not valid. ${message}`, {
    data: { reason, ...data },
  })
}

function timeHere(nowMs: number): string {
  return `At the node it is ${new Date(nowMs).toISOString()}.`
}
