/**
 * Opens one connection: races the addresses of a peer, and takes the first at which the peer proves its key. Then proves
 * the caller's own key on it, unless the transport has done so.
 */
import type { Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { tracing } from '../../base/tracing/tracing.ts'
import type { PeerId, Signer } from '../../dag/identity.ts'
import { bindingOf, unprotected } from '../../rpc/auth/binding.ts'
import { insecure as insecureBinding, makeToken } from '../../rpc/auth/token.ts'
import type { Caller } from '../../rpc/caller.ts'
import { RpcConnection } from '../../rpc/client/connection.ts'
import { shakeHands } from '../../rpc/client/handshake.ts'
import { traceCalling } from '../../rpc/tracing/calls.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Channel } from '../../transport/transport.ts'

export interface DialParts {
  readonly transports: TransportManager
  readonly clock: Clock
  /** The key that is proven to the peer; undefined: none. */
  readonly signer: Signer | undefined
  /** The open connections, each with what is known of the remote. One that has closed is taken out. */
  readonly open: Map<RpcConnection, Caller>
  /** What every call on the connection passes, in order. */
  readonly calling?: readonly Interceptor[]
  /** Whether plain HTTP that leaves this machine may carry what is said. */
  readonly insecure: boolean
  /** Called with the milliseconds by which this clock is ahead of a peer's. */
  readonly onClock?: (peer: PeerId, aheadMs: number) => void
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
  { transports, clock, signer, open, insecure, calling = [], onClock }: DialParts,
  addresses: readonly string[],
  expected: PeerId | undefined,
  signal: AbortSignal | undefined,
): Promise<DialledPeer> {
  const { value, address } = await transports.dialFirst(addresses, {
    ...(signal && { signal }),
    handshake: async (channel, attempt) => {
      // Who proves no key says and hears nothing that is not for everybody.
      if (!insecure && signer !== undefined) expectProtection(channel, attempt.address)
      let known = channel.remotePeer
      const traces = tracing === undefined ? [] : [traceCalling(tracing, () => known)]
      const connection = new RpcConnection(channel, {
        ...{ clock, calling: [...traces, ...calling] },
        origin: originOf(attempt.address),
      })
      connection.channel.stream.once('close', () => open.delete(connection))
      const { remoteAddress, remotePeer } = channel
      const transport = transports.route(attempt.address).name
      const other = { remoteAddress, transport, operator: false }
      open.set(connection, remotePeer === undefined ? other : { ...other, peer: remotePeer })
      const peer = await shakeHands(connection, { clock, expected, onClock, signal: attempt.signal }).catch(
        (error) => {
          throw explain(error, connection, attempt.address)
        },
      )
      if (remotePeer !== undefined && remotePeer !== peer)
        throw new CausewayError(
          'WRONG_PEER',
          `Expected the peer ${remotePeer}, which the transport proved, got ${peer}: do not trust this address.`,
        )
      known = peer
      if (open.has(connection)) open.set(connection, { ...other, peer })
      // If the transport has proven the remote to us, it has also proven us to the remote.
      if (remotePeer === undefined && signer !== undefined)
        connection.prove((binding) => makeToken(signer, peer, clock, { binding }))
      return { connection, peer }
    },
  })
  return { ...value, address }
}

/**
 * Throws UNREACHABLE before a word is said if anyone on the path could read and change what is said. The peer has its own
 * say in `Bindings`; its consent is not this node's.
 */
function expectProtection(channel: Channel, address: string): void {
  if (bindingOf(channel) !== insecureBinding) return
  channel.stream.on('error', () => {})
  channel.stream.destroy()
  throw unprotected(address)
}

/** Says what is likely wrong with an address at which something answers, but nothing that speaks HTTP/2. */
function explain(error: unknown, { lastReadMs }: RpcConnection, address: string): unknown {
  const { code, data } = CausewayError.from(error)
  if (lastReadMs !== Number.NEGATIVE_INFINITY || !/^https?:/i.test(address)) return error
  if (code === 'PROTOCOL')
    return new CausewayError(code, `${address} does not speak HTTP/2: a proxy must pass it on.`, {
      data: { ...data, address },
      cause: error,
    })
  if (code === 'DISCONNECTED' && /^http:/i.test(address))
    return new CausewayError(
      code,
      `${address} has closed the connection before it answered: does it speak https://?`,
      { data: { ...data, address }, cause: error },
    )
  return error
}

/** Returns the origin of an address that is a URL of HTTP, or undefined for any other address. */
function originOf(address: string): string | undefined {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) return undefined
  return new URL(address).origin
}
