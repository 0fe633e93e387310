/**
 * Finds what the other side lacks: our entries that are neither its tips nor their ancestors. A walk from both sides'
 * tips, in descending height, finds a small difference by reading little more than the difference; a sweep, one
 * sequential read backwards with a bit for each entry, finds a large one. Memory stays bounded either way, and the
 * result streams parents first.
 */

import { invariant } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import { decodeParents } from '../dag/body.ts'
import { comparePositions, type EntryId, type Position, type TreeId } from '../dag/id.ts'
import type { IndexRecord } from '../store/engine/records.ts'
import type { SizedPosition, StoredEntry } from '../store/read/reader.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { TreeView } from '../store/tree-state.ts'

export interface MissingEntries {
  /** How many entries; undefined if that is not known before reading them. */
  readonly count: number | undefined
  /** How many single records were read to find them; a sequential scan counts as none. */
  readonly reads: number
  /** Reads the entries in pages of bounded size, parents first. */
  pages(): AsyncGenerator<StoredEntry[]>
}

export interface SearchOptions {
  /** How many entries the other side has, if they are just its tips and their ancestors. Lets the search stop early. */
  readonly theirCount?: number | undefined
  /** How many records a walk may read. */
  readonly walkReads?: number
}

/**
 * Finds the entries that are neither `theirTips`, tips of the other side that we have too, nor ancestors of these; all
 * entries if there are none. The view stays the caller's and must outlive the pages.
 */
export async function findMissing(
  store: TreeReader,
  view: TreeView,
  theirTips: readonly EntryId[],
  options: SearchOptions = {},
): Promise<MissingEntries> {
  const { tree, snapshot } = view
  if (theirTips.length === 0)
    return { count: view.count, reads: 0, pages: () => store.scan(tree, { snapshot }) }
  const walk = await walkMissing(store, view, theirTips, options)
  if (walk.found !== undefined) return missingEntries(store, tree, walk.found, walk.reads)
  const expected = options.theirCount === undefined ? undefined : view.count - options.theirCount
  const sweep = await sweepMissing(store, view, theirTips, expected)
  return { count: sweep.count, reads: walk.reads, pages: () => readSweep(store, view, sweep) }
}

/** Returns entries that were found one by one, to be read parents first. */
export function missingEntries(
  store: TreeReader,
  tree: TreeId,
  entries: readonly SizedPosition[],
  reads: number,
): MissingEntries {
  const found = [...entries].sort(comparePositions)
  return { count: found.length, reads, pages: () => readPages(store, tree, found) }
}

/** An entry that the walk has reached and not yet left for its parents. */
interface Pending {
  readonly record: IndexRecord
  /** Whether the walk has found that the other side has the entry, by a path from one of its tips. */
  covered: boolean
}

/** Walks down from both sides' tips. `found` is absent if that would take more than `walkReads` reads. */
export async function walkMissing(
  store: TreeReader,
  view: TreeView,
  theirTips: readonly EntryId[],
  { theirCount, walkReads = limits.walkReads }: SearchOptions = {},
): Promise<{ found?: SizedPosition[]; reads: number }> {
  const expected = theirCount === undefined ? undefined : view.count - theirCount
  // Each entry that is found takes a read.
  if (expected !== undefined && expected > walkReads) return { reads: 0 }
  const pending = new Map<EntryId, Pending>()
  const levels = new Levels()
  let reads = 0
  // Pending entries that seem to be ours alone. When none are left, everything below is common.
  let undecided = 0

  /** Adds entries, each with whether it is common, to those pending. Returns false if that takes too many reads. */
  const reach = async (ids: ReadonlyMap<EntryId, boolean>) => {
    const fresh = [...ids.keys()].filter((id) => !pending.has(id))
    if (reads + fresh.length > walkReads) return false
    reads += fresh.length
    const records = await store.lookupIn(view.tree, fresh, view.snapshot)
    for (const [index, id] of fresh.entries()) {
      const record = records[index]
      if (record === undefined) continue
      pending.set(id, { record, covered: false })
      levels.add(record.height, id)
      undecided++
    }
    for (const [id, covered] of ids) {
      const entry = pending.get(id)
      if (!covered || entry === undefined || entry.covered) continue
      entry.covered = true
      undecided--
    }
    return true
  }

  const starts = new Map(view.tips.map((id) => [id, false]))
  for (const id of theirTips) starts.set(id, true)
  if (!(await reach(starts))) return { reads }
  const found: SizedPosition[] = []
  const take = (id: EntryId, { record }: Pending) =>
    found.push({ id, height: record.height, size: record.size })
  // A tip has no child, so a tip of ours that is not one of theirs is missing, whatever its height.
  const tips = new Set(view.tips)
  for (const [id, entry] of pending) if (!entry.covered) take(id, entry)
  // Ends: each turn takes the highest entries, and their parents are lower; reads are bounded too.
  while (undecided > 0 && found.length !== expected) {
    const parents = new Map<EntryId, boolean>()
    for (const id of levels.takeHighest()) {
      const entry = pending.get(id)!
      const { record, covered } = entry
      pending.delete(id)
      if (!covered) {
        undecided--
        if (!tips.has(id)) take(id, entry)
      }
      for (const parent of record.parents) if (covered || !parents.has(parent)) parents.set(parent, covered)
    }
    if (!(await reach(parents))) return { reads }
  }
  return { found, reads }
}

/** Ids by height, highest first. */
class Levels {
  private readonly ids = new Map<number, EntryId[]>()
  /** A binary heap of the heights in `ids`, greatest on top. */
  private readonly heap: number[] = []

  add(height: number, id: EntryId): void {
    const level = this.ids.get(height)
    if (level !== undefined) {
      level.push(id)
      return
    }
    this.ids.set(height, [id])
    this.push(height)
  }

  takeHighest(): EntryId[] {
    invariant(this.heap.length > 0, 'an entry that is undecided has a level')
    const height = this.pop()
    const level = this.ids.get(height)!
    this.ids.delete(height)
    return level
  }

  private push(height: number): void {
    const { heap } = this
    let index = heap.push(height) - 1
    // Ends at the top of the heap.
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (heap[parent]! >= height) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = height
  }

  private pop(): number {
    const { heap } = this
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let index = 0
    // Ends at a leaf at the latest: `index` grows.
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]! > heap[child]!) child++
      if (heap[child]! <= last) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return top
  }
}

interface Sweep {
  readonly count: number
  /** A bit for each entry from the top of the order down, set if the other side lacks it. */
  readonly bits: Uint8Array
  /** How many entries the sweep read. */
  readonly scanCount: number
  /** The position just below the lowest missing entry; undefined if the sweep read all entries. */
  readonly below: Position | undefined
}

/**
 * Reads backwards from the top until it has seen `expected` missing entries, or to the root. An entry is common if it
 * is one of their tips or a parent of a common entry.
 */
async function sweepMissing(
  store: TreeReader,
  view: TreeView,
  theirTips: readonly EntryId[],
  expected: number | undefined,
): Promise<Sweep> {
  const commonIds = new Set(theirTips)
  let bits = new Uint8Array(8192)
  let scanCount = 0
  let count = 0
  let below: Position | undefined
  for await (const page of store.scan(view.tree, { reverse: true, snapshot: view.snapshot })) {
    for (const entry of page) {
      if (count === expected) {
        below = entry
        return { count, bits, scanCount, below }
      }
      if (commonIds.delete(entry.id))
        for (const parent of decodeParents(entry.signed.body)) commonIds.add(parent)
      else {
        count++
        if (scanCount >> 3 >= bits.length) {
          const larger = new Uint8Array(Math.max(bits.length * 2, (scanCount >> 3) + 1))
          larger.set(bits)
          bits = larger
        }
        bits[scanCount >> 3]! |= 1 << (scanCount & 7)
      }
      scanCount++
    }
  }
  return { count, bits, scanCount, below }
}

/** Reads the entries that a sweep has found missing, in pages. */
async function* readSweep(store: TreeReader, view: TreeView, sweep: Sweep): AsyncGenerator<StoredEntry[]> {
  let index = sweep.scanCount
  let out: StoredEntry[] = []
  let bytes = 0
  for await (const page of store.scan(view.tree, { after: sweep.below, snapshot: view.snapshot })) {
    for (const entry of page) {
      index--
      if ((sweep.bits[index >> 3]! & (1 << (index & 7))) === 0) continue
      const size = entry.signed.body.length + entry.signed.signature.length
      if (out.length === limits.pageEntries || (out.length > 0 && bytes + size > limits.pageBytes)) {
        yield out
        out = []
        bytes = 0
      }
      out.push(entry)
      bytes += size
    }
  }
  if (out.length > 0) yield out
}

/** Reads the entries at known positions, in pages cut by their sizes. */
async function* readPages(
  store: TreeReader,
  tree: TreeId,
  found: readonly SizedPosition[],
): AsyncGenerator<StoredEntry[]> {
  for (let start = 0; start < found.length; ) {
    let end = start
    let bytes = 0
    // Ends with the list.
    while (end < found.length && end - start < limits.pageEntries) {
      bytes += found[end]!.size
      if (bytes > limits.pageBytes && end > start) break
      end++
    }
    yield await store.read(tree, found.slice(start, end))
    start = end
  }
}
