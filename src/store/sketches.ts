/**
 * The live set sketch of each tree in use: kept up to date with every page, durable without a journal of its own. A
 * snapshot remembers the arrival up to which it counts, and the arrivals after that, which every page's batch
 * writes anyway, are replayed at the next start. A snapshot that does not hold is rebuilt from the arrivals, and so
 * is a sketch that its tree has outgrown; until then the smaller one serves.
 */

import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { createSketch, type Sketch, sketchCellsFor } from '../dag/difference/sketch.ts'
import { saveSketch } from '../dag/difference/sketch-codec.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { hexToBytes } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { PageListener } from './contributors.ts'
import type { StoreReader } from './read/reader.ts'
import { SketchSnapshots } from './sketch-snapshots.ts'
import type { TreeInfo } from './tree-state.ts'

/** What a sketch follows: the trees, their arrivals, and the pages as they are stored. */
interface SketchedStore extends Pick<StoreReader, 'db' | 'arrivals'> {
  tree(tree: TreeId): TreeInfo | undefined
  subscribe(listener: PageListener): () => void
}

interface Live {
  sketch: Sketch
  /** The last arrival that the sketch counts. */
  sequence: number
  /** The last arrival that the snapshot counts; 0: there is none. */
  saved: number
  /** A larger sketch while it is built: it counts every new page, beside the arrivals from before it was begun. */
  next: Sketch | undefined
}

/** A sketch that was outgrown is rebuilt for a tree so many times as large: all rebuilds together read a third of it. */
const growth = 4

export class Sketches {
  private readonly store: SketchedStore
  private readonly snapshots: SketchSnapshots
  private readonly live = new Map<TreeId, Live>()
  /** How large trees are about to be. */
  private readonly expected = new Map<TreeId, number>()
  private readonly queue = new KeyedQueue<TreeId>()
  private readonly unsubscribe: () => void
  private closed = false

  constructor(store: SketchedStore) {
    this.store = store
    this.snapshots = new SketchSnapshots(store.db)
    this.unsubscribe = store.subscribe((tree, added, info) => this.follow(tree, added, info))
  }

  /**
   * The tree's sketch as it is now: it counts exactly the stored entries, and has the cells that the tree is worth, for
   * which it waits after a sudden growth. Undefined where there is no such tree.
   */
  async of(tree: TreeId): Promise<Sketch | undefined> {
    for (;;) {
      const live = this.live.get(tree)
      const info = this.store.tree(tree)
      if (info === undefined) return undefined
      if (live === undefined || live.sequence !== info.sequence)
        await this.queue.run(tree, () => this.load(tree))
      else if (live.sketch.cellCount < sketchCellsFor(info.count))
        await this.queue.run(tree, () => this.grow(tree))
      else {
        this.keep(tree, live)
        return live.sketch
      }
    }
  }

  /**
   * A tree is about to have so many entries: a sketch that is made for them at once need not be rebuilt on the way. A
   * guess, which holds until it is disposed.
   */
  expect(tree: TreeId, count: number): Disposable {
    this.expected.set(tree, count)
    return { [Symbol.dispose]: () => this.expected.delete(tree) }
  }

  /** Opens what the database closed when it was closed itself. */
  async reopen(): Promise<void> {
    await this.snapshots.open()
  }

  /** Saves what changed since the last snapshots, so that the next start replays nothing. */
  async close(): Promise<void> {
    this.closed = true
    this.unsubscribe()
    await this.queue.idle()
    for (const [tree, live] of this.live) if (live.sequence > live.saved) await this.save(tree, live)
  }

  /** Counts a page that was just stored. */
  private follow(tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo): void {
    let live = this.live.get(tree)
    if (live === undefined) {
      // A new tree's sketch starts empty; that of a tree from before the start is loaded beside.
      if (info.count !== added.length) {
        this.inBackground(tree, () => this.load(tree))
        return
      }
      live = emptySketch(Math.max(info.count, this.expected.get(tree) ?? 0))
      this.keep(tree, live)
    }
    const before = info.sequence - added.length
    if (live.sequence < before) {
      // A load ended between two pages: the arrivals fill the gap.
      this.inBackground(tree, () => this.load(tree))
      return
    }
    for (const { id } of added.slice(live.sequence - before)) {
      const bytes = hexToBytes(id)
      live.sketch.add(bytes)
      live.next?.add(bytes)
    }
    live.sequence = info.sequence
    if (live.next !== undefined) return
    if (sketchCellsFor(info.count) > live.sketch.cellCount) this.inBackground(tree, () => this.grow(tree))
    else if (live.sequence - live.saved > Math.max(limits.sketchSnapshotArrivals, live.sketch.cellCount)) {
      live.saved = live.sequence
      const { sequence } = live
      const parts = saveSketch(live.sketch)
      this.inBackground(tree, () => this.snapshots.put(tree, sequence, parts))
    }
  }

  private inBackground(tree: TreeId, task: () => Promise<unknown>): void {
    if (this.closed) return
    // A sketch is derived: what fails here is tried again by the next page or request, which tells its error.
    this.queue.run(tree, task).catch(() => {})
  }

  /** Brings a tree's sketch into memory and up to date: from its snapshot, or from nothing. Only in the tree's queue. */
  private async load(tree: TreeId): Promise<void> {
    const info = this.store.tree(tree)
    if (info === undefined) return
    const live = this.live.get(tree) ?? (await this.read(tree, info)) ?? emptySketch(info.count)
    await this.catchUp(tree, live)
    this.keep(tree, live)
  }

  private async read(tree: TreeId, info: TreeInfo): Promise<Live | undefined> {
    const found = await this.snapshots.get(tree)
    // Arrivals are dense from 1, so a sketch that counts up to one has as many ids.
    if (found === undefined || found.sketch.total !== found.sequence || found.sequence > info.sequence)
      return undefined
    return { ...found, saved: found.sequence, next: undefined }
  }

  /** Counts the arrivals that the sketch has not, until it has them all. Pages may be counted beside it. */
  private async catchUp(tree: TreeId, live: Live): Promise<void> {
    while (live.sequence < (this.store.tree(tree)?.sequence ?? 0)) {
      const arrivals = await this.store.arrivals(tree, live.sequence, limits.sketchReplayArrivals)
      for (const { id, sequence } of arrivals) {
        if (sequence <= live.sequence) continue
        live.sketch.add(hexToBytes(id))
        live.sequence = sequence
      }
    }
  }

  /**
   * Builds the sketch anew with more cells than the tree is worth by now, so that it lasts. What arrives meanwhile is
   * counted in both, so it ends however fast the tree grows. Only in the tree's queue.
   */
  private async grow(tree: TreeId): Promise<void> {
    const live = this.live.get(tree)
    const count = this.store.tree(tree)?.count ?? 0
    if (live === undefined || sketchCellsFor(count) <= live.sketch.cellCount) return
    const next = createSketch(sketchCellsFor(Math.max(growth * count, this.expected.get(tree) ?? 0)))
    const upTo = live.sequence
    live.next = next
    try {
      for (let from = 0; from < upTo; ) {
        const arrivals = await this.store.arrivals(
          tree,
          from,
          Math.min(limits.sketchReplayArrivals, upTo - from),
        )
        if (arrivals.length === 0) throw corrupt(tree, from + 1)
        for (const { id } of arrivals) next.add(hexToBytes(id))
        from = arrivals.at(-1)!.sequence
      }
      live.sketch = next
    } finally {
      live.next = undefined
    }
    await this.save(tree, live)
  }

  private save(tree: TreeId, live: Live): Promise<void> {
    live.saved = live.sequence
    return this.snapshots.put(tree, live.sequence, saveSketch(live.sketch))
  }

  /** Keeps a sketch in memory as the one used last; the one used longest ago makes room. */
  private keep(tree: TreeId, live: Live): void {
    this.live.delete(tree)
    this.live.set(tree, live)
    let cells = 0
    for (const { sketch } of this.live.values()) cells += sketch.cellCount
    for (const [oldest, { sketch, next }] of this.live) {
      if (cells <= limits.sketchCellsInMemory || oldest === tree) break
      if (next !== undefined) continue
      this.live.delete(oldest)
      cells -= sketch.cellCount
    }
  }
}

function emptySketch(count: number): Live {
  return { sketch: createSketch(sketchCellsFor(count)), sequence: 0, saved: 0, next: undefined }
}

function corrupt(tree: TreeId, sequence: number): CausewayError {
  return new CausewayError('STORE_CORRUPT', `The arrival ${sequence} of the tree ${tree} is missing.`, {
    data: { tree },
  })
}
