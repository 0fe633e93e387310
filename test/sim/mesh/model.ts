/**
 * A tree with very many members, as a model: each member has the real choice of neighbours and the real decision between
 * eager and lazy, and nothing else is real. Messages take the time of their path, in virtual time, and all randomness
 * comes from one seed. It measures what no single member sees: hops, copies, connectedness.
 */
import { limits } from '../../../src/base/limits.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { type Member, Neighbourhood } from '../../../src/dispatcher/mesh/neighbourhood.ts'
import { isYoung, Spread } from '../../../src/dispatcher/mesh/spread.ts'
import { seededRandom } from '../../../src/transport/memory/memory.ts'
import { below } from '../../kit/entries.ts'
import { EventQueue } from './event-queue.ts'

const peerOf = (index: number) => String(index) as PeerId

/** One member. Its PeerId is its number. */
class ModelMember {
  readonly peer: PeerId
  readonly neighbours: Neighbourhood
  readonly spread = new Spread()
  /** The entries that it has, each with the number of steps from its author. */
  readonly have = new Map<string, number>()
  /** How often each entry came. */
  readonly copies = new Map<string, number>()
  /** From whom each entry came first. */
  readonly from = new Map<string, PeerId>()
  /** Neighbours that accepted it, or that it accepted. */
  readonly agreed = new Set<PeerId>()
  /** When each neighbour was last heard. */
  readonly heard = new Map<PeerId, number>()
  /** The neighbour that goes when the one that was asked has accepted. */
  swapped: { add: PeerId; drop: PeerId } | undefined
  up = true

  constructor(index: number, random: () => number) {
    this.peer = peerOf(index)
    this.neighbours = new Neighbourhood(random)
  }
}

export interface Shape {
  /** Members with at least the entry. */
  readonly reached: number
  /** The steps within which 99.9 % of the members that are up got it. */
  readonly hops: number
  /** Copies a member, on average. */
  readonly copies: number
}

export class MeshModel {
  readonly members: ModelMember[]
  readonly queue = new EventQueue()
  /** The most live links that any member had at any time. */
  mostLinks = 0
  private readonly random: () => number
  /** Which side of a partition each member is on; undefined: there is none. */
  private side: ((peer: PeerId) => number) | undefined
  private written = 0

  constructor(size: number, seed: number) {
    this.random = seededRandom(seed)
    this.members = Array.from({ length: size }, (_, index) => new ModelMember(index, this.random))
    for (const member of this.members) {
      this.every(member, limits.meshTickMs, () => this.tick(member))
      this.every(member, limits.neighbourSwapMs, () => this.swap(member))
      this.every(member, limits.neighbourProbeMs, () => this.probe(member, member.neighbours.anyActive()))
      this.every(member, limits.passiveProbeMs, () => this.probe(member, member.neighbours.anyPassive()))
    }
  }

  get up(): ModelMember[] {
    return this.members.filter(({ up }) => up)
  }

  /** Lets time pass. */
  run(ms: number): void {
    this.queue.run(ms)
  }

  /** A member writes an entry. */
  write(author: ModelMember): string {
    const entry = `e${this.written++}`
    author.have.set(entry, 0)
    this.forward(author, entry)
    return entry
  }

  /** Removes a share of all members at once. */
  kill(share: number): void {
    for (const member of this.members) if (this.random() < share) member.up = false
  }

  /** Nothing crosses between two halves until `heal`. */
  partition(): void {
    this.side = (peer) => Number(peer) % 2
  }

  heal(): void {
    this.side = undefined
  }

  pick(): ModelMember {
    const { up } = this
    return up[below(this.random, up.length)]!
  }

  shapeOf(entry: string): Shape {
    const { up } = this
    const steps = up.flatMap(({ have }) => have.get(entry) ?? []).sort((a, b) => a - b)
    const copies = up.reduce((sum, member) => sum + (member.copies.get(entry) ?? 0), 0)
    return {
      reached: steps.length,
      hops: steps[Math.ceil(up.length * 0.999) - 1] ?? Number.POSITIVE_INFINITY,
      copies: copies / (up.length - 1),
    }
  }

  /** Reports whether the members that are up all have the same entries. */
  get converged(): boolean {
    const { up } = this
    return up.every(({ have }) => have.size === this.written)
  }

  private every(member: ModelMember, ms: number, run: () => void): void {
    const again = (waitMs: number) =>
      this.queue.after(waitMs, () => {
        if (!member.up) return
        run()
        again(ms * (0.67 + this.random() * 0.66))
      })
    again(this.random() * ms)
  }

  /** Half the time of a round trip between two members: the nearer their numbers, the shorter. */
  private pathMs(a: PeerId, b: PeerId): number {
    const { length } = this.members
    const apart = Math.abs(Number(a) - Number(b))
    return 10 + 10 + (120 * Math.min(apart, length - apart)) / length
  }

  /** Runs `arrive` when a message has come, unless one of the two is down or cut off. */
  private send(from: ModelMember, to: PeerId, arrive: (to: ModelMember) => void): void {
    this.queue.after(this.pathMs(from.peer, to) * (1 + this.random() * 0.2), () => {
      const target = this.members[Number(to)]!
      if (!target.up || !from.up || (this.side && this.side(from.peer) !== this.side(to))) return
      target.heard.set(from.peer, this.queue.nowMs)
      arrive(target)
    })
  }

  /** What a member knows of some others: those it met, and some at random, as address records bring them. */
  private known(member: ModelMember): Member[] {
    const peers = new Set([...member.neighbours.active.keys(), ...member.neighbours.passive])
    // Some records of members come with each look.
    for (let more = 0; more < 8; more++) peers.add(peerOf(below(this.random, this.members.length)))
    peers.delete(member.peer)
    return [...peers].map((peer) => ({
      peer,
      roundTripMs: member.heard.has(peer) ? 2 * this.pathMs(member.peer, peer) : undefined,
      stays: Number(peer) % 10 === 0,
      shared: false,
      dialable: true,
    }))
  }

  private tick(member: ModelMember): void {
    const { neighbours, agreed, heard } = member
    const now = this.queue.nowMs
    for (const peer of [...neighbours.active.keys()])
      if (now - (heard.get(peer) ?? 0) > limits.neighbourLostMs) this.fail(member, peer)
    neighbours.offer(this.known(member))
    for (let peer = neighbours.choose(now); peer !== undefined; peer = neighbours.choose(now))
      this.ask(member, peer)
    // A sign of life on each watch.
    for (const peer of agreed) this.send(member, peer, (to) => this.alive(to, member))
    this.mostLinks = Math.max(this.mostLinks, neighbours.active.size)
  }

  /** A watch goes on only as long as both sides hold it. */
  private alive(member: ModelMember, from: ModelMember): void {
    if (!member.neighbours.active.has(from.peer))
      this.send(member, from.peer, (to) => this.lose(to, member.peer))
  }

  private ask(member: ModelMember, peer: PeerId): void {
    const urgent = member.agreed.size === 0
    member.heard.set(peer, this.queue.nowMs)
    this.send(member, peer, (target) => {
      const answer = target.neighbours.admit(member.peer, urgent)
      if (answer === false) return this.send(target, member.peer, (asker) => this.fail(asker, peer))
      if (answer.instead !== undefined) this.drop(target, answer.instead)
      target.agreed.add(member.peer)
      this.send(target, member.peer, (asker) => {
        if (!asker.neighbours.active.has(peer)) return this.drop(asker, peer)
        asker.agreed.add(peer)
        this.compare(asker, target)
        if (asker.swapped?.add === peer) this.drop(asker, asker.swapped.drop)
      })
    })
  }

  private swap(member: ModelMember): void {
    const { neighbours } = member
    const swap = neighbours.swap(this.known(member), this.queue.nowMs)
    if (swap === undefined) return
    member.swapped = swap
    // No room for both.
    if (neighbours.active.size > limits.neighboursMax) this.drop(member, swap.drop)
    this.ask(member, swap.add)
  }

  /** A member was asked in vain. */
  private fail(member: ModelMember, peer: PeerId): void {
    member.neighbours.failed(peer, this.queue.nowMs)
    this.lose(member, peer)
  }

  private lose(member: ModelMember, peer: PeerId): void {
    member.neighbours.remove(peer)
    member.agreed.delete(peer)
    member.spread.forget(peer)
    member.heard.delete(peer)
  }

  private drop(member: ModelMember, peer: PeerId): void {
    this.lose(member, peer)
    this.send(member, peer, (to) => this.lose(to, member.peer))
  }

  /** Tells all neighbours of an entry, except the one from whom it came. */
  private forward(member: ModelMember, entry: string): void {
    const young = isYoung(member.have.get(entry)!, this.members.length)
    const hops = member.have.get(entry)! + 1
    for (const peer of member.agreed) {
      if (member.from.get(entry) === peer) continue
      this.send(member, peer, (to) => {
        if (young || !to.spread.isLazy(member.peer)) this.receive(to, member, entry, hops)
        else if (!to.have.has(entry)) this.announced(to, member.peer, entry)
      })
    }
  }

  private receive(member: ModelMember, from: ModelMember, entry: string, hops: number): void {
    member.copies.set(entry, (member.copies.get(entry) ?? 0) + 1)
    const known = member.have.has(entry)
    const first = member.from.get(entry)
    if (known && first !== undefined)
      member.spread.cameTwice({ peer: from.peer, hops }, { peer: first, hops: member.have.get(entry)! })
    member.spread.settle(from.peer)
    if (known) return
    member.have.set(entry, hops)
    member.from.set(entry, from.peer)
    this.forward(member, entry)
  }

  private announced(member: ModelMember, peer: PeerId, entry: string): void {
    member.spread.announce(peer, [entry as EntryId], this.queue.nowMs)
    this.queue.after(limits.lazyWaitMs, () => this.graft(member))
  }

  private graft(member: ModelMember): void {
    const now = this.queue.nowMs
    for (const { peer, tips } of member.spread.due(now)) {
      if (tips.every((tip) => member.have.has(tip))) member.spread.settle(peer)
      else {
        member.spread.graft(peer, now)
        this.queue.after(limits.lazyWaitMs, () => this.graft(member))
        this.probe(member, peer)
        return
      }
    }
  }

  /** A session: both sides have the same entries after it. */
  private probe(member: ModelMember, peer: PeerId | undefined): void {
    if (peer === undefined) return
    this.send(member, peer, (to) => this.send(to, member.peer, (back) => this.compare(back, to)))
  }

  private compare(a: ModelMember, b: ModelMember): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      for (const [entry, hops] of from.have) if (!to.have.has(entry)) this.receive(to, from, entry, hops + 1)
  }
}
