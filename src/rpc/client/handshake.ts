/**
 * The calling side of the handshake: asks the server to prove its key, and checks the proof. A transport that proves
 * keys itself does not need it.
 */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { bindingOf } from '../auth/binding.ts'
import { handshakeNonceBytes, handshakeVersion, verifyHandshake } from '../auth/handshake.ts'
import { fromConnectError } from '../errors.ts'
import type { RpcConnection } from './connection.ts'

/**
 * Asks the remote for its PeerId and a proof of it, and returns the PeerId. Throws WRONG_PEER if the proof fails or the
 * PeerId is not `expected`, also if the server states that the call came over another channel; INCOMPATIBLE if the remote speaks another protocol version.
 */
export async function shakeHands(
  connection: RpcConnection,
  options: { clock: Clock; expected?: PeerId | undefined; signal?: AbortSignal | undefined },
): Promise<PeerId> {
  using limit = deadline(options.clock, limits.handshakeTimeoutMs, 'The handshake', options.signal)
  const nonce = options.clock.randomBytes(handshakeNonceBytes)
  const binding = bindingOf(connection.channel)
  const response = await connection
    .client(SyncService)
    .handshake({ version: handshakeVersion, nonce, binding }, { signal: limit.signal })
    .catch((error) => {
      throw connection.ended ?? fromConnectError(error, limit.signal)
    })
  const peer = await verifyHandshake(nonce, binding, response)
  if (options.expected !== undefined && peer !== options.expected)
    throw new CausewayError(
      'WRONG_PEER',
      `The remote should be the peer ${options.expected}, but is ${peer}.`,
      {
        data: { peer, expected: options.expected },
      },
    )
  return peer
}
