/** A connection as the dispatcher uses it: a remote for sessions, a watch, and a notice of its end. */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { AccessAnswer, AccessAsk } from '../../access/desk.ts'
import type { OfferAnswer, OfferProof } from '../../access/offer-proof.ts'
import type { Clock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { AddressAnswer, MemberAsk, SignedBytes } from '../../peer/address-records.ts'
import type { WatchedTree } from '../../sync/answer/tree-watch.ts'
import type { WatchMessage } from '../../sync/answer/watch.ts'
import type { Remote } from '../../sync/remote.ts'
import { readWatchMessage, writeWatchRequest } from '../convert-sync.ts'
import { RpcBlobPeer } from './blob-peer.ts'
import { callError } from './calls.ts'
import type { RpcConnection } from './connection.ts'
import { exchangeAddresses } from './exchange-addresses.ts'
import { offerTree } from './offer-tree.ts'
import { requestAccess } from './request-access.ts'

export interface PeerConnectionParts {
  readonly connection: RpcConnection
  readonly peer: PeerId
  readonly address: string
  /** The remote for sessions over the connection. */
  readonly remote: Remote
  /** Returns where we are, for this peer. */
  readonly own: () => SignedBytes
  readonly clock: Clock
}

export class RpcPeerConnection {
  readonly peer: PeerId
  readonly address: string
  readonly remote: Remote
  private readonly connection: RpcConnection
  private readonly own: () => SignedBytes
  private readonly clock: Clock

  constructor({ connection, peer, address, remote, own, clock }: PeerConnectionParts) {
    this.connection = connection
    this.peer = peer
    this.address = address
    this.remote = remote
    this.own = own
    this.clock = clock
  }

  /** How long a round trip takes: as the transport last measured it, or else a ping of the connection. */
  get roundTripMs(): number | undefined {
    return this.connection.channel.path?.()?.roundTripMs ?? this.connection.roundTripMs
  }

  /** The address of the peer as the connection sees it. */
  get remoteAddress(): string {
    return this.connection.channel.remoteAddress
  }

  /** Why the connection ended; undefined while it lives. */
  get endReason(): CausewayError | undefined {
    return this.connection.ended
  }

  /** Calls `listener` once when the connection has ended. */
  onEnd(listener: () => void): void {
    const { stream } = this.connection.channel
    if (stream.closed) queueMicrotask(listener)
    else stream.once('close', listener)
  }

  /** Watches these trees: yields the remote's messages until the signal fires. */
  async *watch(trees: readonly WatchedTree[], signal: AbortSignal): AsyncGenerator<WatchMessage> {
    try {
      const answers = this.connection.client(SyncService).watch(writeWatchRequest(trees), { signal })
      for await (const answer of answers) yield readWatchMessage(answer)
    } catch (error) {
      throw callError(this.connection, error, signal)
    }
  }

  /** Returns what asks the peer for chunks of blobs. Closing it closes the connection. */
  blobs(clock: Clock): RpcBlobPeer {
    return new RpcBlobPeer(this.connection, clock)
  }

  /** Offers the peer a tree of which it has none. */
  offerTree(proof: OfferProof): Promise<OfferAnswer> {
    return offerTree(this.connection, proof, this.own(), this.clock)
  }

  /** Tells the peer where we are, and exchanges records of a tree's members with it. */
  exchangeAddresses(ask: MemberAsk): Promise<AddressAnswer> {
    return exchangeAddresses(this.connection, this.own(), this.clock, ask)
  }

  /** Asks the peer for access to a tree. */
  requestAccess(ask: Omit<AccessAsk, 'peer'>, clock: Clock, signal: AbortSignal): Promise<AccessAnswer> {
    return requestAccess(this.connection, ask, clock, signal)
  }

  close(): void {
    this.connection.close()
  }
}
