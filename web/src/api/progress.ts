/** How fast the trees grow that lack entries, so that a first sync shows how much is left and for how long. */
import type { WatchNodeResponse } from '../../../gen/causeway/v1/node_pb.ts'
import { hexOf } from '../parts/ids.ts'
import type { Known } from './feed.ts'

/** A moment in the growth of a tree. */
interface Moment {
  readonly atMs: number
  readonly count: number
  readonly bytes: number
}

export interface Growth {
  /** Entries a second. */
  readonly rate: number
  /** Bytes a second. */
  readonly byteRate: number
}

/** Over how long a rate is measured. */
const windowMs = 10_000

export class Progress {
  /** The last moments of each tree that grows, oldest first. */
  private readonly moments = new Map<string, Moment[]>()
  /** How many entries each tree had when a link said how many it lacks, by the link's key. */
  private readonly countAt = new Map<string, number>()

  private readonly totals = new Map<string, number>()

  /** Takes in a message, and what is known with it. */
  see({ trees, links, removedTrees }: WatchNodeResponse, known: Known): void {
    const atMs = Date.now()
    for (const id of removedTrees) this.moments.delete(hexOf(id))
    for (const tree of trees) {
      const all = this.moments.get(hexOf(tree.id)) ?? []
      all.push({ atMs, count: Number(tree.count), bytes: Number(tree.bytes) })
      while (all.length > 1 && all[0]!.atMs < atMs - windowMs) all.shift()
      this.moments.set(hexOf(tree.id), all)
    }
    for (const { tree, peer } of links) {
      const count = Number(known.trees.get(hexOf(tree))?.count ?? 0)
      this.countAt.set(`${hexOf(tree)} ${hexOf(peer)}`, count)
    }
  }

  /** Returns how many entries a tree still lacks, given what its link said and how many it has now. */
  left(key: string, weBehind: number, count: number): number {
    const since = count - (this.countAt.get(key) ?? count)
    return Math.max(0, weBehind - since)
  }

  /**
   * Returns how many entries a tree will have, of which it has `count` and lacks about `left`. Both are of nearly the same
   * moment, so their sum wavers; shown is the most that it was since the fetch began.
   */
  total(tree: string, count: number, left: number): number {
    const total = Math.max(this.totals.get(tree) ?? 0, count + left)
    this.totals.set(tree, total)
    return total
  }

  /** Called when a tree is not being fetched. */
  ended(tree: string): void {
    this.totals.delete(tree)
  }

  /** Returns how fast a tree grows now. */
  growth(tree: string, now: number): Growth {
    const all = (this.moments.get(tree) ?? []).filter(({ atMs }) => atMs >= now - windowMs)
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined || last.atMs === first.atMs) return { rate: 0, byteRate: 0 }
    const seconds = (last.atMs - first.atMs) / 1000
    return { rate: (last.count - first.count) / seconds, byteRate: (last.bytes - first.bytes) / seconds }
  }
}
