/**
 * A program's connection to one node: opened by the first call, and again after it was lost. The node proves its key
 * before anything else is said to it, and then the program proves its own.
 */
import type { DescService } from '@bufbuild/protobuf'
import type { Client as ServiceClient } from '@connectrpc/connect'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { type PeerId, parsePeerId, type Signer } from '../../../src/dag/identity.ts'
import { isTicket, parseTicket } from '../../../src/peer/ticket.ts'
import { Calls } from '../../../src/rpc/client/calls.ts'
import { KeptConnection } from '../../../src/rpc/client/kept-connection.ts'
import { remoteCalls } from '../../../src/rpc/client/store-calls.ts'
import { Stores } from '../../../src/state/api/stores.ts'
import { createDialer, type Dialer, type OpenConnection } from './dial.ts'
import { Key } from './key.ts'
import { Trees } from './trees.ts'

export interface ClientOptions {
  /** The key that is proven to the node, and that signs what is written. Default: none, for public trees. */
  readonly key?: Signer | undefined
  /** The node's PeerId. Default: the ticket's, or that of the node which answers first; from then on no other's. */
  readonly peer?: string | undefined
  /** Certificate authorities to trust beside those of the system, in PEM. In browsers it has no effect. */
  readonly ca?: string | undefined
  /**
   * Allows to prove the key over plain HTTP that leaves this machine: anyone on the path can then read and change what is
   * said. Default: false.
   */
  readonly insecure?: boolean | undefined
  /** Time and randomness. Default: the machine's. */
  readonly clock?: Clock | undefined
}

/**
 * Returns a client of the node at an address, such as `https://node.example`, or of a ticket's. Nothing is dialled before
 * the first call. Dispose it when you are done. Throws INVALID_ARGUMENT for a malformed ticket or PeerId.
 */
export function connect(address: string, options: ClientOptions = {}): Client {
  return new Client(address, options)
}

export class Client implements AsyncDisposable {
  /** The trees of the node, and their entries. */
  readonly trees: Trees
  /** The stores of these trees: keys with values. */
  readonly stores: Stores
  private readonly dialer: Dialer
  private readonly connection: KeptConnection<OpenConnection>

  constructor(address: string, { key, peer, ca, insecure = false, clock = systemClock }: ClientOptions) {
    const ticket = isTicket(address) ? parseTicket(address) : undefined
    const addresses = ticket?.addresses ?? [address]
    let expected = peer === undefined ? ticket?.peer : parsePeerId(peer)
    this.dialer = createDialer({ addresses, signer: key, ca, insecure, clock })
    this.connection = new KeptConnection(async (signal) => {
      const connection = await this.dialer.dial(expected, signal)
      expected = connection.peer
      return connection
    })
    const parts = { connection: (signal: AbortSignal) => this.connection.get(signal), clock }
    this.trees = new Trees(new Calls(parts))
    // Without a key the node refuses to prepare a write, so nothing is ever signed with this one.
    this.stores = new Stores(remoteCalls({ ...parts, signer: key ?? Key.generate() }))
  }

  /** Returns the node's PeerId, which it has proven. */
  async peer(signal: AbortSignal = never): Promise<PeerId> {
    return (await this.connection.get(signal)).peer
  }

  /** Returns a client of a service of the contract, such as `proto.NodeService`, on the open connection. */
  async service<Service extends DescService>(
    service: Service,
    signal: AbortSignal = never,
  ): Promise<ServiceClient<Service>> {
    return (await this.connection.get(signal)).client(service)
  }

  /** Closes the connection. Calls under way fail with CLOSED or DISCONNECTED, later ones with CLOSED. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close()
    await this.dialer.close()
  }
}

const never = new AbortController().signal
