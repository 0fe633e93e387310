/**
 * Trees that peers offer to this node, since their policies name it and it does not have them. Whoever lost a disk and
 * kept the key finds here what it had. Anybody can make trees that name this node, so offers are bounded for each peer
 * and in all, and past that whoever has made most makes room.
 */
import type { Clock } from '../base/clock.ts'
import { largestCrowd } from '../base/crowd.ts'
import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { linkKey } from '../peer/links.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import type { OfferedTree } from './offer-proof.ts'

/** Where a peer said that it can be reached. */
export interface ToldAddresses {
  readonly addresses: readonly string[]
  readonly sequence: number
  readonly expiresMs: number
}

/** A tree that a peer offers. Times are milliseconds since 1970. */
export interface Offer extends OfferedTree {
  readonly peer: PeerId
  readonly told: ToldAddresses | undefined
  /** The origin of the connection on which it came. */
  readonly from: string
  readonly createdAtMs: number
  /** When it was last made, to `limits.offerNotedMs`. */
  readonly offeredAtMs: number
}

export type NewOffer = Omit<Offer, 'createdAtMs' | 'offeredAtMs'>

export class Offers {
  private readonly records: Records<Offer>
  private readonly clock: Clock
  private readonly queue = new KeyedQueue<''>()

  private constructor(records: Records<Offer>, clock: Clock) {
    this.records = records
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<Offers> {
    return new Offers(await Records.open<Offer>(db, 'offers'), clock)
  }

  /** Returns all offers, ordered by tree and peer. */
  list(): Offer[] {
    return [...this.records.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, offer]) => offer)
  }

  /**
   * Keeps an offer, or notes that it was made again. Returns it if it is new. Throws RESOURCE_EXHAUSTED if there is no room
   * for it.
   */
  note(offer: NewOffer): Promise<Offer | undefined> {
    return this.queue.run('', async () => {
      const key = linkKey(offer.tree, offer.peer)
      const now = this.clock.now()
      const before = this.records.get(key)
      if (before === undefined) await this.makeRoom(offer)
      else if (now - before.offeredAtMs < limits.offerNotedMs && sameAddresses(before, offer))
        return undefined
      const noted = { ...offer, createdAtMs: before?.createdAtMs ?? now, offeredAtMs: now }
      await this.records.set(key, noted)
      return before === undefined ? noted : undefined
    })
  }

  async remove({ tree, peer }: Pick<Offer, 'tree' | 'peer'>): Promise<void> {
    const key = linkKey(tree, peer)
    if (this.records.get(key) !== undefined) await this.records.delete([key])
  }

  /** Removes the offers of a tree. */
  removeTree(tree: TreeId): Promise<void> {
    return this.records.deleteWhere((_, offer) => offer.tree === tree)
  }

  /** Drops old offers, and at the bound the oldest one of the origin that has made most. */
  private async makeRoom({ peer, from }: NewOffer): Promise<void> {
    const idleMs = this.clock.now() - limits.offerIdleMs
    await this.records.deleteWhere((_, { offeredAtMs }) => offeredAtMs < idleMs)
    const all = [...this.records.values()]
    if (all.filter((each) => each.peer === peer).length >= limits.offersPerPeer) throw tooMany()
    if (all.length < limits.offers) return
    const crowd = largestCrowd(
      all.sort((a, b) => a.createdAtMs - b.createdAtMs),
      (each) => each.from,
    )
    const own = all.filter((each) => each.from === from).length
    if (crowd === undefined || crowd.held <= own) throw tooMany()
    await this.remove(crowd.oldest)
  }
}

function sameAddresses(a: NewOffer, b: NewOffer): boolean {
  return a.told?.addresses.join(' ') === b.told?.addresses.join(' ')
}

function tooMany(): CausewayError {
  return new CausewayError(
    'RESOURCE_EXHAUSTED',
    'Too many offers wait here: somebody has to accept or decline some.',
    { data: { retryAfterMs: limits.offerNotedMs } },
  )
}
