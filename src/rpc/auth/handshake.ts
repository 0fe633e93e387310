/**
 * The handshake's proof: the server signs both sides' nonces under a domain of their own, so it never signs bytes that
 * the caller alone chose. `rpc/client/handshake.ts` makes the call.
 */
import type { HandshakeRequest, HandshakeResponse } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { verifyEd25519 } from '../../dag/crypto.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type Identity, type PeerId, parsePeerId, withDomain } from '../../dag/identity.ts'

export const handshakeVersion = 1
export const handshakeNonceBytes = 32
const handshakeDomain = 'causeway.handshake.v1\0'

/**
 * Returns the server's signature. Throws INVALID_ARGUMENT for a request without a version or with a malformed nonce.
 */
export function signHandshake(
  identity: Identity,
  request: HandshakeRequest,
  serverNonce: Uint8Array,
): Uint8Array {
  if (request.version < 1)
    throw new CausewayError('INVALID_ARGUMENT', 'A handshake must state its protocol version, which is 1.')
  if (request.nonce.length !== handshakeNonceBytes)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A handshake's nonce must have ${handshakeNonceBytes} bytes, got ${request.nonce.length}.`,
    )
  return identity.sign(handshakeDomain, concat(request.nonce, serverNonce))
}

/**
 * Checks a server's answer to a handshake with this nonce, and returns the PeerId that it proves. Throws INCOMPATIBLE
 * if the server speaks another protocol version, WRONG_PEER if the proof fails.
 */
export async function verifyHandshake(callerNonce: Uint8Array, response: HandshakeResponse): Promise<PeerId> {
  if (response.version !== handshakeVersion)
    throw new CausewayError(
      'INCOMPATIBLE',
      `The remote speaks protocol version ${response.version}, but this node speaks ${handshakeVersion}.`,
    )
  const peer = bytesToHex(response.peer)
  const message = withDomain(handshakeDomain, concat(callerNonce, response.nonce))
  if (
    response.nonce.length !== handshakeNonceBytes ||
    !(await verifyEd25519(peer, message, response.signature))
  )
    throw new CausewayError('WRONG_PEER', 'The remote could not prove that it holds the key it names.')
  return parsePeerId(peer)
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
