/**
 * Removes trees from a store. One batch takes the tree's record away and keeps it as that of a removal: from then on the
 * tree is not here for anybody. The rest can be cut at any moment and begun again: what other parts of the node keep
 * about the tree, then its records in bounded batches, and last the record of the removal. A removal that was cut goes
 * on after the next opening.
 */
import { throwIfCancelled } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { formatId, type TreeId } from '../dag/id.ts'
import type { Contribution } from './contributors.ts'
import type { DamageNotes } from './damage/damage-notes.ts'
import { treesByNumber } from './damage/numbers.ts'
import { storeError } from './database/errors.ts'
import * as layout from './database/layout.ts'
import type { Database } from './database/open.ts'
import type { Engine } from './engine/engine.ts'
import { decoded } from './engine/record-engine.ts'
import type { TreeRecord } from './engine/records.ts'
import { emptyRecord } from './tree-state.ts'

/** What removals need of the store. */
export interface RemovableTrees {
  readonly engine: Engine
  readonly db: Database
  readonly notes: DamageNotes
  /** Returns whether a tree that is not being removed has this number. */
  isTaken(number: number): boolean
  /** Runs `task` between two pages of a tree. */
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result>
  /** Returns the tree's record and the least number that no tree has had. Throws UNKNOWN_TREE. */
  expectRecord(tree: TreeId): { record: TreeRecord; unused: number }
  /** Forgets what memory holds of a tree. */
  forget(tree: TreeId): void
  /** Writes to the database, and reopens it first if an earlier write has failed. */
  writeBeside(write: () => Promise<void>): Promise<void>
}

/** How far a removal is. */
export interface RemovalProgress {
  /** The entries that were deleted since the node was opened. */
  readonly removed: number
  /** The entries of the tree when its removal began. */
  readonly count: number
}

/**
 * Deletes what a part of the node keeps about a tree that is being removed. It may be called again for the same tree,
 * and must then delete what is left. `number` is the tree's local number.
 */
export type RemovalListener = (tree: TreeId, number: number) => Promise<void>

/** A removal under way in this process. */
interface Run {
  removed: number
  readonly count: number
  readonly watchers: Set<(progress: RemovalProgress) => void>
  /** Resolves when the parts of the node have forgotten the tree. */
  forgotten: Promise<void>
  ended: Promise<void>
}

/** The removals of a store: those that have begun and not ended. */
export class Removals {
  private readonly store: RemovableTrees
  private readonly records = new Map<TreeId, TreeRecord>()
  private readonly runs = new Map<TreeId, Run>()
  private readonly contributors: ((tree: TreeId) => Contribution)[] = []
  private readonly listeners: RemovalListener[] = []
  /** Begins one removal at a time, so that the least unused number on disk never becomes smaller. */
  private readonly queue = new KeyedQueue<''>()
  private closed = false

  constructor(store: RemovableTrees) {
    this.store = store
  }

  /**
   * Reads the removals that have not ended, those with a damaged record too: their entries say what to delete. Returns
   * the least number that no removed tree has had. Throws STORE_CORRUPT if the database cannot be read.
   */
  async load(): Promise<number> {
    const { engine, db, notes } = this.store
    this.records.clear()
    try {
      for (const { tree, record } of await engine.removals())
        this.records.set(tree, record ?? (await this.search(tree)))
      const unused = await db.get(layout.unusedKey)
      const number = unused && decoded(() => layout.decodeNumber(unused))
      if (unused !== undefined && number === undefined)
        await notes.dropRecords('numbers', [layout.unusedKey], [{ type: 'del', key: layout.unusedKey }])
      return number ?? 0
    } catch (error) {
      throw storeError(error, 'The removals could not be read')
    }
  }

  /** Returns a record for the removal of a tree whose own is damaged. */
  private async search(tree: TreeId): Promise<TreeRecord> {
    for (const [number, owner] of await treesByNumber(this.store.db))
      if (owner === tree && !this.store.isTaken(number)) return emptyRecord(number)
    return emptyRecord(0xffff_ffff)
  }

  /** The bytes of the trees that are being removed: their room is free when they are gone. */
  get bytes(): number {
    let bytes = 0
    for (const record of this.records.values()) bytes += record.bytes
    return bytes
  }

  /** Returns whether the tree is being removed. */
  has(tree: TreeId): boolean {
    return this.records.has(tree)
  }

  /** Throws RESOURCE_EXHAUSTED if the tree is being removed, since it cannot come back before that is done. */
  expectNone(tree: TreeId): void {
    if (!this.records.has(tree)) return
    throw new CausewayError(
      'RESOURCE_EXHAUSTED',
      `The tree ${formatId(tree)} is being removed: try again when that is done.`,
      { data: { tree, retryAfterMs: limits.removalRetryMs } },
    )
  }

  /** Puts what `contribute` returns into the first batch of each removal, with which the tree is gone. */
  addContributor(contribute: (tree: TreeId) => Contribution): void {
    this.contributors.push(contribute)
  }

  /** Calls `listener` in each removal, before the entries are deleted. */
  onRemove(listener: RemovalListener): void {
    this.listeners.push(listener)
  }

  /**
   * Removes a tree, or joins its removal if that has begun, and resolves when nothing of the tree is left. Throws
   * UNKNOWN_TREE. After STORE_FULL or CLOSED the tree is not here any more, and its removal goes on when it is called
   * for again, or after the next opening. CANCELLED if the signal fires before it has begun; from then on it goes on.
   */
  async remove(
    tree: TreeId,
    onProgress: (progress: RemovalProgress) => void = () => {},
    signal?: AbortSignal,
  ): Promise<number> {
    throwIfCancelled(signal)
    const record = this.records.get(tree) ?? (await this.queue.run('', () => this.begin(tree, signal)))
    const run = this.run(tree, record)
    run.watchers.add(onProgress)
    try {
      await run.ended
    } finally {
      run.watchers.delete(onProgress)
    }
    return record.count
  }

  /** Goes on with all removals. Resolves when the parts of the node have forgotten these trees; the rest follows. */
  async resume(): Promise<void> {
    const runs = Array.from(this.records, ([tree, record]) => this.run(tree, record))
    for (const { ended } of runs) ended.catch(() => {})
    await Promise.all(runs.map(({ forgotten }) => forgotten))
  }

  /** Stops the removals after the batches that they are at. */
  async close(): Promise<void> {
    this.closed = true
    await Promise.allSettled(Array.from(this.runs.values(), ({ ended }) => ended))
  }

  /** Takes a tree away from everybody, in one batch. */
  private begin(tree: TreeId, signal: AbortSignal | undefined): Promise<TreeRecord> {
    const { store } = this
    return store.between(tree, async () => {
      throwIfCancelled(signal)
      const begun = this.records.get(tree)
      if (begun !== undefined) return begun
      const { record, unused } = store.expectRecord(tree)
      const contributions = this.contributors.map((contribute) => contribute(tree))
      const beside = contributions.flatMap((contribution) => contribution.operations)
      await store.writeBeside(() => store.engine.beginRemoval(tree, record, unused, beside))
      this.records.set(tree, record)
      store.forget(tree)
      for (const contribution of contributions) contribution.stored()
      return record
    })
  }

  private run(tree: TreeId, record: TreeRecord): Run {
    const running = this.runs.get(tree)
    if (running !== undefined) return running
    const forgotten = this.callListeners(tree, record.number)
    const run: Run = {
      ...{ removed: 0, count: record.count, watchers: new Set(), forgotten },
      ended: Promise.resolve(),
    }
    run.ended = this.deleteAll(tree, record, run).finally(() => this.runs.delete(tree))
    this.runs.set(tree, run)
    return run
  }

  private async callListeners(tree: TreeId, number: number): Promise<void> {
    for (const listener of this.listeners) await listener(tree, number)
  }

  private async deleteAll(tree: TreeId, record: TreeRecord, run: Run): Promise<void> {
    const { store } = this
    await run.forgotten
    // A tree whose repair was under way lies under several numbers.
    for (const number of [record.number, ...(store.notes.ofTree(tree)?.sources ?? [])]) {
      this.expectOpen()
      for await (const step of store.engine.removal(number)) {
        await store.writeBeside(step.write)
        run.removed += step.entries
        if (step.entries > 0) for (const watcher of run.watchers) watcher(run)
        this.expectOpen()
      }
    }
    for await (const _ of store.engine.compaction(record)) this.expectOpen()
    await store.writeBeside(() => store.notes.treeRepaired(tree))
    await store.writeBeside(() => store.engine.endRemoval(tree))
    this.records.delete(tree)
  }

  private expectOpen(): void {
    if (this.closed)
      throw new CausewayError('CLOSED', 'The store is closing: the removal goes on when it is opened again.')
  }
}
