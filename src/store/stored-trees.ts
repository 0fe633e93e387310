/**
 * The trees of a store as memory holds them: the counts of all of them, and tips and policy of those in use. A tree's
 * state is loaded and changed only in the tree's queue, so what is read here never mixes two moments.
 */

import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import type { Entry } from '../dag/entry.ts'
import { comparePositions, type EntryId, formatId, type Position, type TreeId } from '../dag/id.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import { storeError } from './database/errors.ts'
import * as layout from './database/layout.ts'
import { entriesNotIn } from './read/page-lookup.ts'
import { StoreReader } from './read/reader.ts'
import {
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
export class StoredTrees extends StoreReader {
  /** Trees in use, the last used last. */
  protected readonly states = new Map<TreeId, TreeState>()
  protected readonly queue = new KeyedQueue<TreeId>()
  protected nextNumber = 0

  /** Reads the counts of all trees. Throws STORE_CORRUPT. */
  protected async readTrees(): Promise<void> {
    for await (const rows of this.rows(layout.treeRange))
      for (const [key, value] of rows) {
        const [tree, record] = [layout.treeOfKey(key), layout.decodeTree(value)]
        if (this.treeOfNumber.has(record.number))
          throw new CausewayError(
            'STORE_CORRUPT',
            `The tree ${formatId(tree)} has the number ${record.number} of another tree: restore the store from a copy.`,
            { data: { tree } },
          )
        this.records.set(tree, record)
        this.treeOfNumber.set(record.number, tree)
        this.nextNumber = Math.max(this.nextNumber, record.number + 1)
      }
  }

  /** Returns all trees, in ascending order of their ids. */
  trees(): TreeInfo[] {
    return [...this.records.keys()].sort().map((tree) => this.tree(tree)!)
  }

  /** The bytes of all bodies and signatures of all trees. */
  get bytes(): number {
    let bytes = 0
    for (const record of this.records.values()) bytes += record.bytes
    return bytes
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
  view(tree: TreeId): Promise<TreeView | undefined> {
    return this.queue.run(tree, async () => {
      const state = await this.loadState(tree)
      if (state === undefined) return undefined
      const counts = { ...infoOf(tree, state.record), ...summaryOf(state) }
      try {
        const snapshot = this.db.snapshot()
        return { ...counts, snapshot, [Symbol.asyncDispose]: () => snapshot.close() }
      } catch (error) {
        throw storeError(error, 'The store could not be read')
      }
    })
  }

  /** Runs `task` between two pages of a tree, for records that must change in step with it. */
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result> {
    return this.queue.run(tree, task)
  }

  /** Returns the entries of a page that are not in the tree yet: those worth verifying. */
  async unknown(tree: TreeId, entries: readonly Entry[]): Promise<readonly Entry[]> {
    return entriesNotIn(this, tree, entries, await this.stateOf(tree))
  }

  protected stateOf(tree: TreeId): Promise<TreeState | undefined> | TreeState | undefined {
    return this.states.get(tree) ?? this.queue.run(tree, () => this.loadState(tree))
  }

  /** Returns the state of a tree, and reads it if it is not in memory. Called only in the tree's queue. */
  protected async loadState(tree: TreeId): Promise<TreeState | undefined> {
    const record = this.records.get(tree)
    if (record === undefined) return undefined
    let state = this.states.get(tree)
    state ??= await readState(this, tree, record)
    this.keepState(tree, state)
    return state
  }

  protected keepState(tree: TreeId, state: TreeState): void {
    this.states.delete(tree)
    this.states.set(tree, state)
    if (this.states.size > limits.storeTreesInMemory) this.states.delete(this.states.keys().next().value!)
  }
}
