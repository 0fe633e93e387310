/**
 * The DAG on a sorted key-value store. It is always closed under ancestors: an entry is stored only if its parents are
 * stored or come earlier in the same page. So a new entry is always a tip, tips' = tips - parents + id needs no child
 * index, and (height, id) order is parents first. A page becomes one atomic batch: entries, indexes, tips, counts and
 * arrivals appear together or not at all, even if the process is killed.
 */

import { invariant } from '../base/assert.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { tracing } from '../base/tracing/tracing.ts'
import { entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import { formatId, type TreeId, unknownTree } from '../dag/id.ts'
import {
  type BatchContributor,
  type ContributedStore,
  callListener,
  type PageListener,
  type PagePreparer,
} from './contributors.ts'
import { Repairs } from './damage/repairs.ts'
import { closedError, storeError } from './database/errors.ts'
import type { Database } from './database/open.ts'
import { ownAgain } from './database/ownership.ts'
import { LevelEngine } from './engine/leveldb/level-engine.ts'
import type { TreeRecord } from './engine/records.ts'
import { Landmarks } from './landmarks.ts'
import { Latest } from './latest.ts'
import { type AppendOptions, type AppendResult, planPage } from './page.ts'
import type { PageReads, PlannedPage } from './planned-page.ts'
import { lookupForPage } from './read/page-lookup.ts'
import { PageTraces } from './read/page-traces.ts'
import { readAuthors } from './read/policies.ts'
import type { TreeReader } from './read/tree-reader.ts'
import { Removals } from './removal.ts'
import { SettledTrees } from './settled-trees.ts'
import { Sketches } from './sketches.ts'
import { infoOf, newTree } from './tree-state.ts'

export type { BatchOperation } from './engine/engine.ts'
export type { AppendResult, RefusedEntry } from './page.ts'
export type { ScanOptions, Snapshot, StoredEntry } from './read/reader.ts'
export type { TreeDigest, TreeInfo, TreeSummary, TreeView } from './tree-state.ts'

/** The trees of one database: reads them, and appends verified entries in pages, one page of a tree at a time. */
export class DagStore extends SettledTrees implements TreeReader, ContributedStore {
  private readonly preparers: PagePreparer[] = []
  private readonly contributors: BatchContributor[] = []
  private readonly listeners = new Set<PageListener>()
  readonly latest = new Latest()
  readonly traces = new PageTraces()
  private closed = false
  private reopening: Promise<void> | undefined
  /** How often the database was reopened: then a batch that failed may be there after all. */
  openings = 0
  readonly landmarks = new Landmarks(this)
  /** The set sketch of each tree. */
  readonly sketches = new Sketches(this)
  /** The trees that are being removed. */
  readonly removals = new Removals(this)
  /** The trees that are being repaired. */
  readonly repairs = new Repairs(this)
  /** Whether the store is closing or closed, so that long work stops. */
  closing = false

  /**
   * Returns a store on an open database, which `close` closes. Removals that have not ended wait for
   * `removals.resume()`. Throws STORE_CORRUPT if its trees cannot be listed.
   */
  static async open(db: Database): Promise<DagStore> {
    const store = new DagStore(new LevelEngine(db))
    store.removals.onRemove((tree) => store.sketches.forget(tree))
    store.repairs.onRepair({ end: (tree) => store.sketches.forget(tree) })
    await store.readTrees()
    return store
  }

  protected override async readTrees(): Promise<void> {
    await super.readTrees()
    this.nextNumber = Math.max(this.nextNumber, await this.removals.load())
  }

  /** The bytes of all bodies and signatures of all trees, also of those that are being removed. */
  override get bytes(): number {
    return super.bytes + this.removals.bytes
  }

  /** Waits for the writes under way, then closes the database. Reads under way throw CLOSED. */
  async close(): Promise<void> {
    this.closing = true
    await this.removals.close()
    await this.queue.idle()
    this.closed = true
    for (const cache of [this.recent, this.latest, this.landmarks, this.traces]) cache.clear()
    try {
      await this.sketches.close()
    } finally {
      await this.db.close().catch((error) => {
        // After a failed write, closing fails with the same error, which the writer has received.
        if (!this.failed) throw storeError(error, 'The store could not be closed')
      })
    }
  }

  /** Registers a function that adds operations to the batch of every page written from now on. */
  addContributor(contribute: BatchContributor): void {
    this.contributors.push(contribute)
  }

  /** Like `addContributor`, for a function that reads before it adds operations. */
  addPreparer(prepare: PagePreparer): void {
    this.preparers.push(prepare)
  }

  /** Calls `listener` after each page that added entries, until the returned function is called. */
  subscribe(listener: PageListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Like `append`, with entries that `make` returns in the tree's turn, so that nothing comes in between. */
  appendMade(
    tree: TreeId,
    make: () => Promise<readonly VerifiedEntry[]>,
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    return this.queue.run(tree, async () => {
      const entries = await this.inTurn(tree, make)
      return this.write(tree, entries, options)
    })
  }

  /**
   * Stores a page of entries of one tree, parents first. Entries that are stored already are counted as `known`. An
   * entry that does not fit (missing parent, other tree, wrong height, forbidden author) is refused with its error, and
   * so are its descendants; the others are stored. With `sync` it resolves once the page is flushed to the disk. Throws
   * RESOURCE_EXHAUSTED if the tree is being removed, and with `existing` UNKNOWN_TREE if it is not here.
   */
  async append(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    this.expectWhole(tree)
    return this.queue.run(tree, async () => {
      if (options.before !== undefined) await this.inTurn(tree, options.before)
      return this.write(tree, entries, options)
    })
  }

  /** Writes a page, as a span if there are traces. Only in the tree's queue. */
  private write(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    if (tracing === undefined || entries.length === 0) return this.writePage(tree, entries, options)
    const bytes = entries.reduce((sum, { signed }) => sum + entryBytes(signed), 0)
    const attributes = {
      ...{ 'causeway.tree': formatId(tree), 'causeway.entries': entries.length, 'causeway.bytes': bytes },
    }
    return tracing.run('causeway.page', { parents: options.traces, attributes }, async (span) => {
      const result = await this.writePage(tree, entries, options)
      span.set({ 'causeway.entries.added': result.added.length })
      return result
    })
  }

  /** Reads what the page needs, plans it, commits it as one batch, and publishes it. Only in the tree's queue. */
  private async writePage(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    { sync = false, existing = false }: AppendOptions,
  ): Promise<AppendResult> {
    for (let turn = 0; turn < limits.reopenTurns; turn++) {
      const reads = await this.readFor(tree, entries)
      this.removals.expectNone(tree)
      if (existing && reads.state === undefined) throw unknownTree(tree)
      const { openings } = this
      const planned = await this.plan(tree, entries, reads)
      const { added, known, refused } = planned.plan
      if (added.length === 0) return { added, known, refused }
      await this.prepare(planned)
      // Repeats only if a write to another tree failed while this page was planned, as `readFor` does.
      if (this.failed || this.openings !== openings) {
        this.states.delete(tree)
        continue
      }
      this.contribute(planned)
      await this.commit(planned, sync)
      this.publish(planned)
      return { added, known, refused }
    }
    throw failingWrites(tree)
  }

  /** Step 1: reads the tree, and the index records of the page's entries and parents, all since one opening. */
  private async readFor(tree: TreeId, entries: readonly VerifiedEntry[]): Promise<PageReads> {
    // Repeats only if a write to another tree failed meanwhile; `reopen` throws while the disk stays full.
    for (let turn = 0; turn < limits.reopenTurns; turn++) {
      if (this.failed) await this.reopen()
      const { openings } = this
      const state = await this.loadState(tree)
      const indexRecords = await lookupForPage(this, entries, state)
      const authors = await readAuthors(this, entries)
      if (!this.failed && this.openings === openings) return { state, indexRecords, authors }
    }
    throw failingWrites(tree)
  }

  /**
   * Step 2: works out what the page changes. The event loop may turn meanwhile, and nothing else writes to the tree.
   */
  private async plan(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    reads: PageReads,
  ): Promise<PlannedPage> {
    const isNew = reads.state === undefined
    // Taken at once, so that two new trees cannot take the same one, and given back if it is not used.
    const state = reads.state ?? newTree(this.nextNumber++)
    const { record, policy, tips, pointsStored, stale } = state
    const { indexRecords, authors } = reads
    // Field by field: a spread would make a new hidden class for every page.
    const draft = this.engine.draft(record.number)
    const base = { tree, draft, record, tips, indexRecords, authors, policy, pointsStored, stale }
    const plan = await planPage(base, entries)
    if (isNew && plan.added.length === 0 && this.nextNumber === record.number + 1) this.nextNumber--
    return { tree, state, isNew, draft, plan, info: infoOf(tree, plan.record), contributions: [] }
  }

  /** Asks those who have to read first what they add to a page. Throws if one of them refuses the page. */
  private async prepare({
    tree,
    state,
    isNew,
    draft,
    plan,
    info,
    contributions,
  }: PlannedPage): Promise<void> {
    const { added, voids, stale, record } = plan
    // Held, so that they never wait for their own turn to read the tree.
    if (!isNew) this.held.set(tree, state)
    try {
      for (const prepare of this.preparers) {
        const contribution = await prepare({ tree, added, voids, stale, info, number: record.number })
        if (contribution === undefined) continue
        draft.beside(contribution.operations)
        contributions.push(contribution)
      }
    } catch (error) {
      // The policy in memory has grown by entries that are not stored, so the state is read again.
      this.states.delete(tree)
      throw error
    } finally {
      this.held.delete(tree)
    }
  }

  /**
   * Asks the contributors what they add to a page. Nothing runs between that and the write of the batch. Throws if one
   * of them refuses the page.
   */
  private contribute({ tree, state, isNew, draft, plan, info, contributions }: PlannedPage): void {
    const { record, added } = plan
    invariant(
      record.count === state.record.count + added.length &&
        record.sequence === state.record.sequence + added.length,
      'a page raises the count and the arrivals by its number of new entries',
    )
    try {
      this.removals.expectNone(tree)
      for (const contribute of this.contributors) {
        const contribution = contribute(tree, added, info, state.policy, record.number)
        if (contribution === undefined) continue
        draft.beside(contribution.operations)
        contributions.push(contribution)
      }
    } catch (error) {
      // The policy in memory has grown by entries that are not stored, so the state is read again.
      this.states.delete(tree)
      throw error
    }
    if (isNew) this.treeOfNumber.set(record.number, tree)
  }

  /** Step 3: writes page and contributions as one batch. After a failure nothing is written until a reopening. */
  private async commit({ state, isNew, draft, plan }: PlannedPage, sync: boolean): Promise<void> {
    try {
      await this.engine.append(draft, state.record, sync)
    } catch (error) {
      this.failed = true
      if (isNew) this.treeOfNumber.delete(plan.record.number)
      throw storeError(error, 'The page could not be stored')
    }
  }

  /** Step 4: brings memory up to what the batch wrote, calls the contributors, then the listeners. */
  private publish({ tree, state, plan, info, contributions }: PlannedPage): void {
    const { record, added, voids } = plan
    invariant(
      info.sequence === (this.records.get(tree)?.sequence ?? 0) + added.length,
      'pages of a tree are published in the order of their arrivals',
    )
    // A map with many insertions and deletions copies itself into new tables, and a table that has reached V8's old
    // generation keeps its successors from being collected young. So a page that changes much starts a new map.
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
    for (const [id, indexRecord] of plan.newIndexRecords) this.recent.set(id, indexRecord)
    this.latest.add(tree, added, info.sequence)
    const trace = tracing?.current()
    if (trace !== undefined) this.traces.add(tree, info.sequence - added.length, info.sequence, trace)
    for (const contribution of contributions) contribution.stored()
    const inEffect = voids.size === 0 ? added : added.filter(({ id }) => !voids.has(id))
    for (const listener of this.listeners) callListener(() => listener(tree, added, info, inEffect))
  }

  protected override isBeingRemoved(tree: TreeId): boolean {
    return this.removals.has(tree)
  }

  /** For removals: returns a tree's record and the least number that no tree has had. Throws UNKNOWN_TREE. */
  expectRecord(tree: TreeId): { record: TreeRecord; unused: number } {
    const record = this.records.get(tree)
    if (record === undefined) throw unknownTree(tree)
    return { record, unused: this.nextNumber }
  }

  /** Forgets what memory holds of a tree. */
  forget(tree: TreeId): void {
    this.forgetCaches(tree)
    this.records.delete(tree)
    this.states.delete(tree)
    this.aside.delete(tree)
  }

  /** Forgets which number a tree has, and what was read under it. */
  protected override forgetCaches(tree: TreeId): void {
    const number = this.numberOfStored(tree)
    if (number !== undefined) this.treeOfNumber.delete(number)
    this.recent.clear()
    this.latest.forget(tree)
    this.traces.forget(tree)
    this.landmarks.forget(tree)
  }

  /** Reopens the database after a failed write, and reads what it holds. Fails while the disk stays full. */
  protected override reopen(): Promise<void> {
    if (this.closed) return Promise.reject(closedError())
    this.reopening ??= (async () => {
      try {
        // Closing fails with the error of the failed write, which the writer has received.
        await this.db.close().catch(() => {})
        await this.db.open()
        await ownAgain(this.db)
        await this.sketches.reopen()
        this.openings++
        const maps = [this.records, this.treeOfNumber, this.states, this.aside]
        for (const cache of [this.recent, this.latest, this.landmarks]) cache.clear()
        for (const map of maps) map.clear()
        await this.readTrees()
        this.failed = false
        // Those that the failed write ended go on.
        this.removals.resume().catch(() => {})
      } catch (error) {
        throw storeError((error as { cause?: unknown }).cause ?? error, 'The store could not be reopened')
      } finally {
        this.reopening = undefined
      }
    })()
    return this.reopening
  }
}

function failingWrites(tree: TreeId): CausewayError {
  return new CausewayError('RESOURCE_EXHAUSTED', 'Writes to other trees fail again and again: try again.', {
    data: { tree, retryAfterMs: limits.removalRetryMs },
  })
}
