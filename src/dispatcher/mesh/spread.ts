/**
 * Decides, for one tree, which neighbours send entries and which only their tips, so that nearly every entry comes once.
 * A watch begins eager: entries come inline. An entry that is here already makes its direction lazy: tips alone. Tips
 * that are not here after `limits.lazyWaitMs` make the direction of whoever announced them first eager again, and the
 * entries are fetched. After Plumtree (Leitão, Pereira, Rodrigues, "Epidemic broadcast trees", SRDS 2007).
 *
 * What is eager in the end is one tree for all authors, in which two members may be far apart: some twenty steps in a
 * thousand members. So an entry that has come only a few steps goes inline to all neighbours. That is cheap while few
 * members have it, and from then on each member is near one that does.
 *
 * Pure: time is passed in, and nothing is sent here.
 */
import { limits } from '../../base/limits.ts'
import type { EntryId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'

/** What a neighbour announced. */
export interface Announcement {
  readonly peer: PeerId
  readonly tips: readonly EntryId[]
  /** Monotonic. */
  readonly dueMs: number
}

/** How an entry came. */
export interface Delivery {
  readonly peer: PeerId
  /** The steps from its author, as far as known. */
  readonly hops: number
}

export class Spread {
  private readonly lazy = new Set<PeerId>()
  /** The last announcement of each neighbour that has not been settled, the earliest first. */
  private readonly announced = new Map<PeerId, Announcement>()

  /** Reports whether a neighbour is to send tips alone. */
  isLazy(peer: PeerId): boolean {
    return this.lazy.has(peer)
  }

  /**
   * An entry came inline a second time. Returns the neighbour whose direction is lazy from now on: the second, or the
   * first if the second's path was shorter; undefined if it was lazy already.
   */
  cameTwice(second: Delivery, first: Delivery): PeerId | undefined {
    const { peer } = second.hops < first.hops ? first : second
    if (this.lazy.has(peer)) return undefined
    this.lazy.add(peer)
    return peer
  }

  /** A neighbour announced tips that are not here. An earlier announcement of it keeps its time. */
  announce(peer: PeerId, tips: readonly EntryId[], nowMs: number): void {
    const dueMs = this.announced.get(peer)?.dueMs ?? nowMs + limits.lazyWaitMs
    this.announced.set(peer, { peer, tips, dueMs })
  }

  /** All that a neighbour announced is here. */
  settle(peer: PeerId): void {
    this.announced.delete(peer)
  }

  /** Monotonic: when the next announcement is due; Infinity if there is none. */
  get dueMs(): number {
    let due = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.announced.values()) due = Math.min(due, dueMs)
    return due
  }

  /** Returns the announcements that are due, the earliest first. */
  due(nowMs: number): Announcement[] {
    return [...this.announced.values()]
      .filter(({ dueMs }) => dueMs <= nowMs)
      .sort((a, b) => a.dueMs - b.dueMs)
  }

  /** What a neighbour announced is fetched from it, and its direction is eager. The others wait once more. */
  graft(peer: PeerId, nowMs: number): void {
    this.lazy.delete(peer)
    this.announced.delete(peer)
    for (const each of this.announced.values())
      this.announced.set(each.peer, { ...each, dueMs: Math.max(each.dueMs, nowMs + limits.lazyWaitMs) })
  }

  /** A neighbour is none any more; a later one begins eager. */
  forget(peer: PeerId): void {
    this.lazy.delete(peer)
    this.announced.delete(peer)
  }
}

/**
 * Reports whether an entry that has come `hops` steps is sent inline to all neighbours: as long as no more than a quarter
 * of the members do so. With six neighbours, 1 + 6 + 6·5 + 6·5² … members have it after 0, 1, 2, 3 … steps.
 */
export function isYoung(hops: number, members: number): boolean {
  let [reached, next] = [1, limits.neighbours]
  for (let step = 0; step < hops && reached <= members; step++) {
    reached += next
    next *= limits.neighbours - 1
  }
  return hops === 0 || reached <= members / 4
}
