/**
 * Gives trees back to peers that have lost them, and takes back what this node has lost. Whoever holds a tree whose policy
 * names a peer offers it when the peer says that it has no such tree. There a person accepts, which links the tree with
 * the peer; a tree whose root the node's own key signed is taken without asking. The link is durable before the offer
 * goes, so a kill in between loses nothing.
 */
import { type OfferAnswer, type OfferProof, proveOffer, readOffer } from '../../access/offer-proof.ts'
import type { Offer, Offers, ToldAddresses } from '../../access/offers.ts'
import { CausewayError } from '../../base/errors.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { PeerConnection } from '../../dispatcher/connection.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { SignedBytes } from '../../peer/address-records.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { Links } from '../../peer/links.ts'
import type { DagStore } from '../../store/store.ts'
import type { AddressExchange } from '../reach/exchange.ts'

export interface OfferingParts {
  readonly self: PeerId
  readonly store: DagStore
  readonly offers: Offers
  readonly book: PeerBook
  readonly links: Links
  readonly dispatcher: Dispatcher
  readonly exchange: Pick<AddressExchange, 'read'>
  /** Adds a peer to the peer book; see `Node.addPeer`. */
  addPeer(peer: PeerId, details: { addresses: readonly string[] }): Promise<unknown>
  /** Called with each new offer that waits for a person. */
  onOffer(offer: Offer): void
}

/** Which offers a person means: those of a tree, of a peer, or of both. */
export interface OfferFilter {
  readonly tree?: TreeId | undefined
  readonly peer?: PeerId | undefined
}

export class Offering {
  private readonly parts: OfferingParts
  /** One decision at a time, so that the bounds hold. */
  private readonly queue = new KeyedQueue<''>()

  constructor(parts: OfferingParts) {
    this.parts = parts
  }

  /**
   * Answers the offer of a peer that has proven its key. The answer does not depend on whether the tree is here, of which
   * the peer may know nothing. Throws what `readOffer` throws, PROTOCOL for a bad address record, and RESOURCE_EXHAUSTED.
   */
  async answer(
    peer: PeerId,
    proof: OfferProof,
    own: SignedBytes | undefined,
    remoteAddress: string,
  ): Promise<OfferAnswer> {
    const { self, links, exchange } = this.parts
    const offered = await readOffer(proof, self)
    const { tree } = offered
    const told = own && (await exchange.read(peer, own, remoteAddress))
    return this.queue.run('', async () => {
      if (links.wasEnded(tree, peer)) return 'declined'
      const link = links.get(tree, peer)
      if (link !== undefined)
        return link.lackedTree && link.lastSuccessMs === undefined && link.settings.pull
          ? 'wanted'
          : 'waiting'
      if (offered.author === self && (await this.takeBack(tree, peer, told))) return 'wanted'
      const offer = await this.parts.offers.note({ ...offered, peer, told, from: originOf(remoteAddress) })
      if (offer !== undefined && this.isOpen(offer)) this.parts.onOffer(offer)
      return 'waiting'
    })
  }

  /** Returns the offers that wait for a person, ordered by tree and peer. */
  list(): Offer[] {
    return this.parts.offers.list().filter((offer) => this.isOpen(offer))
  }

  /**
   * Accepts offers: links their trees with their peers. Returns them. Throws UNKNOWN_REQUEST if there is no such offer, and
   * LIMIT_EXCEEDED past the bounds on peers and links.
   */
  accept(filter: OfferFilter): Promise<Offer[]> {
    return this.decide(filter, async ({ tree, peer, told }) => {
      const { book, addPeer, dispatcher } = this.parts
      await addPeer(peer, { addresses: [] })
      if (told !== undefined) await book.tell(peer, told)
      await dispatcher.link(tree, peer)
    })
  }

  /** Declines offers, and those that these peers make of these trees later. Returns them. Throws UNKNOWN_REQUEST. */
  decline(filter: OfferFilter): Promise<Offer[]> {
    return this.decide(filter, ({ tree, peer }) => this.parts.links.refuse(tree, peer))
  }

  /**
   * Offers a tree to a connected peer that says that it has no such tree. Returns what becomes of it; undefined if there is
   * nothing to offer, or the peer knows no offers.
   */
  async offer(connection: PeerConnection, tree: TreeId): Promise<OfferAnswer | undefined> {
    const proof = await proveOffer(this.parts.store, tree, connection.peer)
    if (proof === undefined || connection.offerTree === undefined) return undefined
    try {
      return await connection.offerTree(proof)
    } catch (error) {
      if (CausewayError.from(error).code === 'UNIMPLEMENTED') return undefined
      throw error
    }
  }

  /** Whether an offer is of use: the tree is not here. */
  private isOpen({ tree }: Pick<Offer, 'tree'>): boolean {
    return this.parts.store.tree(tree) === undefined
  }

  private decide(filter: OfferFilter, act: (offer: Offer) => Promise<unknown>): Promise<Offer[]> {
    return this.queue.run('', async () => {
      const { tree, peer } = filter
      const chosen = this.list().filter(
        (offer) => (tree ?? offer.tree) === offer.tree && (peer ?? offer.peer) === offer.peer,
      )
      if (chosen.length === 0)
        throw new CausewayError('UNKNOWN_REQUEST', 'There is no such offer: `causeway offers` lists them.')
      for (const offer of chosen) {
        await act(offer)
        await this.parts.offers.remove(offer)
      }
      return chosen
    })
  }

  /**
   * Links a tree that this node began with a peer that offers it. Returns false if a person has to decide, as past a bound.
   * True, and nothing is done, if the tree is here: whether it is must not show.
   */
  private async takeBack(tree: TreeId, peer: PeerId, told: ToldAddresses | undefined): Promise<boolean> {
    const { book, links, dispatcher } = this.parts
    if (!this.isOpen({ tree })) return true
    const isFull = links.size >= limits.links / 2 || book.size >= limits.peers / 2
    if (isFull || links.ofTree(tree).length >= limits.offersTakenOfTree) return false
    if (book.get(peer) === undefined) await book.add(peer, { uninvited: true })
    if (told !== undefined) await book.tell(peer, told)
    await dispatcher.linkIf(tree, peer, () => !links.wasEnded(tree, peer))
    return true
  }
}
