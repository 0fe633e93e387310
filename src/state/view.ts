/**
 * Keeps the view of each tree up to date: what the changes of its standing entries add up to. A page of entries is
 * counted in its own batch. A view that is behind, since a change of the policy has to be counted first or since it is
 * counted anew, counts arrivals batch by batch, in the tree's queue. Each batch writes with its rows how far it counts,
 * so a crash loses nothing and repeats nothing. State depends on the set of entries alone, so a view may be deleted and
 * counted anew at any time. A tree without changes of the reserved kinds has none.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type TreeId, unknownTree } from '../dag/id.ts'
import type { AddedPage, Contribution } from '../store/contributors.ts'
import { damagedTree } from '../store/damage/damaged-tree.ts'
import { writeOperations } from '../store/database/write.ts'
import type { BatchOperation } from '../store/engine/engine.ts'
import { Recent } from '../store/read/recent.ts'
import { Arrivals } from './counting/arrivals.ts'
import { prepareView } from './counting/page.ts'
import { fromNothing, recordOperation, ViewRecords } from './counting/records.ts'
import { Flips } from './flips.ts'
import { countedRanges, flipRow, flipsAfter, type ViewRecord, viewRanges } from './rows.ts'
import { type KnownKeys, Slice } from './slice.ts'
import type { StateStore } from './state-store.ts'

/** Called when a view counts further, or when its tree is removed. Must not throw. */
export type ViewListener = (tree: TreeId) => void

export class Views {
  readonly store: StateStore
  readonly clock: Clock
  readonly records: ViewRecords
  /** The runs that count. */
  private readonly counting = new Map<TreeId, Promise<void>>()
  private readonly listeners = new Set<ViewListener>()
  /** Trees that large pages come to, with what cancels the wait for their end. */
  private readonly quiet = new Map<TreeId, () => void>()
  /** The slice of a page that was worked out when its entries were signed. */
  private readonly made = new Map<TreeId, Slice>()
  readonly known: KnownKeys = new Recent(limits.stateKnownKeys)
  private readonly flips: Flips
  private readonly arrivals: Arrivals
  private closed = false

  private constructor(store: StateStore, clock: Clock) {
    this.store = store
    this.flips = new Flips(store)
    this.arrivals = new Arrivals(store)
    this.records = new ViewRecords(store)
    this.clock = clock
  }

  /** Opens the views of a store, and follows its pages. Call it before the store is written to. Throws STORE_CORRUPT. */
  static async open(store: StateStore, clock: Clock): Promise<Views> {
    const views = new Views(store, clock)
    // Left by a tree that was removed, or repaired under another number.
    for (const number of await views.records.read()) await views.clearRows(number)
    store.addPreparer((page) => views.prepare(page))
    store.onFlips((tree, flipped) => {
      if (!views.records.has(tree)) return []
      const [number, { sequence }] = [store.treeNumber(tree), store.tree(tree)!]
      return flipped.map((position) => ({
        type: 'put',
        key: flipRow(number, sequence, position),
        value: Buffer.alloc(0),
      }))
    })
    store.subscribe((tree, added) => views.follow(tree, added.length))
    store.removals.onRemove((tree, number) => views.remove(tree, number))
    store.repairs.onRepair({
      begin: async (tree) => {
        const number = store.numberOfStored(tree)
        if (number !== undefined) await views.remove(tree, number)
      },
      end: (tree) => views.restart(tree),
    })
    return views
  }

  /** Forgets what may differ from the database since that was reopened. */
  private async refresh(): Promise<void> {
    if (await this.records.refresh()) this.known.clear()
  }

  /** Counts in the background what the views lack. */
  start(): void {
    for (const tree of this.records.trees()) if (!this.isCurrent(tree)) this.countInBackground(tree)
  }

  /** Ends the counting after the batches under way. */
  async close(): Promise<void> {
    this.closed = true
    for (const cancel of this.quiet.values()) cancel()
    this.quiet.clear()
    await Promise.allSettled(this.counting.values())
  }

  /** Calls `listener` whenever a view counts further or is removed, until the returned function is called. */
  subscribe(listener: ViewListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Returns the last arrival that a tree's view counts; that of the tree itself if the tree has no view. */
  counted(tree: TreeId): number {
    return this.records.get(tree)?.cursor ?? this.store.tree(tree)?.sequence ?? 0
  }

  /** Reports whether a tree has a view. */
  has(tree: TreeId): boolean {
    return this.records.has(tree)
  }

  /** Reports whether the view counts everything that the tree has. */
  isCurrent(tree: TreeId): boolean {
    return this.counted(tree) === this.store.tree(tree)?.sequence
  }

  /** Lets the page that the tree's turn writes next be counted by a slice to which all of its entries were applied. */
  expectPage(tree: TreeId, slice: Slice): void {
    this.made.set(tree, slice)
  }

  private async prepare(page: AddedPage): Promise<Contribution | undefined> {
    const made = this.made.get(page.tree)
    this.made.delete(page.tree)
    await this.refresh()
    return prepareView(this, page, made)
  }

  /** After a page that its own batch did not count: counts a small one at once, large ones when no more of them come. */
  private follow(tree: TreeId, added: number): void {
    if (!this.records.has(tree) || this.closed) return
    this.quiet.get(tree)?.()
    this.quiet.delete(tree)
    if (this.isCurrent(tree)) {
      for (const listener of this.listeners) listener(tree)
      return
    }
    if (added < limits.stateBulkEntries) {
      this.countInBackground(tree)
      return
    }
    const cancel = this.clock.setTimer(limits.stateBulkQuietMs, () => {
      this.quiet.delete(tree)
      this.countInBackground(tree)
    })
    this.quiet.set(tree, cancel)
  }

  /** Begins to count, until large pages come. A failure is that of the next read, which counts again. */
  private countInBackground(tree: TreeId): void {
    this.countWhile(tree, () => !this.quiet.has(tree)).catch(() => {})
  }

  /** Counts everything that the tree has. Throws UNKNOWN_TREE if it is removed meanwhile, STORE_FULL, STORE_CORRUPT. */
  count(tree: TreeId): Promise<void> {
    return this.countWhile(tree, () => true)
  }

  private isBehind(tree: TreeId): boolean {
    return this.records.has(tree) && !this.isCurrent(tree) && !this.closed
  }

  private async countWhile(tree: TreeId, goesOn: () => boolean): Promise<void> {
    // Each turn waits for a run, which others may have begun and ended early; ends when a run has reached the tree.
    while (this.isBehind(tree) && goesOn()) {
      let running = this.counting.get(tree)
      if (running === undefined) {
        running = this.run(tree, goesOn).finally(() => this.counting.delete(tree))
        this.counting.set(tree, running)
      }
      await running
    }
  }

  private async run(tree: TreeId, goesOn: () => boolean): Promise<void> {
    // Each turn counts a batch; ends when the view has reached the tree.
    while (this.isBehind(tree) && goesOn()) await this.store.settled(tree, () => this.countSlice(tree))
  }

  /** Counts what is left, from within the tree's turn. */
  async countInTurn(tree: TreeId): Promise<void> {
    // As above.
    while (this.records.has(tree) && !this.isCurrent(tree)) await this.countSlice(tree)
  }

  /** Counts one batch: what a change of the policy flipped, and when that is done, what arrived. */
  private async countSlice(tree: TreeId): Promise<void> {
    await this.refresh()
    const record = this.records.get(tree)
    const info = this.store.tree(tree)
    if (record === undefined || info === undefined || record.cursor === info.sequence) return
    const { number, next, operations, slice } = record.clearing
      ? await this.clear(tree)
      : await this.apply(tree, record, info.sequence)
    // Each batch moves on, so that a caller that counts batch after batch comes to an end.
    if (!record.clearing && next.cursor === record.cursor && next.flips.equals(record.flips))
      throw damagedTree(tree, `its arrival ${next.cursor + 1} is missing`)
    operations.push(recordOperation(number, next))
    try {
      await this.store.writeBeside(() => writeOperations(this.store.db, operations, false))
    } catch (error) {
      // What was recomputed for this batch is not written.
      this.flips.forget(tree)
      throw error
    }
    this.records.set(tree, next)
    slice?.remember()
    for (const listener of this.listeners) listener(tree)
  }

  private async apply(tree: TreeId, record: ViewRecord, sequence: number) {
    const number = this.store.treeNumber(tree)
    const slice = new Slice(this, tree, number, true)
    const flips = await this.flips.count(tree, slice, record, sequence)
    const next =
      flips === undefined
        ? { ...record, cursor: await this.countArrivals(tree, slice, record.cursor, sequence) }
        : { ...record, flips }
    return { number, next, operations: await slice.finish(), slice }
  }

  /** Deletes the rows of an earlier view. The marks are up to date, so earlier flips are no news. */
  private async clear(tree: TreeId) {
    const number = this.store.treeNumber(tree)
    for (const range of countedRanges(number)) await this.store.writeBeside(() => this.store.db.clear(range))
    this.known.clear()
    const flips = flipsAfter(this.store.tree(tree)!.sequence)
    const operations: BatchOperation[] = []
    return { number, next: { cursor: 0, flips, clearing: false }, operations, slice: undefined }
  }

  /** Applies the next arrivals after one. Returns the last of them. */
  private async countArrivals(tree: TreeId, slice: Slice, after: number, through: number): Promise<number> {
    const { entries, last } = await this.arrivals.next(tree, after, through)
    await slice.loadFor(entries)
    const voids = await this.store.voidAmong(tree, entries)
    for (const entry of entries) await slice.apply(entry, voids.has(entry.id))
    return last
  }

  private async remove(tree: TreeId, number: number): Promise<void> {
    this.quiet.get(tree)?.()
    this.quiet.delete(tree)
    this.records.delete(tree)
    this.flips.forget(tree)
    this.made.delete(tree)
    this.arrivals.forget(tree)
    this.known.clear()
    // Watches find that the tree has gone.
    for (const listener of this.listeners) listener(tree)
    await this.clearRows(number)
  }

  private async clearRows(number: number): Promise<void> {
    for (const range of viewRanges(number)) await this.store.writeBeside(() => this.store.db.clear(range))
  }

  /** Lets the view of a tree begin anew, also if it has none. Only in the tree's turn. */
  private async restart(tree: TreeId): Promise<void> {
    const number = this.store.numberOfStored(tree)
    if (number === undefined) return
    const operation = recordOperation(number, fromNothing)
    await this.store.writeBeside(() => writeOperations(this.store.db, [operation], false))
    this.records.set(tree, fromNothing)
  }

  /** Deletes the view of a tree and counts it anew. Throws UNKNOWN_TREE. */
  async rebuild(tree: TreeId): Promise<void> {
    if (this.store.tree(tree) === undefined) throw unknownTree(tree)
    if (!this.records.has(tree)) return
    await this.store.settled(tree, () => this.restart(tree))
    await this.count(tree)
  }

  /** Returns the error of a read whose view is still being counted. */
  building(tree: TreeId): CausewayError {
    const [counted, count] = [this.counted(tree), this.store.tree(tree)?.sequence ?? 0]
    return new CausewayError(
      'VIEW_BUILDING',
      `The state of this tree is being computed, ${counted} of ${count} entries are counted: try again in ${limits.stateRetryMs} ms.`,
      { data: { counted, count, retryAfterMs: limits.stateRetryMs } },
    )
  }
}
