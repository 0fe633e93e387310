/**
 * How a node grants access to its trees and requests access to others: connects the desk where peers ask, the joiner
 * that asks peers, their records, and the automatic links to the rest of the node.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { AppBook } from '../../access/apps.ts'
import { type AccessAnswer, type AccessAsk, AccessDesk } from '../../access/desk.ts'
import { Invitations } from '../../access/invitations.ts'
import { Joins } from '../../access/joins.ts'
import { type Offer, Offers } from '../../access/offers.ts'
import { type AccessRequest, AccessRequests } from '../../access/requests.ts'
import type { Rights } from '../../access/rights.ts'
import type { Clock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import { hexToBytes } from '../../dag/hex.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { Links } from '../../peer/links.ts'
import { parseTicket } from '../../peer/ticket.ts'
import type { PeerCalls } from '../../rpc/services/sync-service.ts'
import type { Database } from '../../store/database/open.ts'
import type { DagStore } from '../../store/store.ts'
import type { JoinOptions } from '../options.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import { AutoLink } from './auto-link.ts'
import { Joiner, type JoinStanding } from './joiner.ts'
import { Offering } from './offering.ts'

/** The records of requests, invitations and joins, which survive a restart. */
export interface AccessRecords {
  readonly requests: AccessRequests
  readonly invitations: Invitations
  readonly joins: Joins
  readonly apps: AppBook
  readonly offers: Offers
}

/** Opens the records. Throws STORE_CORRUPT. */
export async function openAccessRecords(
  db: Database,
  identity: Identity,
  clock: Clock,
): Promise<AccessRecords> {
  const [requests, invitations, joins, apps, offers] = await Promise.all([
    AccessRequests.open(db, identity, clock),
    Invitations.open(db, clock),
    Joins.open(db),
    AppBook.open(db),
    Offers.open(db, clock),
  ])
  return { requests, invitations, joins, apps, offers }
}

export interface JoiningParts extends AccessRecords {
  readonly self: PeerId
  readonly store: DagStore
  readonly book: PeerBook
  readonly links: Links
  readonly clock: Clock
  readonly rights: Rights
  readonly grant: (tree: TreeId, peer: PeerId, permission: Permission) => Promise<unknown>
  readonly dispatcher: Dispatcher
  /** Whether trees are linked automatically with the peers that are served them. */
  readonly autoLink: boolean
  /** Adds a peer to the peer book; see `Node.addPeer`. */
  addPeer(
    peer: PeerId | undefined,
    details: { addresses: readonly string[] },
    signal?: AbortSignal,
  ): Promise<{ readonly peer: PeerId }>
  /** Requests access to a tree from a peer. */
  ask(peer: PeerId, ask: Omit<AccessAsk, 'peer'>, signal: AbortSignal): Promise<AccessAnswer>
  /** What peers tell of their addresses. */
  readonly exchange: Pick<AddressExchange, 'read'>
  readonly onRequest: (request: AccessRequest) => void
  readonly onOffer: (offer: Offer) => void
  readonly onJoin: (standing: JoinStanding) => void
  readonly onError: (error: unknown, where: string) => void
}

export class Joining {
  readonly desk: AccessDesk
  /** Trees that peers have lost, or this node. */
  readonly offering: Offering
  /** What the calls of peers mean for links and joins. */
  readonly calls: PeerCalls
  private readonly joiner: Joiner
  private readonly parts: JoiningParts

  constructor(parts: JoiningParts) {
    const { self, rights } = parts
    this.parts = parts
    const { permission } = rights
    const { dispatcher } = parts
    const autoLink = parts.autoLink ? new AutoLink(parts) : undefined
    this.calls = {
      onContact: (peer) => this.onContact(peer),
      onServed: async (tree, peer) => autoLink?.onServed(tree, peer),
      onWatched: (tree, peer) => dispatcher.watchedBy(tree, peer),
      onAsked: async (tree, peer, urgent) => {
        await autoLink?.onAsked(tree, peer, urgent)
        return dispatcher.mesh.admit(tree, peer, urgent)
      },
      holds: (tree, peer) => dispatcher.mesh.holds(tree, peer),
      onDrop: (listener) => dispatcher.mesh.onDrop(listener),
      select: (...args) => dispatcher.spreading.select(...args),
      onSent: (...args) => dispatcher.spreading.sent(...args),
      onEqual: (tree, peer, sequence) => dispatcher.confirmEqual(tree, peer, sequence),
    }
    this.desk = new AccessDesk({ ...parts, permission })
    this.offering = new Offering(parts)
    this.joiner = new Joiner({
      ...parts,
      permission: (tree) => permission(tree, self),
      onChange: parts.onJoin,
      ask: ({ invitation, ...join }, signal) =>
        parts.ask(join.peer, { ...join, ...(invitation && { invitation: hexToBytes(invitation) }) }, signal),
    })
  }

  /** Requests access from the issuer of a ticket, after storing the join; see `Node.join`. */
  async join(text: string, options: JoinOptions): Promise<JoinStanding> {
    const { tree, peer: issuer, addresses, invitation } = parseTicket(text)
    const { permission = Permission.READ, signal, goOn } = options
    const { peer } = await this.parts.addPeer(issuer, { addresses }, signal)
    // Asking again without a message does not take back the one that the admins have.
    const message = options.message || (this.parts.joins.get(tree, peer)?.message ?? '')
    if (goOn) this.start()
    return this.joiner.join({ tree, peer, permission, message, ...(invitation && { invitation }) })
  }

  /** Starts syncing links and asking for pending joins. */
  start(): void {
    this.parts.dispatcher.start()
    this.joiner.start()
  }

  /** Called when a peer can be reached: retries its links and joins now. */
  onContact(peer: PeerId): void {
    this.parts.dispatcher.peerContacted(peer)
    this.joiner.onContact(peer)
  }

  /** Returns why a link has to wait; see `Joiner.waitReason`. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined {
    return this.joiner.waitReason(tree, peer)
  }

  close(): Promise<void> {
    return this.joiner.close()
  }
}
