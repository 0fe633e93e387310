/**
 * With whom a member of a tree keeps live links, when the tree has too many members to link all with all: a few active
 * neighbours, and more members that may replace them. Who is active is agreed between two members: one asks, the other
 * accepts or refuses. After HyParView (Leitão, Pereira, Rodrigues, "HyParView: a membership protocol for reliable
 * gossip-based broadcast", DSN 2007), with the choice of near and lasting neighbours added.
 *
 * Pure: it dials nothing and has no clock. Randomness is injected, and `nowMs` is monotonic.
 */
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { Pauses } from './pauses.ts'

/** A member of the tree, as far as it matters for the choice. */
export interface Member {
  readonly peer: PeerId
  /** Undefined: not measured yet. */
  readonly roundTripMs: number | undefined
  /** Whether it is a server, which is there most of the time. */
  readonly stays: boolean
  /** Whether it is a neighbour in another tree, so that a connection to it is there anyway. */
  readonly shared: boolean
  /** Whether it has an address. Without one it can only ask, and is not chosen. */
  readonly dialable: boolean
}

/** Why a neighbour was chosen; `inbound`: it asked. */
export type Kind = 'near' | 'stays' | 'random' | 'inbound'

/** An exchange: `add` is asked, and when it has accepted, `drop` goes. */
export interface Swap {
  readonly add: PeerId
  readonly drop: PeerId
}

export class Neighbourhood {
  private readonly random: () => number
  private readonly kinds = new Map<PeerId, Kind>()
  /** Members that may become active, at most `limits.passiveNeighbours`. */
  private readonly others = new Map<PeerId, Member>()
  /** Members that were asked in vain. */
  readonly pauses = new Pauses()

  /** `random` returns numbers from 0 to 1. */
  constructor(random: () => number) {
    this.random = random
  }

  /** The active neighbours, with those that were asked and have not answered yet. */
  get active(): ReadonlyMap<PeerId, Kind> {
    return this.kinds
  }

  /** The members that may replace them. */
  get passive(): readonly PeerId[] {
    return [...this.others.keys()]
  }

  /**
   * Takes over what is known of the members now. Those that are passive stay so; a random choice of the others joins them.
   * Whoever cannot be dialled is not passive. Returns the active neighbours that are no members any more; each is dropped.
   */
  offer(members: readonly Member[]): PeerId[] {
    const known = new Map(members.map((member) => [member.peer, member]))
    for (const peer of this.others.keys()) {
      const member = known.get(peer)
      if (member?.dialable !== true || this.kinds.has(peer)) this.others.delete(peer)
      else this.others.set(peer, member)
    }
    const free = members.filter(
      ({ peer, dialable }) => dialable && !this.others.has(peer) && !this.kinds.has(peer),
    )
    // Ends with the members or the room, whichever is less.
    while (this.others.size < limits.passiveNeighbours && free.length > 0) {
      const [member] = free.splice(this.below(free.length), 1)
      this.others.set(member!.peer, member!)
    }
    const gone = [...this.kinds.keys()].filter((peer) => !known.has(peer))
    for (const peer of gone) this.kinds.delete(peer)
    this.pauses.keep(known)
    return gone
  }

  /**
   * Chooses a neighbour to ask, and counts it as active until it refuses. Undefined if there are enough, or no member is
   * left. First a server, then the nearest, then others at random: of these, members that are neighbours in other trees
   * first, but never all of them, so that few members who share trees do not become an island. Whoever was asked in vain
   * is asked again after a pause, or before it if there are fewer than `limits.neighboursLeast` and nobody else is left.
   */
  choose(nowMs: number): PeerId | undefined {
    if (this.kinds.size >= limits.neighbours) return undefined
    const chosen = this.pick(nowMs)
    if (chosen !== undefined) this.enter(chosen.member.peer, chosen.kind)
    return chosen?.member.peer
  }

  /**
   * A member asks to be a neighbour; `urgent`: it has no other. Returns false if it is refused. If there is no room, an
   * urgent one takes the place of another, which is in `instead`.
   */
  admit(peer: PeerId, urgent: boolean): { readonly instead?: PeerId } | false {
    if (this.kinds.has(peer)) return {}
    this.pauses.forget(peer)
    if (this.kinds.size < limits.neighboursMax) {
      this.enter(peer, 'inbound')
      return {}
    }
    if (!urgent) return false
    const instead = this.anyOf(this.replaceable())
    if (instead === undefined) return false
    this.kinds.delete(instead)
    this.enter(peer, 'inbound')
    return { instead }
  }

  /** A member is an active neighbour already: from before a restart, or from when the tree had fewer members. */
  adopt(peer: PeerId): void {
    this.enter(peer, 'random')
  }

  /** A neighbour goes, by no fault of its own. */
  remove(peer: PeerId): void {
    this.kinds.delete(peer)
  }

  /** A neighbour refused, was lost, dropped this node or may not read the tree. It is asked again after a pause. */
  failed(peer: PeerId, nowMs: number): void {
    if (this.kinds.delete(peer)) this.pauses.begin(peer, nowMs)
  }

  /**
   * Chooses an exchange of one neighbour: a nearer one for the farthest of the near ones, if one is known, otherwise a
   * random one. `add` then counts as active. Undefined if there is nobody to exchange.
   */
  swap(members: readonly Member[], nowMs: number): Swap | undefined {
    if (this.kinds.size < limits.neighbours) return undefined
    const { add, drop, kind } = this.nearer(members, nowMs) ?? this.mixing(nowMs) ?? {}
    if (add === undefined || drop === undefined) return undefined
    this.enter(add, kind!)
    return { add, drop }
  }

  /** Returns a random active neighbour, for a comparison. */
  anyActive(): PeerId | undefined {
    return this.anyOf([...this.kinds.keys()])
  }

  /** Returns a random passive one. */
  anyPassive(): PeerId | undefined {
    return this.anyOf(this.passive)
  }

  private pick(nowMs: number): { member: Member; kind: Kind } | undefined {
    const free = this.ready(nowMs)
    if (free.length === 0) return undefined
    const servers = free.filter(({ stays }) => stays)
    if (this.count('stays') < limits.neighboursStay && servers.length > 0)
      return { member: this.anyOf(servers)!, kind: 'stays' }
    const nearest = nearestOf(free)
    if (this.count('near') < limits.neighboursNear && nearest !== undefined)
      return { member: nearest, kind: 'near' }
    const shared = free.filter((member) => member.shared)
    // The first of the random ones is any member.
    const mixed = this.count('random') === 0 || shared.length === 0
    return { member: this.anyOf(mixed ? free : shared)!, kind: 'random' }
  }

  /** Returns those that can be asked now: who never failed, else whose pause is over, else the next, if that is urgent. */
  private ready(nowMs: number): readonly Member[] {
    const all = [...this.others.values()].map((member) => ({
      member,
      endsMs: this.pauses.endOf(member.peer),
    }))
    const earliest = Math.min(...all.map(({ endsMs }) => endsMs))
    const never = Number.NEGATIVE_INFINITY
    if (earliest > nowMs && this.kinds.size >= limits.neighboursLeast) return []
    const latest = earliest === never ? never : Math.max(earliest, nowMs)
    return all.filter(({ endsMs }) => endsMs <= latest).map(({ member }) => member)
  }

  private nearer(members: readonly Member[], nowMs: number): (Swap & { kind: Kind }) | undefined {
    const tripOf = new Map(members.map(({ peer, roundTripMs }) => [peer, roundTripMs]))
    const near = [...this.kinds].filter(([, kind]) => kind === 'near').map(([peer]) => peer)
    const trip = (peer: PeerId) => tripOf.get(peer) ?? Number.POSITIVE_INFINITY
    const drop = near.sort((a, b) => trip(b) - trip(a))[0]
    const add = nearestOf(this.ready(nowMs))
    if (drop === undefined || add === undefined || add.roundTripMs! >= 0.8 * trip(drop)) return undefined
    return { add: add.peer, drop, kind: 'near' }
  }

  private mixing(nowMs: number): (Swap & { kind: Kind }) | undefined {
    const add = this.anyOf(this.ready(nowMs))?.peer
    const drop = this.anyOf(this.replaceable())
    return add === undefined || drop === undefined ? undefined : { add, drop, kind: 'random' }
  }

  /** The neighbours that were chosen for nothing in particular; all if there are no such. */
  private replaceable(): PeerId[] {
    const random = [...this.kinds].filter(([, kind]) => kind === 'random' || kind === 'inbound')
    return (random.length > 0 ? random : [...this.kinds]).map(([peer]) => peer)
  }

  private enter(peer: PeerId, kind: Kind): void {
    this.kinds.set(peer, kind)
    this.others.delete(peer)
  }

  private count(kind: Kind): number {
    return [...this.kinds.values()].filter((each) => each === kind).length
  }

  private anyOf<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)]
  }

  private below(count: number): number {
    return Math.floor(this.random() * count)
  }
}

function nearestOf(members: readonly Member[]): Member | undefined {
  let nearest: Member | undefined
  for (const member of members)
    if (
      member.roundTripMs !== undefined &&
      member.roundTripMs < (nearest?.roundTripMs ?? Number.POSITIVE_INFINITY)
    )
      nearest = member
  return nearest
}
