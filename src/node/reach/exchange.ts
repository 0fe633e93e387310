/**
 * Tells peers where this node can be reached, and takes over where they can: on each connection that it opens, in answer to
 * theirs, and when it changes. What a peer tells of itself goes into the peer book beside what was given, so that a node
 * that restarts with other addresses, or moves, is found again. Members of a tree are told of each other too.
 */
import type { Rights } from '../../access/rights.ts'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { PeerId } from '../../dag/identity.ts'
import {
  type AddressAnswer,
  type AddressRecords,
  type MemberAsk,
  type SignedBytes,
  signedBytes,
} from '../../peer/address-records.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Members } from '../members/members.ts'
import { isSocket } from './advertised.ts'
import { Observed } from './observed.ts'
import type { OwnRecord } from './own-record.ts'
import { type RecordKeeper, seenFrom, type Told } from './record-keeper.ts'

export interface ExchangeParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly transports: TransportManager
  readonly book: PeerBook
  readonly records: AddressRecords
  readonly keeper: RecordKeeper
  readonly own: OwnRecord
  readonly members: Pick<Members, 'answer' | 'take' | 'learned'>
  readonly rights: Pick<Rights, 'mayRead'>
  /** Reports whether this node or one of its trees knows a peer: others learn nothing. */
  isKnown(peer: PeerId): boolean
  /** Tells all connected peers where this node is now. */
  tellAll(): void
}

export class AddressExchange {
  private readonly parts: ExchangeParts
  readonly observed: Observed
  private toldAddresses = ''
  private cancelTimer = () => {}

  constructor(parts: ExchangeParts) {
    const { transports } = parts
    this.parts = parts
    this.observed = new Observed({
      addSocket: async (socket) => transports.get('iroh')?.addSocket?.(socket),
      removeSocket: async (socket) => transports.get('iroh')?.removeSocket?.(socket),
    })
  }

  /** Looks from now on whether the own addresses have changed. */
  start(): void {
    this.toldAddresses = this.ownAddresses()
    this.lookLater()
  }

  stop(): void {
    this.cancelTimer()
    this.parts.keeper.stop()
  }

  /**
   * Answers a peer that has called from an address, and takes over its record and those of members. Throws PROTOCOL for a
   * bad record.
   */
  async answer(
    peer: PeerId | undefined,
    { own, ask }: { readonly own?: SignedBytes | undefined; readonly ask?: MemberAsk | undefined },
    from: string,
  ): Promise<AddressAnswer> {
    const { members, rights, isKnown } = this.parts
    const observed = isSocket(from) ? from : ''
    if (peer === undefined || !isKnown(peer)) {
      // Whoever reads a public tree here knows where this node is, and may keep it.
      const reads = ask !== undefined && (await rights.mayRead(ask.tree, peer))
      return { ...(reads && { own: this.recordFor(from) }), observed }
    }
    const later = own && (await this.take(peer, own, from))
    const told = ask && (await members.answer(peer, ask, from))
    const records = [...(later ? [later] : []), ...(told?.records ?? [])]
    return { own: this.recordFor(from), observed, records, more: told?.more ?? false }
  }

  /** Returns the record for a peer that is at an address. */
  recordFor(remoteAddress: string): SignedBytes {
    return this.parts.own.issue(seenFrom(remoteAddress) !== 'everywhere')
  }

  /** Takes over what a peer at an address answered, also a later record of our own key. Throws PROTOCOL. */
  async took(
    peer: PeerId,
    { own, observed, records = [] }: AddressAnswer,
    from: { remoteAddress: string; quic: boolean },
  ): Promise<void> {
    const invited = this.parts.book.get(peer)?.uninvited !== true
    // Over HTTP a peer sees the port of an outgoing connection, at which nobody listens.
    if (from.quic && invited) await this.observed.told(originOf(from.remoteAddress), observed)
    if (own !== undefined) await this.take(peer, own, from.remoteAddress)
    for (const signed of records) {
      const record = await this.parts.keeper.readPassed(signed)
      if (record.peer === this.parts.self) this.sawOwn(record.sequence)
    }
  }

  /** A peer may have come into the book: takes over what it told before. */
  settle(peer: PeerId): Promise<void> {
    return this.parts.keeper.settle(peer)
  }

  /** Returns what a peer at an address tells of itself, without what it may not tell. Throws PROTOCOL. */
  read(peer: PeerId, signed: SignedBytes, from: string): Promise<Told> {
    return this.parts.keeper.read(peer, signed, from)
  }

  /** A record of the own key has come from somebody: tells peers a later one, if it is later than ours. */
  sawOwn(sequence: number): void {
    if (this.parts.own.saw(sequence)) this.parts.tellAll()
  }

  /** Tells peers of the own addresses if they have changed. */
  look(): void {
    const addresses = this.ownAddresses()
    if (addresses === this.toldAddresses) return
    this.toldAddresses = addresses
    this.parts.tellAll()
  }

  private lookLater(): void {
    this.cancelTimer = this.parts.clock.setTimer(limits.recordIntervalMs, () => {
      this.look()
      this.lookLater()
    })
  }

  private ownAddresses(): string {
    return this.parts.transports.getAllServerAddresses().join(' ')
  }

  /** Takes over what a peer tells of itself. Returns a later record of that peer, if one is here. */
  private async take(peer: PeerId, signed: SignedBytes, from: string): Promise<SignedBytes | undefined> {
    const { keeper, records, members } = this.parts
    const record = await keeper.readOwn(peer, signed)
    if (await keeper.keep(record, signed, from)) await members.learned(peer, peer)
    else await keeper.settle(peer)
    const kept = records.get(peer, record.near)
    return kept !== undefined && kept.sequence > record.sequence ? signedBytes(kept) : undefined
  }
}
