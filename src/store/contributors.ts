/**
 * The functions that take part in writing a page. A preparer and a contributor add records to its batch, so that they
 * never disagree with the DAG; a listener is called once the page is stored.
 */
import type { VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import type { BatchOperation } from './engine/engine.ts'
import type { TreeInfo } from './tree-state.ts'

/** What a contributor adds to one page. */
export interface Contribution {
  readonly operations: readonly BatchOperation[]
  /**
   * Called once the batch is written, before every listener, with nothing in between: brings memory up to what the
   * batch wrote. Not called if the write fails. Must not throw.
   */
  stored(): void
}

/**
 * Returns what to add to a page's batch, or undefined if nothing. It is called after the page is planned and before it
 * is written, while nothing else can run. If it throws, the page is not stored.
 */
export type BatchContributor = (
  tree: TreeId,
  added: readonly VerifiedEntry[],
  /** The tree as the page leaves it. */
  info: TreeInfo,
  /** Its policy as the page leaves it. */
  policy: TreePolicy,
  /** Its local number, by which the keys of its records begin. */
  number: number,
) => Contribution | undefined

/** What a page adds to a tree, once it is planned. */
export interface AddedPage {
  readonly tree: TreeId
  readonly added: readonly VerifiedEntry[]
  /** Those that are void on arrival. */
  readonly voids: ReadonlySet<EntryId>
  /** Whether it is not known which entries of the tree are void before their marks are brought up to date. */
  readonly stale: boolean
  /** The tree as the page leaves it. */
  readonly info: TreeInfo
  /** Its local number, by which the keys of its records begin. */
  readonly number: number
}

/**
 * Like a contributor, for one that has to read first: it is called in the tree's turn, before the contributors, and the
 * page may still come to nothing. If it throws, the page is not stored.
 */
export type PagePreparer = (page: AddedPage) => Promise<Contribution | undefined>

/** Called after a page is stored. Must not throw, and must not wait for a write to the same tree. */
export type PageListener = (
  tree: TreeId,
  added: readonly VerifiedEntry[],
  info: TreeInfo,
  /** The added entries that are not void on arrival. */
  inEffect: readonly VerifiedEntry[],
) => void

/** What a contributor needs of the store. */
export interface ContributedStore {
  tree(tree: TreeId): TreeInfo | undefined
  /** Asks `contribute` about every page from now on. */
  addContributor(contribute: BatchContributor): void
  /** The trees that are being removed. */
  readonly removals: {
    /** Throws RESOURCE_EXHAUSTED if the tree is being removed. */
    expectNone(tree: TreeId): void
  }
  /** What is known to be damaged. */
  readonly notes: {
    /** Returns whether records of this name were dropped and the store was not repaired since. */
    hasDropped(records: string): boolean
    /** Whether LevelDB dropped something, and the store was not repaired since. */
    readonly hasLostLog: boolean
  }
  /** The trees that are being repaired. */
  readonly repairs: {
    /** Calls `end` when a tree was repaired and is not in use yet, between two pages. */
    onRepair(hooks: { end(tree: TreeId): Promise<void> }): void
  }
  /** Runs `task` between two pages of a tree, for records that change in step with it. */
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result>
}

/** Calls a listener. The page is stored by now, so an error that it throws ends the process as an uncaught one. */
export function callListener(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
