/** Signs tokens, by which a caller proves its key over HTTP. docs/protocol.md lists the claims. */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { toBase64Url, utf8 } from '../../dag/bytes.ts'
import type { PeerId, Signer } from '../../dag/identity.ts'

export interface TokenOptions {
  /** The channel that the token is for; see binding.ts. Default: '', for channels that do not leave this machine. */
  readonly binding?: string
  /** The origin of the web page that makes the token. */
  readonly origin?: string | undefined
  readonly ttlMs?: number
  /** Whether it may be shown on any connection while it lives. Default: only on one. */
  readonly reusable?: boolean
}

const header = encode({ alg: 'EdDSA', typ: 'JWT' })

/** The binding of plain HTTP that leaves this machine. */
export const insecure = 'insecure'

/** Returns a new token for `audience`, the server's PeerId. Throws INVALID_ARGUMENT for a reusable one over plain HTTP. */
export async function makeToken(
  signer: Signer,
  audience: PeerId,
  clock: Clock,
  { binding = '', origin, ttlMs = limits.proofTtlMs, reusable = false }: TokenOptions = {},
): Promise<string> {
  if (reusable && binding === insecure)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'A token for plain HTTP that leaves the machine cannot be reusable, since anybody on the way may read it: use TLS or QUIC.',
    )
  const iat = Math.floor(clock.now() / 1000)
  const claims = {
    ...{ iss: signer.peer, aud: audience, iat, exp: iat + Math.ceil(ttlMs / 1000) },
    ...{ jti: toBase64Url(clock.randomBytes(16)), binding },
    ...(origin !== undefined && { origin }),
    ...(reusable && { reusable }),
  }
  const text = `${header}.${encode(claims)}`
  // A JWT has no domain of ours: it begins with its header, as no other text does that a key signs.
  return `${text}.${toBase64Url(await signer.sign('', utf8(text)))}`
}

function encode(part: object): string {
  return toBase64Url(utf8(JSON.stringify(part)))
}
