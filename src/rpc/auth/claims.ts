/**
 * The claims of a proof: reads and verifies the JWT. Each claim has exactly one type, checked before any cryptography:
 * whatever else a token says, it is malformed. docs/protocol.md lists the claims.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { CausewayError, type ErrorData } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import { keyFlaw } from '../../dag/point.ts'
import { insecure } from './token.ts'

export interface Claims {
  readonly issuer: PeerId
  readonly audience: string
  readonly jti: string
  readonly expiresMs: number
  /** When the caller says that it made the proof. */
  readonly issuedMs?: number
  /** The channel that the proof is for; see binding.ts. */
  readonly binding: string
  /** The origin of the web page that made the proof. */
  readonly origin?: string
  /** Whether the proof may be shown on any connection while it lives. */
  readonly reusable: boolean
}

/** Verifies a proof's form, signature and times. Throws UNAUTHENTICATED with `data.reason`. */
export async function verifyClaims(proof: string, nowMs: number, audience: PeerId): Promise<Claims> {
  const claims = readClaims(proof)
  try {
    await jwtVerify(proof, keyOf(claims.issuer), {
      algorithms: ['EdDSA'],
      currentDate: new Date(nowMs),
      clockTolerance: limits.proofSkewMs / 1000,
    })
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed)
      throw invalidProof('signature', 'Its signature was not made with the key of its issuer (`iss`).')
    if (error instanceof errors.JWTExpired)
      throw badTime('expired', 'It has expired.', claims, nowMs, audience)
    throw malformed()
  }
  if (claims.expiresMs > nowMs + limits.proofTtlMaxMs + limits.proofSkewMs)
    throw badTime(
      'lifetime',
      `It must expire within ${limits.proofTtlMaxMs / 1000} s.`,
      claims,
      nowMs,
      audience,
    )
  return claims
}

/** Returns the issuer that a proof claims, unproven, or undefined if it claims none. */
export function claimedIssuer(proof: string): string | undefined {
  if (proof.length > limits.proofBytes) return undefined
  try {
    const { iss } = decodeJwt(proof)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

function readClaims(proof: string): Claims {
  if (proof.length > limits.proofBytes)
    throw invalidProof(
      'malformed',
      `It can have at most ${limits.proofBytes} characters, got ${proof.length}.`,
    )
  let header: Readonly<Record<string, unknown>>
  let claims: Readonly<Record<string, unknown>>
  try {
    header = decodeProtectedHeader(proof)
    claims = decodeJwt(proof)
  } catch {
    throw malformed()
  }
  const { iss, aud, exp, jti, binding, origin, reusable = false, iat, nbf } = claims
  const issuer = asIssuer(iss)
  const { typ } = header
  const sound =
    header.alg === 'EdDSA' &&
    (typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JWT')) &&
    typeof aud === 'string' &&
    isTime(exp) &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof binding === 'string' &&
    (origin === undefined || typeof origin === 'string') &&
    typeof reusable === 'boolean' &&
    (iat === undefined || isTime(iat)) &&
    (nbf === undefined || isTime(nbf))
  if (!sound) throw malformed()
  if (issuer === undefined)
    throw invalidProof('malformed', 'Its issuer (`iss`) must be a PeerId: an Ed25519 key in 64 hex digits.')
  if (reusable && binding === insecure)
    throw invalidProof(
      'malformed',
      'It cannot be `reusable`, since its binding is plain HTTP, on which anybody may read it: make a new one for each connection.',
    )
  return {
    ...{ issuer, audience: aud, jti, expiresMs: exp * 1000, binding, reusable },
    ...(iat !== undefined && { issuedMs: (iat as number) * 1000 }),
    ...(origin !== undefined && { origin: origin as string }),
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function asIssuer(iss: unknown): PeerId | undefined {
  return typeof iss === 'string' && /^[0-9a-f]{64}$/.test(iss) && keyFlaw(iss) === undefined
    ? parsePeerId(iss)
    : undefined
}

function keyOf(issuer: PeerId): KeyObject {
  const x = Buffer.from(issuer, 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

function malformed(): CausewayError {
  return invalidProof(
    'malformed',
    'It must be an EdDSA JWT with the texts iss, aud, jti and binding and the number exp, such as `causeway token` makes.',
  )
}

/**
 * Returns the error of a proof that does not hold now. If it says when it was made, names how far the clocks seem to be
 * apart, and whose they are: a proof is made just before its first use.
 */
function badTime(
  reason: string,
  what: string,
  { issuer, issuedMs }: Claims,
  nowMs: number,
  audience: PeerId,
): CausewayError {
  const here = `At the node it is ${new Date(nowMs).toISOString()}.`
  const offMs = (issuedMs ?? Number.NaN) - nowMs
  if (!(Math.abs(offMs) > limits.proofSkewMs)) return invalidProof(reason, `${what} ${here}`)
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  const [begin, theirs, ours] =
    offMs < 0 ? ['Unless it is an old one, the', 'behind', 'ahead'] : ['The', 'ahead', 'behind']
  return invalidProof(
    reason,
    `${what} ${begin} clock of the caller ${issuer} is ${minutes} min ${theirs}, or that of the node ${audience} is ${minutes} min ${ours}: set the one that is wrong. ${here}`,
    { clockOffMs: Math.round(offMs) },
  )
}

export function invalidProof(reason: string, message: string, data: ErrorData = {}): CausewayError {
  return new CausewayError('UNAUTHENTICATED', `The proof is not valid. ${message}`, {
    data: { reason, ...data },
  })
}
