/**
 * What they lack: the entries here that are not ancestors of (or among) the given tips. A walk from both frontiers
 * in descending height finds a small difference by reading little more than the difference; a large one is found by a
 * sweep, one sequential read backwards with a bit for each entry. Either way memory stays bounded, and the result
 * streams parents first.
 */

import { limits } from '../base/limits.ts'
import { decodeParents } from '../dag/body.ts'
import { comparePositions, type EntryId, type Position, type TreeId } from '../dag/id.ts'
import type { IndexRecord } from '../store/database/layout.ts'
import type { Found, StoredEntry } from '../store/read/reader.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { TreeView } from '../store/tree-state.ts'

export interface MissingEntries {
  /** How many entries, where that is known before reading them. */
  readonly count: number | undefined
  /** Reads of single records that finding them took; a sequential scan counts as none. */
  readonly reads: number
  /** Pages of bounded size, parents first. */
  pages(): AsyncGenerator<StoredEntry[]>
}

export interface SearchOptions {
  /** How many entries the other side has, where all of them stand on the given tips: lets the search stop early. */
  readonly theirCount?: number | undefined
  /** Reads that a walk may take. */
  readonly walkReads?: number
}

/**
 * `theirTips` are tips that the other side has and that are here; with none, everything is missing. The view stays
 * the caller's and must outlive the pages.
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

/** Entries that are known one by one, to be read parents first. */
export function missingEntries(
  store: TreeReader,
  tree: TreeId,
  entries: readonly Found[],
  reads: number,
): MissingEntries {
  const found = [...entries].sort(comparePositions)
  return { count: found.length, reads, pages: () => readPages(store, tree, found) }
}

/** An entry that the walk has seen and not passed. */
interface Pending {
  readonly record: IndexRecord
  /** Whether one of their tips stands on it, as far as is known. */
  covered: boolean
}

/** The two-frontier walk; `found` is absent when it would take more than `walkReads` reads. */
export async function walkMissing(
  store: TreeReader,
  view: TreeView,
  theirTips: readonly EntryId[],
  { theirCount, walkReads = limits.walkReads }: SearchOptions = {},
): Promise<{ found?: Found[]; reads: number }> {
  const expected = theirCount === undefined ? undefined : view.count - theirCount
  // Each entry that is found is read.
  if (expected !== undefined && expected > walkReads) return { reads: 0 }
  const pending = new Map<EntryId, Pending>()
  const levels = new Levels()
  let reads = 0
  // Entries in the queue that are ours alone: when there are none, the rest is common.
  let undecided = 0

  /** Queues entries, with whether they are common; false when that is more than may be read. */
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
  const found: Found[] = []
  const take = (id: EntryId, { record }: Pending) =>
    found.push({ id, height: record.height, size: record.size })
  // Nothing stands on a tip, so one that they do not name is missing, however low it is.
  const tips = new Set(view.tips)
  for (const [id, entry] of pending) if (!entry.covered) take(id, entry)
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

/** Ids by height, the highest first. */
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
    const height = this.pop()
    const level = this.ids.get(height)!
    this.ids.delete(height)
    return level
  }

  private push(height: number): void {
    const { heap } = this
    let index = heap.push(height) - 1
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
  /** A bit for each entry from the top of the order downward: set where it is missing. */
  readonly bits: Uint8Array
  /** How many entries the sweep passed. */
  readonly scanCount: number
  /** The position just below the lowest missing entry; undefined: the root's. */
  readonly below: Position | undefined
}

/** Reads backwards from the top until all that is missing was seen; an entry is common if a common child named it. */
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

/** Reads known positions in pages cut by their sizes. */
async function* readPages(
  store: TreeReader,
  tree: TreeId,
  found: readonly Found[],
): AsyncGenerator<StoredEntry[]> {
  for (let start = 0; start < found.length; ) {
    let end = start
    let bytes = 0
    while (end < found.length && end - start < limits.pageEntries) {
      bytes += found[end]!.size
      if (bytes > limits.pageBytes && end > start) break
      end++
    }
    yield await store.read(tree, found.slice(start, end))
    start = end
  }
}
