/**
 * What this node tells members of a tree of each other, and takes over of what they tell. The record of a member crosses
 * only to a peer that may read the tree and that its policy names, and only if the policy names the member too. Addresses
 * that only a private network reaches cross only between peers that are seen there. See docs/security.md.
 */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Rights } from '../../access/rights.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { AddressRecord } from '../../find/record.ts'
import {
  type AddressRecords,
  type KeptRecord,
  type KnownRecord,
  type MemberAsk,
  type SignedBytes,
  signedBytes,
} from '../../peer/address-records.ts'
import type { PeerBook } from '../../peer/book.ts'
import { callListener } from '../../store/contributors.ts'
import { sample } from '../../sync/sample.ts'
import { type RecordKeeper, seenFrom } from '../reach/record-keeper.ts'

export interface MembersParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly rights: Rights
  readonly named: NamedPeers
  readonly book: PeerBook
  readonly records: AddressRecords
  readonly keeper: Pick<RecordKeeper, 'keep' | 'readPassed' | 'settle'>
  /** A record of the own key has come. */
  sawOwn(sequence: number): void
}

/** Called when a record of a member was learned, with the tree and who told it; undefined: the policy has changed. */
type NewsListener = (tree: TreeId, member: PeerId | undefined, teller: PeerId | undefined) => void

/** A record of a peer that may cross to another one. */
export interface Tellable {
  readonly peer: PeerId
  readonly kept: KeptRecord
}

export class Members {
  private readonly parts: MembersParts
  private readonly listeners = new Set<NewsListener>()

  constructor(parts: MembersParts) {
    this.parts = parts
    // Others may be members now.
    parts.named.onChange((tree) => this.tell(tree, undefined, undefined))
  }

  /** Calls `listener` for each tree of a member whose record is new here, until the returned function is called. */
  onNews(listener: NewsListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Reports whether a tree that is here names a peer, and lets it read. */
  async isMember(tree: TreeId, peer: PeerId): Promise<boolean> {
    try {
      const { rights } = this.parts
      return (await rights.isNamed(tree, peer)) && (await rights.mayRead(tree, peer))
    } catch (error) {
      // The policy of a tree that is set aside cannot be asked.
      if (CausewayError.from(error).code === 'STORE_CORRUPT') return false
      throw error
    }
  }

  /** Answers a peer at an address that asks for the records of a tree's members. Throws PROTOCOL for bad news. */
  async answer(
    peer: PeerId,
    { tree, known, news, limit }: MemberAsk,
    from: string,
  ): Promise<{ records: SignedBytes[]; more: boolean }> {
    if (!(await this.isMember(tree, peer))) return { records: [], more: false }
    await this.take(tree, peer, news, from)
    const has = new Map(known.map((each) => [nameOf(each.prefix, each.near), each.sequence]))
    const lacking = (await this.tellable(tree, peer, from)).filter(
      (each) => (has.get(nameOf(each.peer, each.kept.near)) ?? 0) < each.kept.sequence,
    )
    // The latest first, so that news spread; and some at random, so that all come across.
    lacking.sort((a, b) => b.kept.sequence - a.kept.sequence)
    const latest = lacking.slice(0, Math.ceil(limit / 2))
    const others = sample(lacking.slice(latest.length), limit - latest.length, this.parts.clock.random)
    const records = [...latest, ...others].map(({ kept }) => signedBytes(kept))
    return { records, more: lacking.length > records.length }
  }

  /** Returns which records of a tree's members this node has, for a question. */
  known(tree: TreeId): KnownRecord[] {
    const { clock, named, records } = this.parts
    const all = named
      .members(tree)
      .flatMap((peer) =>
        records.of(peer).map(({ near, sequence }) => ({ prefix: peer.slice(0, 16), near, sequence })),
      )
    if (all.length <= limits.knownRecords) return all
    all.sort((a, b) => b.sequence - a.sequence)
    const half = limits.knownRecords / 2
    return [...all.slice(0, half), ...sample(all.slice(half), half, clock.random)]
  }

  /** Returns the records of a tree's members that a peer at an address may be told, in no order. */
  async tellable(tree: TreeId, peer: PeerId, from: string): Promise<Tellable[]> {
    if (!(await this.isMember(tree, peer))) return []
    const { named, records, book, self } = this.parts
    const seen = seenFrom(from)
    const found: Tellable[] = []
    for (const member of named.members(tree)) {
      if (member === peer || member === self || book.get(member)?.blocked) continue
      for (const kept of records.of(member))
        if (this.mayPass(kept) && (!kept.near || (kept.seen === seen && seen !== 'everywhere')))
          found.push({ peer: member, kept })
    }
    return found
  }

  /**
   * Takes over records of a tree's members that a peer at an address told. Returns those that were new. Those of peers that
   * the tree does not name are left out: this node may lack the entry that names them. Throws PROTOCOL for the first bad
   * one; those before it stay.
   */
  async take(
    tree: TreeId,
    teller: PeerId,
    list: readonly SignedBytes[],
    from: string,
  ): Promise<AddressRecord[]> {
    const { self, keeper, sawOwn } = this.parts
    const taken: AddressRecord[] = []
    if (list.length === 0 || !(await this.isMember(tree, teller))) return taken
    for (const signed of list) {
      const record = await keeper.readPassed(signed)
      if (record.peer === self) {
        sawOwn(record.sequence)
        continue
      }
      if (!(await this.isMember(tree, record.peer))) continue
      if (!(await keeper.keep(record, signed, from, { passed: true }))) continue
      taken.push(record)
      await this.learned(record.peer, teller)
    }
    return taken
  }

  /** A new record of a peer is kept: tells the listeners, for each tree that names it. */
  async learned(peer: PeerId, teller: PeerId): Promise<void> {
    await this.parts.keeper.settle(peer)
    for (const tree of this.parts.named.treesNaming(peer)) this.tell(tree, peer, teller)
  }

  private tell(tree: TreeId, member: PeerId | undefined, teller: PeerId | undefined): void {
    for (const listener of this.listeners) callListener(() => listener(tree, member, teller))
  }

  /** Whether a record holds long enough for peers whose clocks differ. */
  private mayPass({ sequence, ttlSeconds }: KeptRecord): boolean {
    return sequence + ttlSeconds * 1_000 > this.parts.clock.now() + limits.recordMarginMs
  }
}

function nameOf(peer: string, near: boolean): string {
  return `${peer.slice(0, 16)}${near ? 'near' : 'wide'}`
}
