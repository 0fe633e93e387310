/**
 * Decides which pieces of a text count, as docs/state.md, "Text", defines: of two items with one client and clock the
 * first one alone. Standing updates come before void ones, then the order is that of entries. So a void update takes no
 * standing one's place, while all of its clocks stay there, since others may have written beside them.
 */
import { comparePositions, type Position } from '../../dag/id.ts'
import { type ClockRange, encodeUpdate, endOf, partOf, type ReadUpdate } from './update.ts'
import type { Item, YjsModule } from './yjs.ts'

/** Where an update stands among all of its text. */
export interface Rank extends Position {
  readonly isVoid: boolean
  /** The number of the change in its entry. */
  readonly index: number
}

/** An update of a text that can be read. */
export interface RankedUpdate extends Rank {
  readonly read: ReadUpdate
}

export function compareRanks(a: Rank, b: Rank): number {
  return Number(a.isVoid) - Number(b.isVoid) || comparePositions(a, b) || a.index - b.index
}

export interface Taken extends ClockRange {
  readonly rank: Rank
}

export class Composer {
  private readonly yjs: YjsModule
  /** The ranges of each client that are taken, in ascending order. */
  readonly taken: Map<number, Taken[]>

  /** `taken`: what another composer has taken, to go on from there. */
  constructor(yjs: YjsModule, taken = new Map<number, Taken[]>()) {
    this.yjs = yjs
    this.taken = taken
  }

  /**
   * Returns one update that holds what counts of these, none of which was added before: `bytes` is to be applied to the
   * document. Or returns undefined if one has a clock of a later update that was added before: then all of them are to be
   * added anew, to a new document.
   */
  add(updates: readonly RankedUpdate[]): Uint8Array | undefined {
    const items = new Map<number, Item[]>()
    const deletes = new Map<number, ClockRange[]>()
    for (const { read, ...rank } of [...updates].sort(compareRanks)) {
      const free = this.take(read, rank)
      if (free === undefined) return undefined
      if (free.length > 0) append(items, read.client, this.partsOf(read, free))
      // What void updates insert is deleted; what they delete is not.
      const gone = rank.isVoid ? [[read.client, free] as const] : read.deletes
      for (const [client, ranges] of gone) if (ranges.length > 0) append(deletes, client, ranges)
    }
    for (const some of items.values()) some.sort((a, b) => a.id.clock - b.id.clock)
    for (const [client, some] of deletes) deletes.set(client, mergeRanges(some))
    return encodeUpdate(this.yjs, items, deletes)
  }

  /** Reports whether some items stand beside others that no update has brought, so that Yjs keeps them waiting. */
  hasGap({ client, items }: ReadUpdate): boolean {
    const [first] = items
    if (first === undefined) return false
    if (first.id.clock > 0 && !this.isTaken(client, first.id.clock - 1)) return true
    return items.some(({ origin, rightOrigin }) =>
      [origin, rightOrigin].some((name) => name !== null && !this.isTaken(name.client, name.clock)),
    )
  }

  private isTaken(client: number, clock: number): boolean {
    const taken = this.taken.get(client) ?? []
    const range = taken[firstAfter(taken, clock)]
    return range !== undefined && range.from <= clock
  }

  /** Takes the clocks of an update. Returns those that were free, or undefined if a later update has some of them. */
  private take({ client, items }: ReadUpdate, rank: Rank): ClockRange[] | undefined {
    if (items.length === 0) return []
    const [from, to] = [items[0]!.id.clock, endOf(items.at(-1)!)]
    const taken = this.taken.get(client) ?? []
    this.taken.set(client, taken)
    const first = firstAfter(taken, from)
    const free: Taken[] = []
    let next = from
    let at = first
    for (; at < taken.length && taken[at]!.from < to; at++) {
      if (compareRanks(rank, taken[at]!.rank) < 0) return undefined
      if (taken[at]!.from > next) free.push({ from: next, to: taken[at]!.from, rank })
      next = taken[at]!.to
    }
    if (next < to) free.push({ from: next, to, rank })
    const merged = [...taken.slice(first, at), ...free].sort((a, b) => a.from - b.from)
    if (free.length > 0) taken.splice(first, at - first, ...merged)
    return free
  }

  private partsOf({ items }: ReadUpdate, free: readonly ClockRange[]): Item[] {
    const parts: Item[] = []
    let first = 0
    for (const range of free) {
      while (first < items.length && endOf(items[first]!) <= range.from) first++
      for (let at = first; at < items.length && items[at]!.id.clock < range.to; at++)
        parts.push(partOf(this.yjs, items[at]!, range))
    }
    return parts
  }
}

/** Returns the same clocks as ranges in ascending order that do not overlap: Yjs garbles others while they wait. */
function mergeRanges(ranges: readonly ClockRange[]): ClockRange[] {
  const merged: ClockRange[] = []
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last === undefined || last.to < range.from) merged.push(range)
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
  }
  return merged
}

/** Returns the index of the first range that ends after a clock. */
function firstAfter(ranges: readonly ClockRange[], clock: number): number {
  let [low, high] = [0, ranges.length]
  // Each turn halves what is left.
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranges[middle]!.to <= clock) low = middle + 1
    else high = middle
  }
  return low
}

function append<Value>(lists: Map<number, Value[]>, key: number, values: readonly Value[]): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [...values])
  else for (const value of values) list.push(value)
}
