/**
 * Writes new entries with the node's key: roots of new trees, and commits on top of them. Commits that come while
 * one is being written wait for it together and then go in as one page, each on top of the one before, so that many
 * writers at one node make a line and share the disk's flush.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../clock.ts'
import type { Change } from '../dag/body.ts'
import { policyStore, signEntry, signRoot, type VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { Identity } from '../dag/identity.ts'
import { CausewayError, unknownTree } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore } from './store.ts'

export interface CommitOptions {
  /** Defaults to the tree's tips, the highest `limits.entryParents` of them. */
  readonly parents?: readonly EntryId[] | undefined
  /** Answer only when the entry is flushed to the disk. */
  readonly durable?: boolean | undefined
}

interface Waiting {
  readonly changes: readonly Change[]
  readonly options: CommitOptions
  readonly resolve: (entry: VerifiedEntry) => void
  readonly reject: (error: unknown) => void
}

export class Author {
  readonly identity: Identity
  private readonly store: DagStore
  private readonly clock: Clock
  private readonly waiting = new Map<TreeId, Waiting[]>()

  constructor(store: DagStore, identity: Identity, clock: Clock) {
    this.store = store
    this.identity = identity
    this.clock = clock
  }

  /** Makes a new tree. ENTRY_ROOT where the name is empty or too long. */
  async createTree(name: string, publicAccess: PublicAccess = PublicAccess.NONE): Promise<VerifiedEntry> {
    const nonce = this.clock.randomBytes(limits.rootNonceMinBytes)
    const root = signRoot(this.identity, { name, publicAccess, createdAtMs: this.clock.now(), nonce })
    await this.store.append(root.id, [root], { sync: true })
    return root
  }

  /** Signs one entry on top of the tree and stores it. UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE, ENTRY_MISSING_PARENT. */
  commit(tree: TreeId, changes: readonly Change[], options: CommitOptions = {}): Promise<VerifiedEntry> {
    if (changes.length === 0 || changes.some((change) => change.store === policyStore))
      throw new CausewayError(
        'ENTRY_CHANGES',
        `A commit has at least one change, and none to ${policyStore}.`,
      )
    return new Promise((resolve, reject) => {
      const commit = { changes, options, resolve, reject }
      const queue = this.waiting.get(tree)
      if (queue === undefined) {
        this.waiting.set(tree, [commit])
        void this.drain(tree)
      } else if (queue.length >= limits.commitsWaiting)
        reject(
          new CausewayError(
            'RESOURCE_EXHAUSTED',
            `More than ${limits.commitsWaiting} commits wait for this tree.`,
            {
              data: { retryAfterMs: 100 },
            },
          ),
        )
      else queue.push(commit)
    })
  }

  /** Writes what waits for a tree, page by page, until nothing does. */
  private async drain(tree: TreeId): Promise<void> {
    for (;;) {
      const queue = this.waiting.get(tree)!
      if (queue.length === 0) break
      const batch = queue.splice(0, limits.pageEntries)
      await this.writeBatch(tree, batch).catch((error) => {
        for (const { reject } of batch) reject(error)
      })
    }
    this.waiting.delete(tree)
  }

  private async writeBatch(tree: TreeId, batch: readonly Waiting[]): Promise<void> {
    const info = this.store.tree(tree)
    if (info === undefined) throw unknownTree(tree)
    const tips = await this.store.highestTips(tree, limits.entryParents)
    let parents = tips.map(({ id }) => id)
    const heights = new Map(tips.map(({ id, height }) => [id, height]))
    const signed: { entry: VerifiedEntry; waiting: Waiting }[] = []
    let durable = false
    for (const waiting of batch) {
      try {
        const on = waiting.options.parents ?? parents
        const entry = signEntry(this.identity, {
          tree,
          parents: on,
          height: 1 + (await this.highest(tree, on, heights)),
          createdAtMs: this.clock.now(),
          changes: waiting.changes,
        })
        durable ||= waiting.options.durable ?? false
        if (waiting.options.parents === undefined) parents = [entry.id]
        heights.set(entry.id, entry.body.height)
        signed.push({ entry, waiting })
      } catch (error) {
        waiting.reject(error)
      }
    }
    const { refused } = await this.store.append(
      tree,
      signed.map(({ entry }) => entry),
      { sync: durable },
    )
    const errors = new Map(refused.map(({ index, error }) => [index, error]))
    for (const [index, { entry, waiting }] of signed.entries()) {
      const error = errors.get(index)
      if (error === undefined) waiting.resolve(entry)
      else waiting.reject(error)
    }
  }

  private async highest(
    tree: TreeId,
    parents: readonly EntryId[],
    heights: ReadonlyMap<EntryId, number>,
  ): Promise<number> {
    let highest = -1
    const unknown = parents.filter((id) => !heights.has(id))
    const records = await this.store.lookupIn(tree, unknown)
    for (const [index, record] of records.entries()) {
      if (record === undefined)
        throw new CausewayError('ENTRY_MISSING_PARENT', `The parent ${unknown[index]} is not in this tree.`, {
          data: { parent: unknown[index]! },
        })
      highest = Math.max(highest, record.height)
    }
    for (const id of parents) highest = Math.max(highest, heights.get(id) ?? -1)
    return highest
  }
}
