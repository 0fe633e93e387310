/**
 * The trees of a store as memory holds them: the counts of all of them, and tips and policy of those in use. A tree's
 * state is loaded and changed only in the tree's queue, so what is read here never mixes two moments.
 */

import { type CausewayError, type Failure, failureOf } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { comparePositions, type EntryId, type Position, type TreeId } from '../dag/id.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import { checkLatestArrivals } from './damage/agreement.ts'
import { DamageNotes } from './damage/damage-notes.ts'
import { damagedTree, isDamageOf } from './damage/damaged-tree.ts'
import { lastNumber, treesByNumber } from './damage/numbers.ts'
import { storeError } from './database/errors.ts'
import * as layout from './database/layout.ts'
import { wordsOfDamage } from './database/leveldb-words.ts'
import type { TreeRecord } from './engine/records.ts'
import { entriesNotIn, type SoughtEntry } from './read/page-lookup.ts'
import { StoreReader } from './read/reader.ts'
import {
  emptyRecord,
  emptySummary,
  infoOf,
  readState,
  summaryOf,
  type TreeInfo,
  type TreeState,
  type TreeSummary,
  type TreeView,
} from './tree-state.ts'

/** The part of the store that reads trees at one moment, between two pages. */
export abstract class StoredTrees extends StoreReader {
  /** Trees in use, the last used last. */
  protected readonly states = new Map<TreeId, TreeState>()
  /** The trees whose turn a task has that reads them. */
  protected readonly held = new Map<TreeId, TreeState>()
  protected readonly queue = new KeyedQueue<TreeId>()
  protected nextNumber = 0
  protected abstract isBeingRemoved(tree: TreeId): boolean
  protected abstract forgetCaches(tree: TreeId): void

  private readonly damageListeners: ((error: CausewayError) => void)[] = []
  /** What is known to be damaged. */
  notes!: DamageNotes

  /** How many pages, and tasks between two pages, wait for the turn of their tree. */
  get waiting(): number {
    return this.queue.waiting
  }

  /**
   * Reads the counts of all trees, and which are set aside. After LevelDB has dropped a part of its log, also looks at
   * the latest arrivals of each. Throws STORE_CORRUPT if the database cannot be read.
   */
  protected async readTrees(): Promise<void> {
    this.notes = await DamageNotes.of(this.db)
    await this.notes.addLog(await wordsOfDamage(this.db))
    const damaged: TreeId[] = []
    for await (const page of this.engine.trees())
      for (const { tree, record } of page)
        if (record === undefined || this.treeOfNumber.has(record.number)) damaged.push(tree)
        else this.addRecord(tree, record)
    this.nextNumber = Math.max(this.nextNumber, (await lastNumber(this.db)) + 1)
    await this.readDamage(damaged)
  }

  private addRecord(tree: TreeId, record: TreeRecord): void {
    this.records.set(tree, record)
    this.treeOfNumber.set(record.number, tree)
    this.nextNumber = Math.max(this.nextNumber, record.number + 1)
  }

  /** Sets trees aside: those with damaged records, those that were before, and those that have lost arrivals. */
  private async readDamage(damaged: readonly TreeId[]): Promise<void> {
    for (const { tree, message } of this.notes.list())
      if (tree === undefined || damaged.includes(tree)) continue
      else if (this.records.has(tree)) this.aside.set(tree, damageOf(tree, message))
      // The end of a removal that was killed, if nothing says that there is more to remove.
      else if (this.notes.ofTree(tree)?.sources === undefined) await this.notes.treeRepaired(tree)
    const numbers = damaged.length === 0 ? [] : [...(await treesByNumber(this.db))]
    for (const tree of damaged) {
      const own = numbers.find(([number, owner]) => owner === tree && !this.treeOfNumber.has(number))
      this.addRecord(tree, emptyRecord(own?.[0] ?? this.nextNumber))
      await this.setAside(tree, damagedTree(tree, 'its record is damaged'))
    }
    if (!this.notes.unexamined) return
    for (const [tree, record] of this.records)
      try {
        if (!this.aside.has(tree)) await checkLatestArrivals(this.db, tree, record)
        // Void marks may be lost too, and can be found again.
        await this.db.put(layout.staleKey(record.number), Buffer.alloc(0))
      } catch (error) {
        if (!isDamageOf(tree, error)) throw storeError(error, 'The store could not be read')
        await this.setAside(tree, error)
      }
    await this.notes.wereExamined()
  }

  /** Sets a tree aside, durably: from now on its reads and writes throw this error, until it is repaired. */
  async setAside(tree: TreeId, error: CausewayError): Promise<void> {
    if (this.aside.has(tree)) return
    this.aside.set(tree, failureOf(error))
    this.states.delete(tree)
    for (const listener of this.damageListeners) listener(error)
    await this.notes.setTree(tree, { message: error.message })
  }

  /** For repairs: sets trees aside of which there are entries that no record names, so that a repair finds them. */
  async adoptLost(): Promise<void> {
    const sources = new Set(this.notes.list().flatMap((note) => note.sources ?? []))
    for (const [number, tree] of await treesByNumber(this.db)) {
      if (tree === undefined || this.treeOfNumber.has(number) || sources.has(number)) continue
      if (this.isBeingRemoved(tree)) continue
      if (!this.records.has(tree)) this.addRecord(tree, emptyRecord(number))
      await this.setAside(tree, damagedTree(tree, 'it has entries that its record does not count'))
    }
  }

  /** For repairs: takes a number that no tree has had, and returns it with the least one that is left. */
  takeNumber(): { number: number; unused: number } {
    const number = this.nextNumber++
    return { number, unused: this.nextNumber }
  }

  /** For repairs: puts a tree's record into memory; undefined if nothing is left of the tree. */
  replaceRecord(tree: TreeId, record: TreeRecord | undefined): void {
    const before = this.records.get(tree)
    if (before?.number !== record?.number) this.forgetCaches(tree)
    if (record === undefined) this.records.delete(tree)
    else {
      this.records.set(tree, record)
      this.treeOfNumber.set(record.number, tree)
    }
  }

  /** For repairs: lets a tree be used again. */
  restore(tree: TreeId): void {
    this.aside.delete(tree)
    this.states.delete(tree)
    this.forgetCaches(tree)
    const record = this.records.get(tree)
    if (record !== undefined) this.treeOfNumber.set(record.number, tree)
  }

  /** Returns the number of a stored tree, also of one that is set aside; undefined if there is no such tree. */
  numberOfStored(tree: TreeId): number | undefined {
    return this.records.get(tree)?.number
  }

  /** For removals: returns whether a tree that is not being removed has this number. */
  isTaken(number: number): boolean {
    return this.treeOfNumber.has(number)
  }

  /** Calls `listener` when a tree is set aside. */
  onDamage(listener: (error: CausewayError) => void): void {
    this.damageListeners.push(listener)
  }

  /** Returns why a tree is set aside, or undefined if it is not. */
  damageOf(tree: TreeId): string | undefined {
    return this.aside.get(tree)?.message
  }

  /** Returns all trees, in ascending order of their ids. */
  trees(): TreeInfo[] {
    return this.treesAfter('', this.records.size)
  }

  /** Returns up to `most` trees after an id, in ascending order of their ids. '' comes before all ids. */
  treesAfter(id: string, most: number): TreeInfo[] {
    return this.records.after(id, most).map((tree) => this.tree(tree)!)
  }

  /** The number of trees. */
  get treeCount(): number {
    return this.records.size
  }

  /** The number of entries of all trees. */
  get entries(): number {
    return this.records.entries
  }

  /** The bytes of all bodies and signatures of all trees. */
  get bytes(): number {
    return this.records.bytes
  }

  /** Returns the tree's counts, or undefined if there is no such tree. */
  tree(tree: TreeId): TreeInfo | undefined {
    const record = this.records.get(tree)
    return record && infoOf(tree, record)
  }

  /** Returns tips, digest and count of one moment; those of an empty set if there is no such tree. */
  async summary(tree: TreeId): Promise<TreeSummary> {
    const state = await this.stateOf(tree)
    return state === undefined ? emptySummary : summaryOf(state)
  }

  /** Returns the tree's tips in ascending order; none if there is no such tree. */
  async tips(tree: TreeId): Promise<readonly EntryId[]> {
    return (await this.summary(tree)).tips
  }

  /** Returns the digest of the tree's tips, '' if there is no such tree. */
  async tipsDigest(tree: TreeId): Promise<string> {
    return (await this.summary(tree)).tipsDigest
  }

  /** Returns who may do what in the tree now, or undefined if there is no such tree. */
  async policy(tree: TreeId): Promise<PolicyState | undefined> {
    return (await this.stateOf(tree))?.policyState
  }

  /** Returns the tree's policy, or undefined if there is no such tree. It includes a page that is being written. */
  async treePolicy(tree: TreeId): Promise<TreePolicy | undefined> {
    return (await this.stateOf(tree))?.policy
  }

  /** Returns the highest tips, at most `count`. */
  async highestTips(tree: TreeId, count: number): Promise<Position[]> {
    const state = await this.stateOf(tree)
    const positions = Array.from(state?.tips ?? [], ([id, height]) => ({ id, height }))
    return positions.length <= count
      ? positions
      : positions.sort((a, b) => comparePositions(b, a)).slice(0, count)
  }

  /**
   * Returns the tree between two pages: counts, tips and a snapshot that agree. The caller disposes it. Returns
   * undefined if there is no such tree.
   */
  async view(tree: TreeId): Promise<TreeView | undefined> {
    // Before its turn in the queue, in which a repair may take long.
    this.expectWhole(tree)
    return this.queue.run(tree, async () => {
      const state = await this.loadState(tree)
      if (state === undefined) return undefined
      const counts = { ...infoOf(tree, state.record), ...summaryOf(state) }
      const snapshot = this.engine.snapshot(state.record.number, state.record.sequence)
      return { ...counts, snapshot, [Symbol.asyncDispose]: () => snapshot.close() }
    })
  }

  /** Runs `task` between two pages of a tree, for records that must change in step with it. */
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result> {
    return this.queue.run(tree, task)
  }

  /** Returns the entries of a page that are not in the tree yet: those worth verifying. */
  async unknown<Sought extends SoughtEntry>(
    tree: TreeId,
    entries: readonly Sought[],
  ): Promise<readonly Sought[]> {
    return entriesNotIn(this, tree, entries, await this.stateOf(tree))
  }

  protected stateOf(tree: TreeId): Promise<TreeState | undefined> | TreeState | undefined {
    const held = this.held.get(tree)
    if (held !== undefined) return held
    this.expectWhole(tree)
    return this.states.get(tree) ?? this.queue.run(tree, () => this.loadState(tree))
  }

  /** Returns the state of a tree, and reads it if it is not in memory. Called only in the tree's queue. */
  protected async loadState(tree: TreeId): Promise<TreeState | undefined> {
    const record = this.records.get(tree)
    if (record === undefined) return undefined
    this.expectWhole(tree)
    const state = this.states.get(tree) ?? (await this.readState(tree, record))
    this.keepState(tree, state)
    return state
  }

  private async readState(tree: TreeId, record: TreeRecord): Promise<TreeState> {
    try {
      return await readState(this, tree, record)
    } catch (error) {
      // If the note cannot be written, the next use of the tree finds the damage again.
      if (isDamageOf(tree, error)) await this.setAside(tree, error).catch(() => {})
      throw error
    }
  }

  protected keepState(tree: TreeId, state: TreeState): void {
    this.states.delete(tree)
    this.states.set(tree, state)
    if (this.states.size > limits.storeTreesInMemory) this.states.delete(this.states.keys().next().value!)
  }
}

function damageOf(tree: TreeId, message: string): Failure {
  return { code: 'STORE_CORRUPT', message, data: { tree, damaged: true } }
}
