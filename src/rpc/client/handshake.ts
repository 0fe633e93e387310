/**
 * The calling side of the handshake: asks the server to prove its key, and checks the proof. A transport that proves
 * keys itself does not need it.
 */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { handshakeNonceBytes, handshakeVersion, verifyHandshake } from '../auth/handshake.ts'
import { type CallConnection, callError } from './calls.ts'

/**
 * Asks the remote for its PeerId and a proof of it, and returns the PeerId. Throws WRONG_PEER if the proof fails or the
 * PeerId is not `expected`, also if the server states that the call came over another channel; INCOMPATIBLE if the remote speaks another protocol version.
 */
export async function shakeHands(
  connection: CallConnection & { readonly binding: string },
  options: {
    clock: Clock
    expected?: PeerId | undefined
    signal?: AbortSignal | undefined
    /** Called with the milliseconds by which our clock is ahead of the remote's, to half a second and a round trip. */
    onClock?: ((peer: PeerId, aheadMs: number) => void) | undefined
  },
): Promise<PeerId> {
  using limit = deadline(options.clock, limits.handshakeTimeoutMs, 'The handshake', options.signal)
  const nonce = options.clock.randomBytes(handshakeNonceBytes)
  const { binding } = connection
  const sentMs = options.clock.now()
  let dateMs = Number.NaN
  const onHeader = (headers: Headers) => {
    dateMs = Date.parse(headers.get('date') ?? '')
  }
  const response = await connection
    .client(SyncService)
    .handshake({ version: handshakeVersion, nonce, binding }, { signal: limit.signal, onHeader })
    .catch((error) => {
      throw callError(connection, error, limit.signal)
    })
  const ourMs = (sentMs + options.clock.now()) / 2
  const peer = await verifyHandshake(nonce, binding, response)
  if (options.expected !== undefined && peer !== options.expected)
    throw new CausewayError(
      'WRONG_PEER',
      `The remote should be the peer ${options.expected}, but is ${peer}.`,
      {
        data: { peer, expected: options.expected },
      },
    )
  // A date is in whole seconds, rounded down.
  if (Number.isFinite(dateMs)) options.onClock?.(peer, ourMs - (dateMs + 500))
  return peer
}
