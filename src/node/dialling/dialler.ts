/**
 * Opens the outbound connections of a node, each as `dialPeer` does. Records in the peer book which address worked, and
 * keeps track of the open connections.
 */

import type { Interceptor } from '@connectrpc/connect'
import type { AccessAnswer, AccessAsk } from '../../access/desk.ts'
import type { RightsGuard } from '../../access/rights-guard.ts'
import { type Clock, isCancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { dialOrder, type PeerBook } from '../../peer/book.ts'
import type { Caller } from '../../rpc/caller.ts'
import type { RpcConnection } from '../../rpc/client/connection.ts'
import { exchangeAddresses } from '../../rpc/client/exchange-addresses.ts'
import { RpcPeerConnection } from '../../rpc/client/peer-connection.ts'
import { createRemote } from '../../rpc/client/remote.ts'
import type { ConnectionInfo } from '../../rpc/services/node-service.ts'
import { withPatience } from '../../sync/ask/patience.ts'
import type { Remote } from '../../sync/remote.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Clocks } from '../doctor/clocks.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import { type DialledPeer, dialPeer } from './dial-peer.ts'

/** A dialled peer, as sessions speak to it. */
export interface DialResult extends DialledPeer {
  readonly remote: Remote
}

export interface DiallerParts {
  readonly transports: TransportManager
  readonly book: PeerBook
  readonly clock: Clock
  readonly identity: Identity
  readonly guard: RightsGuard
  /** What every call passes, in order. */
  readonly calling: readonly Interceptor[]
  /** Where this node is: told on each connection to a peer of the book. */
  readonly exchange: Pick<AddressExchange, 'recordFor' | 'took'>
  /** What peers show of their clocks. */
  readonly clocks: Pick<Clocks, 'showed'>
  /** Whether plain HTTP that leaves this machine may carry what is said. */
  readonly insecure: boolean
}

export class Dialler {
  /** The open connections, each with what is known of the remote. */
  readonly open = new Map<RpcConnection, Caller>()
  private readonly transports: TransportManager
  private readonly book: PeerBook
  private readonly clock: Clock
  private readonly identity: Identity
  private readonly guard: RightsGuard
  private readonly calling: readonly Interceptor[]
  private readonly exchange: DiallerParts['exchange']
  private readonly clocks: DiallerParts['clocks']
  private readonly insecure: boolean

  constructor({
    transports,
    book,
    clock,
    identity,
    guard,
    calling,
    exchange,
    clocks,
    insecure,
  }: DiallerParts) {
    this.transports = transports
    this.book = book
    this.clock = clock
    this.identity = identity
    this.guard = guard
    this.calling = calling
    this.exchange = exchange
    this.clocks = clocks
    this.insecure = insecure
  }

  /**
   * Connects to the first of the addresses at which a peer proves its key: the `expected` one, or any. Throws the
   * dial's error, such as UNREACHABLE or WRONG_PEER, if there is no such address.
   */
  async dial(
    addresses: readonly string[],
    expected: PeerId | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DialResult> {
    const { transports, clock, identity, open, insecure, calling } = this
    const onClock = (peer: PeerId, aheadMs: number) => this.clocks.showed(peer, aheadMs)
    const parts = { transports, clock, signer: identity, open, insecure, calling, onClock }
    const { connection, peer, address } = await dialPeer(parts, addresses, expected, signal)
    const remote = this.guard.remote(withPatience(createRemote(connection, clock), clock), peer)
    return { connection, remote, peer, address }
  }

  /** Connects to a peer of the peer book. Throws UNKNOWN_PEER, UNREACHABLE if it has no address, and as `dial`. */
  async connect(peer: PeerId, signal: AbortSignal): Promise<RpcPeerConnection> {
    const addresses = dialOrder(this.book.expect(peer), this.clock.now())
    if (addresses.length === 0)
      throw new CausewayError(
        'UNREACHABLE',
        `No address of the peer ${peer} is known: add one with \`causeway peer add\`.`,
        { data: { peer } },
      )
    try {
      const dialled = await this.dial(addresses, peer, signal)
      await this.book.note(peer, dialled.address, true)
      void this.tell(dialled.connection, peer)
      const { remoteAddress } = dialled.connection.channel
      const own = () => this.exchange.recordFor(remoteAddress)
      return new RpcPeerConnection({ ...dialled, own, clock: this.clock })
    } catch (error) {
      if (!isCancelled(signal)) for (const address of addresses) await this.book.note(peer, address, false)
      throw error
    }
  }

  /** Tells every peer to which a connection is open where this node is now. */
  tellAll(): void {
    for (const [connection, { peer }] of this.open) if (peer !== undefined) void this.tell(connection, peer)
  }

  /** Finds out soon which of the open connections are dead: the network may have changed. */
  checkAll(): void {
    for (const connection of this.open.keys()) connection.check()
  }

  /** Tells a peer where this node is, and takes over where that peer is. A peer that does not answer is as before. */
  private async tell(connection: RpcConnection, peer: PeerId): Promise<void> {
    const { remoteAddress } = connection.channel
    const quic = this.open.get(connection)?.transport === 'iroh'
    try {
      const answer = await exchangeAddresses(connection, this.exchange.recordFor(remoteAddress), this.clock)
      await this.exchange.took(peer, answer, { remoteAddress, quic })
    } catch {
      // It has no such call, or the connection is gone.
    }
  }

  /** Requests access to a tree from a peer of the peer book. */
  async requestAccess(
    peer: PeerId,
    ask: Omit<AccessAsk, 'peer'>,
    signal: AbortSignal,
  ): Promise<AccessAnswer> {
    const connection = await this.connect(peer, signal)
    try {
      return await connection.requestAccess(ask, this.clock, signal)
    } finally {
      connection.close()
    }
  }

  /** Returns the peer that answers at these addresses. */
  async whoIs(addresses: readonly string[], signal?: AbortSignal): Promise<PeerId> {
    const { connection, peer } = await this.dial(addresses, undefined, signal)
    await connection[Symbol.asyncDispose]()
    return peer
  }

  /** Returns the outbound connections. */
  connections(): ConnectionInfo[] {
    return [...this.open].map(([{ channel }, caller]) => ({ caller, path: channel.path?.(), inbound: false }))
  }

  close(): void {
    for (const connection of this.open.keys()) connection.close()
  }
}
