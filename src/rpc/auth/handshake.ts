/**
 * The handshake's proof: the server signs both sides' nonces and the channel's binding under a domain of their own. So
 * it never signs bytes that the caller alone chose, and its signature is worth nothing on another channel.
 * `rpc/client/handshake.ts` makes the call.
 */
import type { HandshakeRequest, HandshakeResponse } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { concatBytes, utf8 } from '../../dag/bytes.ts'
import { verifyEd25519 } from '../../dag/crypto.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type Identity, type PeerId, parsePeerId, withDomain } from '../../dag/identity.ts'

export const handshakeVersion = 2
export const handshakeNonceBytes = 32
/** The optional features of this server, by which callers know that they may use them; docs/protocol.md lists them. */
export const handshakeFeatures = ['reusable-tokens']
const handshakeDomain = 'causeway.handshake.v2\0'

/**
 * Returns the server's signature. The caller has checked that the request's binding means the channel that it came
 * over. Throws INVALID_ARGUMENT for a request without a version or with a malformed nonce.
 */
export function signHandshake(
  identity: Identity,
  request: HandshakeRequest,
  serverNonce: Uint8Array,
): Uint8Array {
  if (request.version < 1)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A handshake must state its protocol version, which is ${handshakeVersion}.`,
    )
  if (request.nonce.length !== handshakeNonceBytes)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A handshake's nonce must have ${handshakeNonceBytes} bytes, got ${request.nonce.length}.`,
    )
  return identity.sign(handshakeDomain, signedBytes(request.nonce, serverNonce, request.binding))
}

/**
 * Checks a server's answer to a handshake with this nonce over a channel with this binding, and returns the PeerId that
 * it proves. Throws INCOMPATIBLE if the server speaks another protocol version, WRONG_PEER if the proof fails.
 */
export async function verifyHandshake(
  callerNonce: Uint8Array,
  binding: string,
  response: HandshakeResponse,
): Promise<PeerId> {
  if (response.version !== handshakeVersion)
    throw new CausewayError(
      'INCOMPATIBLE',
      `The remote speaks protocol version ${response.version}, but this node speaks ${handshakeVersion}.`,
    )
  const peer = bytesToHex(response.peer)
  const message = withDomain(handshakeDomain, signedBytes(callerNonce, response.nonce, binding))
  if (
    response.nonce.length !== handshakeNonceBytes ||
    !(await verifyEd25519(peer, message, response.signature))
  )
    throw new CausewayError('WRONG_PEER', 'The remote could not prove that it holds the key it names.')
  return parsePeerId(peer)
}

/** Both nonces have a fixed length, so the bytes can be read in one way only. */
function signedBytes(callerNonce: Uint8Array, serverNonce: Uint8Array, binding: string): Uint8Array {
  return concatBytes(callerNonce, serverNonce, utf8(binding))
}
