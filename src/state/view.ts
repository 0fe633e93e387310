/**
 * Keeps the view of each tree up to date: what the changes of its standing entries add up to. A view counts arrivals
 * behind the DAG, batch by batch, in the tree's queue; each batch writes with its rows how far it counts, so a crash
 * loses nothing and repeats nothing. State depends on the set of entries alone, so a view may be deleted and counted
 * anew at any time. A tree without changes of the reserved kinds has none.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { discard, takenGarbage } from '../base/garbage.ts'
import { limits } from '../base/limits.ts'
import { decodeBody, type EntryBody } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { type EntryId, type TreeId, unknownTree } from '../dag/id.ts'
import type { Contribution } from '../store/contributors.ts'
import { damagedTree } from '../store/damage/damaged-tree.ts'
import { type BatchOperation, writeOperations } from '../store/page.ts'
import type { TreeInfo } from '../store/tree-state.ts'
import { type Effect, effectsOf, type StoreKey, touchesState } from './effects.ts'
import { Flips } from './flips.ts'
import {
  allViews,
  countedRanges,
  decodeView,
  encodeView,
  flipRow,
  flipsAfter,
  numberOfViewKey,
  openRow,
  sealRow,
  type ViewRecord,
  viewKey,
  viewRanges,
} from './rows.ts'
import { type AppliedEntry, Slice } from './slice.ts'
import type { StateStore } from './state-store.ts'

/** Called when a view counts further, or when its tree is removed. Must not throw. */
export type ViewListener = (tree: TreeId) => void

/** How many entries of a batch are read at a time, so that large ones are not all in memory. */
const readAtOnce = 64
/** How many bytes of entries one batch reads at most, but for the last ones read. */
const sliceBytes = 4_194_304

/** The record of a view that is counted anew. */
const fromNothing: ViewRecord = { cursor: 0, flips: Buffer.alloc(0), clearing: true }

export class Views {
  readonly store: StateStore
  readonly clock: Clock
  /** Of the trees that have a view. */
  private readonly records = new Map<TreeId, ViewRecord>()
  /** The runs that count. */
  private readonly counting = new Map<TreeId, Promise<void>>()
  private readonly listeners = new Set<ViewListener>()
  /** Trees that large pages come to, with what cancels the wait for their end. */
  private readonly quiet = new Map<TreeId, () => void>()
  /** The last small page of each tree, until it is counted: most views need not read it again. */
  private readonly latest = new Map<TreeId, { after: number; added: readonly VerifiedEntry[] }>()
  private readonly flips: Flips
  private closed = false

  private constructor(store: StateStore, clock: Clock) {
    this.store = store
    this.flips = new Flips(store)
    this.clock = clock
  }

  /** Opens the views of a store, and follows its pages. Call it before the store is written to. Throws STORE_CORRUPT. */
  static async open(store: StateStore, clock: Clock): Promise<Views> {
    const views = new Views(store, clock)
    const trees = new Map(store.trees().map((info) => [store.numberOfStored(info.tree), info]))
    for await (const rows of store.rows(allViews))
      for (const [key, value] of rows) {
        const number = numberOfViewKey(key)
        const info = trees.get(number)
        if (info !== undefined) {
          // LevelDB may have dropped rows of a view, or the arrivals that it counts: then it is counted anew, as it is if
          // its own record is damaged.
          const record = readView(key, value)
          const isSound = record !== undefined && record.cursor <= info.sequence && !store.notes.hasLostLog
          views.records.set(info.tree, isSound ? record : fromNothing)
        }
        // Left by a tree that was removed, or repaired under another number.
        else await views.clearRows(number)
      }
    store.addContributor((tree, added, info, _, number) => views.begin(tree, added, info, number))
    store.onFlips((tree, flipped) => {
      if (!views.records.has(tree)) return []
      const [number, { sequence }] = [store.treeNumber(tree), store.tree(tree)!]
      return flipped.map((position) => ({
        type: 'put',
        key: flipRow(number, sequence, position),
        value: Buffer.alloc(0),
      }))
    })
    store.subscribe((tree, added, { sequence }) => views.follow(tree, added, sequence))
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

  /** Counts in the background what the views lack. */
  start(): void {
    for (const tree of this.records.keys()) if (!this.isCurrent(tree)) this.countInBackground(tree)
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

  /** The first page that changes a key begins the tree's view, in its own batch. */
  private begin(
    tree: TreeId,
    added: readonly VerifiedEntry[],
    { sequence }: Pick<TreeInfo, 'sequence'>,
    number: number,
  ): Contribution | undefined {
    if (this.records.has(tree) || !added.some(({ body }) => touchesState(body.changes))) return undefined
    const record = { cursor: sequence - added.length, flips: Buffer.alloc(0), clearing: false }
    return {
      operations: [{ type: 'put', key: viewKey(number), value: sealView(number, record) }],
      stored: () => this.records.set(tree, record),
    }
  }

  /** Counts a page that was stored: a small one at once, large ones when no more of them come. */
  private follow(tree: TreeId, added: readonly VerifiedEntry[], sequence: number): void {
    if (!this.records.has(tree) || this.closed) return
    this.quiet.get(tree)?.()
    this.quiet.delete(tree)
    if (added.length < limits.stateBulkEntries) {
      this.latest.set(tree, { after: sequence - added.length, added })
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
    const record = this.records.get(tree)
    const info = this.store.tree(tree)
    if (record === undefined || info === undefined || record.cursor === info.sequence) return
    const { number, next, operations } = record.clearing
      ? await this.clear(tree)
      : await this.apply(tree, record, info.sequence)
    // Each batch moves on, so that a caller that counts batch after batch comes to an end.
    if (!record.clearing && next.cursor === record.cursor && next.flips.equals(record.flips))
      throw damagedTree(tree, `its arrival ${next.cursor + 1} is missing`)
    operations.push({ type: 'put', key: viewKey(number), value: sealView(number, next) })
    try {
      await this.store.writeBeside(() => writeOperations(this.store.db, operations, false))
    } catch (error) {
      // What was recomputed for this batch is not written.
      this.flips.forget(tree)
      throw error
    }
    this.records.set(tree, next)
    for (const listener of this.listeners) listener(tree)
  }

  private async apply(tree: TreeId, record: ViewRecord, sequence: number) {
    const number = this.store.treeNumber(tree)
    const slice = new Slice(this.store, tree)
    const flips = await this.flips.count(tree, slice, record, sequence)
    const next =
      flips === undefined
        ? { ...record, cursor: await this.countArrivals(tree, slice, record.cursor) }
        : { ...record, flips }
    return { number, next, operations: await slice.finish() }
  }

  /** Deletes the rows of an earlier view. The marks are up to date, so earlier flips are no news. */
  private async clear(tree: TreeId) {
    const number = this.store.treeNumber(tree)
    for (const range of countedRanges(number)) await this.store.writeBeside(() => this.store.db.clear(range))
    const flips = flipsAfter(this.store.tree(tree)!.sequence)
    return { number, next: { cursor: 0, flips, clearing: false }, operations: [] as BatchOperation[] }
  }

  /** Applies the next arrivals after one. Returns the last of them. */
  private async countArrivals(tree: TreeId, slice: Slice, after: number): Promise<number> {
    const latest = this.latest.get(tree)
    this.latest.delete(tree)
    if (latest?.after === after) {
      await this.applyAll(
        tree,
        slice,
        latest.added.map(({ id, body }) => appliedOf(id, body)),
      )
      return after + latest.added.length
    }
    const arrivals = await this.store.arrivals(tree, after, limits.stateSliceEntries)
    let bytes = 0
    let last = after
    for (let from = 0; from < arrivals.length && bytes < sliceBytes; from += readAtOnce) {
      const some = arrivals.slice(from, from + readAtOnce)
      const entries = await this.store.read(tree, some)
      await this.applyAll(
        tree,
        slice,
        entries.map(({ id, signed }) => appliedOf(id, decodeBody(signed.body))),
      )
      const read = entries.reduce((sum, { signed }) => sum + signed.body.length, 0)
      discard(read, takenGarbage)
      bytes += read
      last = some.at(-1)!.sequence
    }
    return last
  }

  private async applyAll(tree: TreeId, slice: Slice, entries: readonly AppliedEntry[]): Promise<void> {
    const touching = entries.filter(({ effects }) => effects.size > 0)
    await slice.load(keysOf(touching.map(({ effects }) => effects)))
    const voids = await this.store.voidAmong(tree, touching)
    for (const entry of touching) await slice.apply(entry, voids.has(entry.id))
  }

  private async remove(tree: TreeId, number: number): Promise<void> {
    this.quiet.get(tree)?.()
    this.quiet.delete(tree)
    this.records.delete(tree)
    this.flips.forget(tree)
    this.latest.delete(tree)
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
    this.latest.delete(tree)
    const record = { cursor: 0, flips: Buffer.alloc(0), clearing: true }
    const operation = { type: 'put', key: viewKey(number), value: sealView(number, record) } as const
    await this.store.writeBeside(() => writeOperations(this.store.db, [operation], false))
    this.records.set(tree, record)
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

const sealView = (number: number, record: ViewRecord): Buffer => sealRow(viewKey(number), encodeView(record))

function appliedOf(id: EntryId, body: EntryBody): AppliedEntry {
  return { id, height: body.height, body, effects: effectsOf(body.changes) }
}

function* keysOf(list: readonly ReadonlyMap<string, Effect>[]): Generator<StoreKey> {
  for (const effects of list) yield* effects.values()
}

/** Returns the record of a view, or undefined if it is damaged. */
function readView(key: Buffer, value: Buffer): ViewRecord | undefined {
  try {
    return decodeView(openRow(key, value))
  } catch {
    return undefined
  }
}
