/**
 * The handshake: the server proves its key by a domain-separated signature over both sides' nonces, so that it
 * never signs bytes that the caller alone chose. Transports that prove keys themselves do not need it.
 */
import type { HandshakeRequest } from '../../../gen/causeway/v1/sync_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { verifyEd25519 } from '../../dag/crypto.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type Identity, type PeerId, parsePeerId, withDomain } from '../../dag/identity.ts'
import type { RpcConnection } from '../client/connection.ts'
import { fromConnectError } from '../errors.ts'

export const handshakeVersion = 1
const handshakeDomain = 'causeway.handshake.v1\0'
const nonceBytes = 32

/** The server's signature; INCOMPATIBLE or INVALID_ARGUMENT for a request that it cannot answer. */
export function signHandshake(
  identity: Identity,
  request: HandshakeRequest,
  serverNonce: Uint8Array,
): Uint8Array {
  if (request.version < 1)
    throw new CausewayError('INVALID_ARGUMENT', 'A handshake states its protocol version, which is 1.')
  if (request.nonce.length !== nonceBytes)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A handshake's nonce has ${nonceBytes} bytes, got ${request.nonce.length}.`,
    )
  return identity.sign(handshakeDomain, concat(request.nonce, serverNonce))
}

/** Asks the remote who it is and checks the proof. WRONG_PEER when it is not `expected`, or when the proof fails. */
export async function shakeHands(
  connection: RpcConnection,
  options: { clock: Clock; expected?: PeerId | undefined; signal?: AbortSignal | undefined },
): Promise<PeerId> {
  using limit = deadline(options.clock, limits.handshakeTimeoutMs, 'The handshake', options.signal)
  const nonce = options.clock.randomBytes(nonceBytes)
  const response = await connection
    .client(SyncService)
    .handshake({ version: handshakeVersion, nonce }, { signal: limit.signal })
    .catch((error) => {
      throw connection.ended ?? fromConnectError(error, limit.signal)
    })
  if (response.version !== handshakeVersion)
    throw new CausewayError(
      'INCOMPATIBLE',
      `The remote speaks protocol version ${response.version}, this node ${handshakeVersion}.`,
    )
  const peer = bytesToHex(response.peer)
  const message = withDomain(handshakeDomain, concat(nonce, response.nonce))
  if (response.nonce.length !== nonceBytes || !(await verifyEd25519(peer, message, response.signature)))
    throw new CausewayError('WRONG_PEER', 'The remote could not prove the key that it names.')
  if (options.expected !== undefined && peer !== options.expected)
    throw new CausewayError('WRONG_PEER', `The remote is ${peer}, not ${options.expected}.`, {
      data: { peer, expected: options.expected },
    })
  return parsePeerId(peer)
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
