/**
 * The neighbours of one tree, as time passes: who was heard last when, which exchange is under way, and when the next
 * comparison is due. It decides, and does nothing itself: `step` returns what is to be done.
 */
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Member, Neighbourhood, type Swap } from './neighbourhood.ts'

/** What is known of a neighbour at the moment. */
export interface Hearing {
  /** Whether the peer answers, or its own calls show that it is there. */
  readonly heard: boolean
  /** Whether the last dial failed. */
  readonly failed: boolean
  /** Whether one of the two does not show the other the tree: a member that was revoked. */
  readonly shut: boolean
  /** As last measured; undefined if it never was. */
  readonly roundTripMs: number | undefined
}

/** What a look at the neighbours asks for. */
export interface Step {
  /** Neighbours and other members with which the tree is to be compared now. */
  readonly probes: readonly PeerId[]
}

/** Spreads what many members do over time: between two thirds of a time and four thirds. */
export function around(ms: number, random: number): number {
  return ms * (0.67 + 0.66 * random)
}

export class TreeMesh {
  readonly neighbours: Neighbourhood
  private readonly random: () => number
  /** When each neighbour was last heard, and whether it ever was since it is one. */
  private readonly hearings = new Map<PeerId, { atMs: number; ever: boolean }>()
  /** The exchange that ends when the one that was asked is heard. */
  private swapping: Swap | undefined
  private swapAt: number
  private probeAt: number
  private passiveProbeAt: number

  /** `nowMs` is monotonic, as all times here. */
  constructor(nowMs: number, random: () => number) {
    this.random = random
    this.neighbours = new Neighbourhood(random)
    this.swapAt = nowMs + around(limits.neighbourSwapMs, random())
    this.probeAt = nowMs + around(limits.neighbourProbeMs, random())
    this.passiveProbeAt = nowMs + around(limits.passiveProbeMs, random())
  }

  /** Whether no neighbour was heard: then a member that is asked should make room. */
  get urgent(): boolean {
    return ![...this.hearings.values()].some(({ ever }) => ever)
  }

  isNeighbour(peer: PeerId): boolean {
    return this.neighbours.active.has(peer)
  }

  /** Replaces neighbours that are lost, exchanges one now and then, and says with whom to compare. */
  step(members: readonly Member[], hearing: (peer: PeerId) => Hearing, nowMs: number): Step {
    const { neighbours } = this
    this.listen(hearing, nowMs)
    neighbours.offer(members)
    // Ends with the members, or when there are enough neighbours.
    while (neighbours.choose(nowMs) !== undefined);
    if (nowMs >= this.swapAt) {
      this.swapAt = nowMs + around(limits.neighbourSwapMs, this.random())
      this.swapping = neighbours.swap(members, nowMs)
      // No room for both.
      if (this.swapping !== undefined && neighbours.active.size > limits.neighboursMax) this.endSwap()
    }
    this.forget()
    for (const peer of neighbours.active.keys())
      if (!this.hearings.has(peer)) this.hearings.set(peer, { atMs: nowMs, ever: false })
    return { probes: this.probes(nowMs) }
  }

  /** A neighbour refused, or dropped this node. */
  lost(peer: PeerId, nowMs: number): void {
    this.neighbours.failed(peer, nowMs)
    this.forget()
  }

  /** A neighbour has given its place to another one. */
  replaced(): void {
    this.forget()
  }

  /** Takes note of who is heard, and drops who is not for too long. */
  private listen(hearing: (peer: PeerId) => Hearing, nowMs: number): void {
    for (const peer of [...this.neighbours.active.keys()]) {
      const known = this.hearings.get(peer) ?? { atMs: nowMs, ever: false }
      const { heard, failed, shut } = hearing(peer)
      if (heard) {
        this.hearings.set(peer, { atMs: nowMs, ever: true })
        this.neighbours.pauses.forget(peer)
      } else {
        this.hearings.set(peer, known)
        const patienceMs = shut ? 0 : known.ever ? limits.neighbourLostMs : failed ? 0 : limits.neighbourAskMs
        if (nowMs - known.atMs >= patienceMs) this.neighbours.failed(peer, nowMs)
      }
    }
    if (this.swapping !== undefined && this.hearings.get(this.swapping.add)?.ever) this.endSwap()
  }

  private endSwap(): void {
    if (this.swapping !== undefined) this.neighbours.remove(this.swapping.drop)
    this.swapping = undefined
  }

  /** Forgets what is known of former neighbours. */
  private forget(): void {
    const { active } = this.neighbours
    for (const peer of this.hearings.keys()) if (!active.has(peer)) this.hearings.delete(peer)
    if (this.swapping !== undefined && !active.has(this.swapping.add)) this.swapping = undefined
  }

  private probes(nowMs: number): PeerId[] {
    const probes: (PeerId | undefined)[] = []
    if (nowMs >= this.probeAt) {
      this.probeAt = nowMs + around(limits.neighbourProbeMs, this.random())
      probes.push(this.neighbours.anyActive())
    }
    if (nowMs >= this.passiveProbeAt) {
      this.passiveProbeAt = nowMs + around(limits.passiveProbeMs, this.random())
      probes.push(this.neighbours.anyPassive())
    }
    return probes.filter((peer) => peer !== undefined)
  }
}
