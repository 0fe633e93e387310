/**
 * Opens one connection: races the addresses of a peer, and takes the first at which the peer proves its key. Then proves
 * the caller's own key on it, unless the transport has done so.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { makeProof } from '../../rpc/auth/proof.ts'
import type { Caller } from '../../rpc/caller.ts'
import { RpcConnection } from '../../rpc/client/connection.ts'
import { shakeHands } from '../../rpc/client/handshake.ts'
import type { TransportManager } from '../../transport/manager.ts'

export interface DialParts {
  readonly transports: TransportManager
  readonly clock: Clock
  /** The key that is proven to the peer. */
  readonly identity: Identity
  /** The open connections, each with what is known of the remote. One that has closed is taken out. */
  readonly open: Map<RpcConnection, Caller>
}

/** An open connection to a peer that has proven its key, and the address at which it was reached. */
export interface DialledPeer {
  readonly connection: RpcConnection
  readonly peer: PeerId
  readonly address: string
}

/**
 * Connects to the first of the addresses at which a peer proves its key: the `expected` one, or any. Throws the dial's
 * error, such as UNREACHABLE or WRONG_PEER, if there is no such address.
 */
export async function dialPeer(
  { transports, clock, identity, open }: DialParts,
  addresses: readonly string[],
  expected: PeerId | undefined,
  signal: AbortSignal | undefined,
): Promise<DialledPeer> {
  const { value, address } = await transports.dialFirst(addresses, {
    ...(signal && { signal }),
    handshake: async (channel, attempt) => {
      const connection = new RpcConnection(channel, { clock, origin: originOf(attempt.address) })
      connection.channel.stream.once('close', () => open.delete(connection))
      const { remoteAddress, remotePeer } = channel
      const transport = transports.route(attempt.address).name
      const other = { remoteAddress, transport, operator: false }
      open.set(connection, remotePeer === undefined ? other : { ...other, peer: remotePeer })
      const peer = await shakeHands(connection, { clock, expected, signal: attempt.signal })
      if (remotePeer !== undefined && remotePeer !== peer)
        throw new CausewayError(
          'WRONG_PEER',
          `Expected the peer ${remotePeer}, which the transport proved, got ${peer}: do not trust this address.`,
        )
      if (open.has(connection)) open.set(connection, { ...other, peer })
      // If the transport has proven the remote to us, it has also proven us to the remote.
      if (remotePeer === undefined)
        connection.prove((binding) => makeProof(identity, peer, clock, { binding }))
      return { connection, peer }
    },
  })
  return { ...value, address }
}

/** Returns the origin of an address that is a URL of HTTP, or undefined for any other address. */
function originOf(address: string): string | undefined {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) return undefined
  return new URL(address).origin
}
