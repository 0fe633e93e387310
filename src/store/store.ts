/**
 * The DAG on a sorted key-value store, always closed under ancestors: an entry goes in only when its parents are
 * there or earlier in the same page. So a new entry is always a tip, tips' = tips - parents + id needs no child
 * index, and reading in (height, id) order is reading parents first. A page becomes one atomic batch: entries,
 * indexes, tips, counts and arrivals appear together or not at all, whatever happens to the process.
 */

import { invariant } from '../base/assert.ts'
import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import type { Entry, VerifiedEntry } from '../dag/entry.ts'
import { comparePositions, type EntryId, type Position, type TreeId } from '../dag/id.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import type { BatchContributor, ContributedStore, Contribution, PageListener } from './contributors.ts'
import { storeError } from './database/errors.ts'
import * as layout from './database/layout.ts'
import type { Database } from './database/open.ts'
import { Landmarks } from './landmarks.ts'
import { Latest } from './latest.ts'
import { remark } from './marks.ts'
import { type Appended, planPage, writeOperations } from './page.ts'
import type { PageReads, PlannedPage } from './planned-page.ts'
import { readAuthors } from './policies.ts'
import { entriesNotIn, lookupForPage } from './read/page-lookup.ts'
import { StoreReader } from './read/reader.ts'
import type { TreeReader } from './read/tree-reader.ts'
import { Sketches } from './sketches.ts'
import {
  infoOf,
  newTree,
  noTree,
  readState,
  summaryOf,
  type TreeInfo,
  type TreeState,
  type TreeSummary,
  type TreeView,
} from './tree-state.ts'

export type { Appended, BatchOperation, RefusedEntry } from './page.ts'
export type { Found, ScanOptions, Snapshot, StoredEntry } from './read/reader.ts'
export type { TreeDigest, TreeInfo, TreeSummary, TreeView } from './tree-state.ts'

const noEntries: ReadonlySet<EntryId> = new Set()

export class DagStore extends StoreReader implements TreeReader, ContributedStore {
  /** Trees in use, the latest last. Loaded and changed only in the tree's queue, so none mixes two moments. */
  private readonly states = new Map<TreeId, TreeState>()
  private readonly queue = new KeyedQueue<TreeId>()
  private readonly contributors: BatchContributor[] = []
  private readonly listeners = new Set<PageListener>()
  readonly latest = new Latest()
  private nextNumber = 0
  /** A batch has failed: what the database really holds is known when it was opened again (see database/write-fence.ts). */
  private failed = false
  private reopening: Promise<void> | undefined
  /** How often the database was opened again. */
  private openings = 0
  readonly landmarks = new Landmarks(this)
  /** The set sketch of each tree. */
  readonly sketches = new Sketches(this)

  /** Takes over an open database (see database/open.ts); `close` closes it. STORE_CORRUPT when its list of trees is damaged. */
  static async open(db: Database): Promise<DagStore> {
    const store = new DagStore(db)
    await store.readTrees()
    return store
  }

  private async readTrees(): Promise<void> {
    for await (const rows of this.rows(layout.treeRange))
      for (const [key, value] of rows) {
        const [tree, record] = [layout.treeOfKey(key), layout.decodeTree(value)]
        if (this.treeOfNumber.has(record.number))
          throw new CausewayError('STORE_CORRUPT', `Two trees have the number ${record.number}.`, {
            data: { tree },
          })
        this.records.set(tree, record)
        this.treeOfNumber.set(record.number, tree)
        this.nextNumber = Math.max(this.nextNumber, record.number + 1)
      }
  }

  /** Waits for writes under way, then closes the database; reads that are under way end with CLOSED. */
  async close(): Promise<void> {
    await this.queue.idle()
    this.recent.clear()
    this.latest.clear()
    this.landmarks.clear()
    try {
      await this.sketches.close()
    } finally {
      await this.db.close().catch((error) => {
        // Closing tells once more of a write that failed, which its caller was told.
        if (!this.failed) throw storeError(error, 'The store could not be closed')
      })
    }
  }

  /** Lets `contribute` add operations to every page's batch from now on. */
  addContributor(contribute: BatchContributor): void {
    this.contributors.push(contribute)
  }

  /** Calls `listener` after every page that added something; the result ends that. */
  subscribe(listener: PageListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** All trees, by id. */
  trees(): TreeInfo[] {
    return [...this.records.keys()].sort().map((tree) => this.tree(tree)!)
  }

  /** Bytes of all bodies and signatures of all trees. */
  get bytes(): number {
    let bytes = 0
    for (const record of this.records.values()) bytes += record.bytes
    return bytes
  }

  tree(tree: TreeId): TreeInfo | undefined {
    const record = this.records.get(tree)
    return record && infoOf(tree, record)
  }

  /** Tips, digest and count, as of one moment; of an empty set where there is no such tree. */
  async summary(tree: TreeId): Promise<TreeSummary> {
    const state = await this.use(tree)
    return state === undefined ? noTree : summaryOf(state)
  }

  /** The tree's tips in ascending order; none where there is no such tree. */
  async tips(tree: TreeId): Promise<readonly EntryId[]> {
    return (await this.summary(tree)).tips
  }

  /** `digestTips` of the tree; '' where there is no such tree. */
  async tipsDigest(tree: TreeId): Promise<string> {
    return (await this.summary(tree)).tipsDigest
  }

  /** What the tree's policy says now; undefined where there is no such tree. */
  async policy(tree: TreeId): Promise<PolicyState | undefined> {
    return (await this.use(tree))?.policyState
  }

  /** Which of these entries of a tree are void. */
  async voidAmong(tree: TreeId, positions: readonly Position[]): Promise<ReadonlySet<EntryId>> {
    const state = await this.use(tree)
    if (state === undefined || state.policy.whole().revocations === 0) return noEntries
    if (state.stale) await this.settleMarks(tree)
    const number = this.numberOf(tree)
    const marks = await this.db.hasMany(positions.map((position) => layout.voidKey(number, position)))
    return new Set(positions.filter((_, index) => marks[index]).map(({ id }) => id))
  }

  private settleMarks(tree: TreeId): Promise<void> {
    return this.queue.run(tree, async () => {
      const state = await this.load(tree)
      if (!state?.stale || this.failed) return
      try {
        await remark(this, tree, state.record.number, state.policy)
      } catch (error) {
        this.failed = true
        throw storeError(error, 'The marks of void entries could not be written')
      }
      state.stale = false
    })
  }

  /** The policy itself, which a page may be adding to. */
  async treePolicy(tree: TreeId): Promise<TreePolicy | undefined> {
    return (await this.use(tree))?.policy
  }

  /** At most `count` tips, the highest ones. */
  async highestTips(tree: TreeId, count: number): Promise<Position[]> {
    const state = await this.use(tree)
    const positions = Array.from(state?.tips ?? [], ([id, height]) => ({ id, height }))
    return positions.length <= count
      ? positions
      : positions.sort((a, b) => comparePositions(b, a)).slice(0, count)
  }

  /**
   * The tree as it is between two pages: counts, tips and a snapshot that agree. Dispose it when done; undefined where
   * there is no such tree.
   */
  view(tree: TreeId): Promise<TreeView | undefined> {
    return this.queue.run(tree, async () => {
      const state = await this.load(tree)
      if (state === undefined) return undefined
      const agreed = { ...infoOf(tree, state.record), ...summaryOf(state) }
      try {
        const snapshot = this.db.snapshot()
        return { ...agreed, snapshot, [Symbol.asyncDispose]: () => snapshot.close() }
      } catch (error) {
        throw storeError(error, 'The store could not be read')
      }
    })
  }

  /** Runs `task` between two pages of a tree: for records that must change in step with it. */
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result> {
    return this.queue.run(tree, task)
  }

  /** Which of a page's entries are not in the tree yet: those worth verifying. */
  async unknown(tree: TreeId, entries: readonly Entry[]): Promise<readonly Entry[]> {
    return entriesNotIn(this, tree, entries, await this.use(tree))
  }

  private use(tree: TreeId): Promise<TreeState | undefined> | TreeState | undefined {
    return this.states.get(tree) ?? this.queue.run(tree, () => this.load(tree))
  }

  /** The state of a tree, read where it is not in memory. Only in the tree's queue. */
  private async load(tree: TreeId): Promise<TreeState | undefined> {
    const record = this.records.get(tree)
    if (record === undefined) return undefined
    let state = this.states.get(tree)
    state ??= await readState(this, tree, record)
    this.keepState(tree, state)
    return state
  }

  private keepState(tree: TreeId, state: TreeState): void {
    this.states.delete(tree)
    this.states.set(tree, state)
    if (this.states.size > limits.storeTreesInMemory) this.states.delete(this.states.keys().next().value!)
  }

  /**
   * Stores a page of entries of one tree, parents first. Entries that are here already are counted; one that does not
   * fit (parent missing, other tree, wrong height) is refused by name, with what stands on it; the others are kept.
   * `sync`: answer only when the page is flushed to the disk.
   */
  append(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    options: { sync?: boolean } = {},
  ): Promise<Appended> {
    return this.queue.run(tree, () => this.write(tree, entries, options.sync ?? false))
  }

  /** Reads what the page needs, plans it, commits it as one batch, and publishes it. Only in the tree's queue. */
  private async write(tree: TreeId, entries: readonly VerifiedEntry[], sync: boolean): Promise<Appended> {
    const planned = this.plan(tree, entries, await this.readFor(tree, entries))
    const { added, known, refused } = planned.plan
    if (added.length === 0) return { added, known, refused }
    await this.commit(planned, sync)
    this.publish(planned)
    return { added, known, refused }
  }

  /** Step 1: reads the tree, and what the index knows of the page's entries and their parents, all of one opening. */
  private async readFor(tree: TreeId, entries: readonly VerifiedEntry[]): Promise<PageReads> {
    for (;;) {
      if (this.failed) await this.reopen()
      const { openings } = this
      const loaded = await this.load(tree)
      const found = await lookupForPage(this, entries, loaded)
      const authors = await readAuthors(this, entries)
      // A write to another tree may have failed meanwhile. Each turn waits for a reopening, which fails where the disk does.
      if (!this.failed && this.openings === openings) return { loaded, found, authors }
    }
  }

  /**
   * Step 2: works out what the page changes, and asks the contributors what they add. Not async, so nothing comes between
   * the plan and its contributions, and two new trees cannot take the same number.
   */
  private plan(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    { loaded, found, authors }: PageReads,
  ): PlannedPage {
    const state = loaded ?? newTree(this.nextNumber)
    const { policy, tips, pointsStored, stale } = state
    const treeOf = (number: number) => this.treeOfNumber.get(number)
    // Field by field: a spread makes a new hidden class for every page.
    const base = { tree, record: state.record, tips, found, authors, policy, pointsStored, stale, treeOf }
    const plan = planPage(base, entries)
    const { record, added, operations } = plan
    const info = infoOf(tree, record)
    const contributions: Contribution[] = []
    const planned = { tree, state, isNew: loaded === undefined, plan, info, contributions }
    if (added.length === 0) return planned
    invariant(
      record.count === state.record.count + added.length &&
        record.sequence === state.record.sequence + added.length,
      'a page adds as much to the count and to the arrivals as it has new entries',
    )
    try {
      for (const contribute of this.contributors) {
        const contribution = contribute(tree, added, info)
        if (contribution === undefined) continue
        operations.push(...contribution.operations)
        contributions.push(contribution)
      }
    } catch (error) {
      // The state's policy has grown by entries that are not stored.
      this.states.delete(tree)
      throw error
    }
    if (planned.isNew) {
      this.nextNumber++
      this.treeOfNumber.set(record.number, tree)
    }
    return planned
  }

  /** Step 3: writes the page and its contributions as one batch. After a failure nothing is written until a reopening. */
  private async commit({ isNew, plan }: PlannedPage, sync: boolean): Promise<void> {
    try {
      await writeOperations(this.db, plan.operations, sync)
    } catch (error) {
      this.failed = true
      if (isNew) this.treeOfNumber.delete(plan.record.number)
      throw storeError(error, 'The page could not be stored')
    }
  }

  /** Step 4: brings memory up to what the batch wrote, the contributors' first, then calls the listeners. */
  private publish({ tree, state, plan, info, contributions }: PlannedPage): void {
    const { record, added, voids } = plan
    invariant(
      info.sequence === (this.records.get(tree)?.sequence ?? 0) + added.length,
      'pages of a tree are published in the order of their arrivals',
    )
    // A map in which much has come and gone copies itself into ever new tables, and once one has grown old it keeps all
    // that follow it from being collected young. So a page that changes much of it starts a new one.
    if (4 * (plan.tipsGone.size + plan.tipsAdded.size) > state.tips.size) state.tips = new Map(state.tips)
    for (const id of plan.tipsGone) state.tips.delete(id)
    for (const [id, height] of plan.tipsAdded) state.tips.set(id, height)
    state.record = record
    state.pointsStored = plan.pointsStored
    state.stale = plan.stale
    state.policyState = state.policy.whole().state
    state.summary = undefined
    this.records.set(tree, record)
    this.keepState(tree, state)
    for (const [id, indexed] of plan.indexed) this.recent.set(id, indexed)
    this.latest.add(tree, added, info.sequence)
    for (const contribution of contributions) contribution.stored()
    const standing = voids.size === 0 ? added : added.filter(({ id }) => !voids.has(id))
    for (const listener of this.listeners) callListener(() => listener(tree, added, info, standing))
  }

  /** Opens the database again after a write that failed, and reads what it holds. Fails where the disk is still full. */
  private reopen(): Promise<void> {
    this.reopening ??= (async () => {
      try {
        // Closing tells of the write that failed once more.
        await this.db.close().catch(() => {})
        await this.db.open()
        await this.sketches.reopen()
        this.openings++
        const kept = [this.records, this.treeOfNumber, this.states, this.recent, this.latest, this.landmarks]
        for (const each of kept) each.clear()
        await this.readTrees()
        this.failed = false
      } catch (error) {
        throw storeError((error as { cause?: unknown }).cause ?? error, 'The store could not be opened again')
      } finally {
        this.reopening = undefined
      }
    })()
    return this.reopening
  }
}

/** Calls a listener. The page is stored whatever it does: what it throws ends the process, as any uncaught error. */
function callListener(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
