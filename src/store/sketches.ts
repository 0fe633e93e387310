/**
 * The live set sketch of each tree in use, kept up to date with every page and durable without a journal of its own. A
 * snapshot records the arrival up to which it counts; the arrivals after that, which every page's batch writes anyway,
 * are replayed at the next start. A damaged snapshot is rebuilt from the arrivals, and so is a sketch that its tree has
 * outgrown; until the rebuild is done, the smaller sketch serves.
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
import { damagedTree, isDamageOf } from './damage/damaged-tree.ts'
import type { StoreReader } from './read/reader.ts'
import { SketchSnapshots } from './sketch-snapshots.ts'
import type { TreeInfo } from './tree-state.ts'

/** What sketches need of the store: trees, their arrivals, and a call for each stored page. */
interface SketchedStore extends Pick<StoreReader, 'db' | 'arrivals'> {
  tree(tree: TreeId): TreeInfo | undefined
  /** Sets a tree aside whose records do not agree. */
  setAside(tree: TreeId, error: CausewayError): Promise<void>
  subscribe(listener: PageListener): () => void
}

/** A sketch in memory. */
interface LiveSketch {
  sketch: Sketch
  /** The last arrival that the sketch counts. */
  sequence: number
  /** The last arrival that the snapshot counts, 0 if there is no snapshot. */
  savedSequence: number
  /** A larger sketch while it is built from the arrivals before its start. It also counts every new page. */
  next: Sketch | undefined
}

/**
 * An outgrown sketch is rebuilt for a tree this many times as large, so all rebuilds together read a third of the tree.
 */
const growthFactor = 4

/** The sketches of a store's trees, as many as fit into `limits.sketchCellsInMemory` cells. */
export class Sketches {
  private readonly store: SketchedStore
  private readonly snapshots: SketchSnapshots
  private readonly live = new Map<TreeId, LiveSketch>()
  /** How many entries trees are about to have. */
  private readonly expectedCounts = new Map<TreeId, number>()
  private readonly queue = new KeyedQueue<TreeId>()
  private readonly unsubscribe: () => void
  private closed = false

  constructor(store: SketchedStore) {
    this.store = store
    this.snapshots = new SketchSnapshots(store.db)
    this.unsubscribe = store.subscribe((tree, added, info) => this.follow(tree, added, info))
  }

  /**
   * Returns the tree's sketch as it is now, or undefined if there is no such tree. It counts exactly the stored entries
   * and has at least the cells that a tree of this size needs; after a sudden growth the call waits for them.
   */
  async of(tree: TreeId): Promise<Sketch | undefined> {
    // Once a sketch is loaded, `follow` counts each new page, and `grow` makes it last for four times the tree.
    for (let turn = 0; turn < limits.sketchViewTurns; turn++) {
      const live = this.live.get(tree)
      const info = this.store.tree(tree)
      if (info === undefined) return undefined
      if (live === undefined || live.sequence !== info.sequence)
        await this.withCare(tree, () => this.load(tree))
      else if (live.sketch.cellCount < sketchCellsFor(info.count))
        await this.withCare(tree, () => this.grow(tree))
      else {
        this.keep(tree, live)
        return live.sketch
      }
    }
    throw new CausewayError('RESOURCE_EXHAUSTED', 'The tree changes too fast for its sketch: try again.', {
      data: { tree, retryAfterMs: limits.patienceLeastMs },
    })
  }

  /**
   * Announces how many entries a tree is about to have, so that its sketch is made large enough at first and not
   * rebuilt on the way. The count is a guess; it applies until the result is disposed.
   */
  expect(tree: TreeId, count: number): Disposable {
    this.expectedCounts.set(tree, count)
    return { [Symbol.dispose]: () => this.expectedCounts.delete(tree) }
  }

  /** Reopens the snapshots after the database was closed and opened. */
  async reopen(): Promise<void> {
    await this.snapshots.open()
  }

  /** Saves the sketches that changed since their last snapshots, so that the next start replays nothing. */
  async close(): Promise<void> {
    this.closed = true
    this.unsubscribe()
    await this.queue.idle()
    for (const [tree, live] of this.live) if (live.sequence > live.savedSequence) await this.save(tree, live)
  }

  /** Counts a page that was just stored. */
  private follow(tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo): void {
    let live = this.live.get(tree)
    if (live === undefined) {
      // The sketch of a new tree starts empty; that of an older tree is loaded in the background.
      if (info.count !== added.length) {
        this.inBackground(tree, () => this.load(tree))
        return
      }
      live = emptySketch(Math.max(info.count, this.expectedCounts.get(tree) ?? 0))
      this.keep(tree, live)
    }
    const sequenceBefore = info.sequence - added.length
    if (live.sequence < sequenceBefore) {
      // A load ended between two pages; another load fills the gap from the arrivals.
      this.inBackground(tree, () => this.load(tree))
      return
    }
    for (const { id } of added.slice(live.sequence - sequenceBefore)) {
      const bytes = hexToBytes(id)
      live.sketch.add(bytes)
      live.next?.add(bytes)
    }
    live.sequence = info.sequence
    if (live.next !== undefined) return
    if (sketchCellsFor(info.count) > live.sketch.cellCount) this.inBackground(tree, () => this.grow(tree))
    else if (
      live.sequence - live.savedSequence >
      Math.max(limits.sketchSnapshotArrivals, live.sketch.cellCount)
    ) {
      live.savedSequence = live.sequence
      const { sequence } = live
      const parts = saveSketch(live.sketch)
      this.inBackground(tree, () => this.snapshots.put(tree, sequence, parts))
    }
  }

  /** Runs a task in the tree's queue, and sets the tree aside if the task finds that arrivals are missing. */
  private async withCare(tree: TreeId, task: () => Promise<unknown>): Promise<void> {
    try {
      await this.queue.run(tree, task)
    } catch (error) {
      if (isDamageOf(tree, error)) await this.store.setAside(tree, error)
      throw error
    }
  }

  private inBackground(tree: TreeId, task: () => Promise<unknown>): void {
    if (this.closed) return
    // A sketch is derived data: the next page or request repeats what fails here, and a request throws its error.
    this.withCare(tree, task).catch(() => {})
  }

  /**
   * Brings a tree's sketch into memory and up to date, from its snapshot or from nothing. Called only in the tree's
   * queue.
   */
  private async load(tree: TreeId): Promise<void> {
    const info = this.store.tree(tree)
    if (info === undefined) return
    let live = this.live.get(tree)
    // The disk may have lost pages that memory has counted, which a reopening after a failed write shows.
    if (live === undefined || live.sequence > info.sequence)
      live = (await this.read(tree, info)) ?? emptySketch(info.count)
    await this.catchUp(tree, live)
    this.keep(tree, live)
  }

  /** Returns the sketch of the snapshot, or undefined if there is none that fits the tree. */
  private async read(tree: TreeId, info: TreeInfo): Promise<LiveSketch | undefined> {
    const snapshot = await this.snapshots.get(tree)
    // Arrivals have no gaps from 1 on, so a sketch that counts up to arrival n has n ids.
    if (
      snapshot === undefined ||
      snapshot.sketch.total !== snapshot.sequence ||
      snapshot.sequence > info.sequence
    )
      return undefined
    return { ...snapshot, savedSequence: snapshot.sequence, next: undefined }
  }

  /** Counts the arrivals that the sketch lacks, until it lacks none. Pages may be counted at the same time. */
  private async catchUp(tree: TreeId, live: LiveSketch): Promise<void> {
    // Ends: each turn counts the next arrivals, or throws since they are missing.
    while (live.sequence < (this.store.tree(tree)?.sequence ?? 0)) {
      const arrivals = await this.store.arrivals(tree, live.sequence, limits.sketchReplayArrivals)
      if (arrivals.length === 0) throw missing(tree, live.sequence + 1)
      for (const { id, sequence } of arrivals) {
        if (sequence <= live.sequence) continue
        if (sequence !== live.sequence + 1) throw missing(tree, live.sequence + 1)
        live.sketch.add(hexToBytes(id))
        live.sequence = sequence
      }
    }
  }

  /**
   * Rebuilds the sketch with more cells than the tree needs now, so that it lasts. Entries that arrive meanwhile are
   * counted in both sketches, so the rebuild ends however fast the tree grows. Called only in the tree's queue.
   */
  private async grow(tree: TreeId): Promise<void> {
    const live = this.live.get(tree)
    const count = this.store.tree(tree)?.count ?? 0
    if (live === undefined || sketchCellsFor(count) <= live.sketch.cellCount) return
    const next = createSketch(
      sketchCellsFor(Math.max(growthFactor * count, this.expectedCounts.get(tree) ?? 0)),
    )
    const upTo = live.sequence
    live.next = next
    try {
      for (let from = 0; from < upTo; ) {
        const arrivals = await this.store.arrivals(
          tree,
          from,
          Math.min(limits.sketchReplayArrivals, upTo - from),
        )
        if (arrivals.at(-1)?.sequence !== from + arrivals.length) throw missing(tree, from + 1)
        for (const { id } of arrivals) next.add(hexToBytes(id))
        from += arrivals.length
      }
      live.sketch = next
    } finally {
      live.next = undefined
    }
    await this.save(tree, live)
  }

  /** Forgets a tree's sketch and its snapshots. Its arrivals may be numbered anew after that. */
  forget(tree: TreeId): Promise<void> {
    return this.queue.run(tree, async () => {
      this.live.delete(tree)
      await this.snapshots.remove(tree)
    })
  }

  private save(tree: TreeId, live: LiveSketch): Promise<void> {
    live.savedSequence = live.sequence
    return this.snapshots.put(tree, live.sequence, saveSketch(live.sketch))
  }

  /** Keeps a sketch in memory as the one used last; those used longest ago make room. */
  private keep(tree: TreeId, live: LiveSketch): void {
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

function emptySketch(count: number): LiveSketch {
  return { sketch: createSketch(sketchCellsFor(count)), sequence: 0, savedSequence: 0, next: undefined }
}

function missing(tree: TreeId, sequence: number): CausewayError {
  return damagedTree(tree, `its arrival ${sequence}, or one after it, is missing`)
}
