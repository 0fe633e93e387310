/**
 * The stores of trees on a remote node, for a program that has a key and no node of its own. Reads are the remote's word;
 * writes are signed here, so the remote can refuse one, but not change it.
 */
import { type Clock, systemClock } from '../../base/clock.ts'
import { hex32, object, optional, text } from '../../base/shape.ts'
import { findTracing } from '../../base/tracing/tracing.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { isTicket, parseTicket } from '../../peer/ticket.ts'
import type { Caller } from '../../rpc/caller.ts'
import type { RpcConnection } from '../../rpc/client/connection.ts'
import { KeptConnection } from '../../rpc/client/kept-connection.ts'
import { remoteCalls } from '../../rpc/client/store-calls.ts'
import { loadTextTools } from '../../rpc/client/texts/text-tools.ts'
import { Stores } from '../../state/api/stores.ts'
import { createHttpTransport } from '../../transport/http.ts'
import { createIrohTransport } from '../../transport/iroh/iroh.ts'
import { TransportManager } from '../../transport/manager.ts'
import type { NodeOptions, QuicOptions } from '../options.ts'
import { dialPeer } from './dial-peer.ts'

/** The options of `connectStores`. */
export interface ConnectOptions extends Pick<NodeOptions, 'tls' | 'transports' | 'insecure'> {
  /** The node's PeerId. Default: the ticket's, or that of the node which answers first; from then on no other's. */
  readonly peer?: PeerId
  /** How to dial `iroh:` addresses. */
  readonly quic?: Omit<QuicOptions, 'listen'>
  /** Time and randomness. Default: `systemClock`. */
  readonly clock?: Clock
}

const identityShape = object({ peer: hex32 })
const optionsShape = optional(object({ peer: optional(hex32) }))

/**
 * Returns the stores of a remote node's trees. `address` is an address of the node, or a ticket with several; `identity`
 * is the key that is proven to the node, and that signs what is written. Nothing is dialled before the first call, and a
 * connection that was lost is opened again by the next one. Dispose it when you are done. Throws INVALID_ARGUMENT for
 * arguments of the wrong type or a malformed ticket.
 */
export function connectStores(
  address: string,
  identity: Identity,
  options: ConnectOptions = {},
): RemoteStores {
  text(address, 'address')
  identityShape(identity, 'identity')
  optionsShape(options, 'options')
  const { peer, addresses } = isTicket(address)
    ? parseTicket(address)
    : { addresses: [address], peer: undefined }
  return new RemoteStores(addresses, identity, options, options.peer ?? peer)
}

/** The stores of all trees that a remote node shows to a key. */
export class RemoteStores extends Stores implements AsyncDisposable {
  private readonly transports: TransportManager
  private readonly connection: KeptConnection<RpcConnection>
  private readonly connections: Map<RpcConnection, Caller>

  constructor(
    addresses: readonly string[],
    identity: Identity,
    options: ConnectOptions,
    peer: PeerId | undefined,
  ) {
    const { clock = systemClock } = options
    const transports = clientTransports(identity, clock, options)
    const open = new Map<RpcConnection, Caller>()
    let expected = peer
    const connection = new KeptConnection(async (signal) => {
      await findTracing()
      const dialled = await dialPeer(
        { transports, clock, signer: identity, open, insecure: options.insecure ?? false },
        addresses,
        expected,
        signal,
      )
      // An entry that is sent again, since no answer came, goes to the same node.
      expected = dialled.peer
      return dialled.connection
    })
    super(
      remoteCalls({ connection: (signal) => connection.get(signal), signer: identity, clock, loadTextTools }),
    )
    this.transports = transports
    this.connection = connection
    this.connections = open
  }

  /** Closes the connection; calls under way fail with CLOSED or DISCONNECTED, later ones with CLOSED. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close()
    await Promise.all([...this.connections.keys()].map((connection) => connection[Symbol.asyncDispose]()))
    await this.transports.close()
  }
}

/** Creates the transports of a program that dials and does not listen. */
function clientTransports(
  identity: Identity,
  clock: Clock,
  { tls, quic = {}, transports: further = [] }: ConnectOptions,
): TransportManager {
  const transports = new TransportManager({ clock })
  transports.register(createHttpTransport({ clock, ...(tls && { tls }) }), { dialOnly: true })
  transports.register(createIrohTransport({ identity, clock, relay: 'off', ...quic }), { dialOnly: true })
  for (const transport of further) transports.register(transport, { dialOnly: true })
  return transports
}
