/**
 * The trees between two pages: a task may take a tree's turn, with the marks of its void entries up to date, and write
 * records beside the pages.
 */
import { limits } from '../base/limits.ts'
import { type EntryId, type Position, type TreeId, unknownTree } from '../dag/id.ts'
import { storeError } from './database/errors.ts'
import type { ScanOptions, StoredEntry } from './read/reader.ts'
import { StoredTrees } from './stored-trees.ts'
import type { TreeState } from './tree-state.ts'
import { type FlipContributor, updateVoidMarks } from './void-marks.ts'

const noEntries: ReadonlySet<EntryId> = new Set()

export abstract class SettledTrees extends StoredTrees {
  private readonly flipContributors: FlipContributor[] = []
  /** Whether a batch has failed: the database's content is unknown until it is reopened (database/write-fence.ts). */
  protected failed = false

  /** Reopens the database after a failed write, and reads what it holds. Fails while the disk stays full. */
  protected abstract reopen(): Promise<void>

  /** Writes what `contribute` returns together with the marks of entries that become void, or no longer void. */
  onFlips(contribute: FlipContributor): void {
    this.flipContributors.push(contribute)
  }

  /** Returns which of these entries of a tree are void: stored, but without effect because of a revocation. */
  async voidAmong(tree: TreeId, positions: readonly Position[]): Promise<ReadonlySet<EntryId>> {
    const state = await this.stateOf(tree)
    if (state === undefined || state.policy.whole().revocations === 0) return noEntries
    if (state.stale) await this.settled(tree, async () => {})
    const number = this.numberOf(tree)
    const marks = await this.engine.areVoid(number, positions)
    return new Set(positions.filter((_, index) => marks[index]).map(({ id }) => id))
  }

  /**
   * Reads a tree's void entries in (height, id) order, and no others, in pages of bounded bytes and number. Throws
   * UNKNOWN_TREE.
   */
  async *scanVoid(
    tree: TreeId,
    { after, reverse = false, pageEntries, pageBytes = limits.pageBytes }: ScanOptions = {},
  ): AsyncGenerator<StoredEntry[]> {
    const state = await this.stateOf(tree)
    if (state?.stale) await this.settled(tree, async () => {})
    const number = this.numberOf(tree)
    const scan = this.engine.voids(number, { after, reverse }, pageEntries ?? limits.pageEntries)
    for await (const positions of scan) {
      // A mark does not say how large its entry is; the index does.
      const records = await this.lookup(positions.map(({ id }) => id))
      let [start, bytes] = [0, 0]
      for (const [index, record] of records.entries()) {
        const size = record?.size ?? 0
        if (index > start && bytes + size > pageBytes) {
          yield await this.read(tree, positions.slice(start, index))
          start = index
          bytes = 0
        }
        bytes += size
      }
      yield await this.read(tree, positions.slice(start))
    }
  }

  private async settle(state: TreeState | undefined, tree: TreeId): Promise<void> {
    if (!state?.stale || this.failed) return
    try {
      await updateVoidMarks(this, tree, state.record.number, state.policy, this.flipContributors)
    } catch (error) {
      this.failed = true
      throw storeError(error, 'The marks of void entries could not be written')
    }
    state.stale = false
  }

  /**
   * Runs `task` between two pages of a tree, with its void marks up to date. The task may read the tree and its policy,
   * and must not write to it other than by `writeBeside`. Throws UNKNOWN_TREE.
   */
  settled<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result> {
    return this.queue.run(tree, () => this.inTurn(tree, task))
  }

  protected async inTurn<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result> {
    if (this.failed) await this.reopen()
    const state = await this.loadState(tree)
    if (state === undefined) throw unknownTree(tree)
    await this.settle(state, tree)
    // Held, so that the task never waits for its own turn to read the tree again.
    this.held.set(tree, state)
    try {
      return await task()
    } finally {
      this.held.delete(tree)
    }
  }

  /** Writes to the database beside the pages, and reopens it first if an earlier write has failed. */
  async writeBeside(write: () => Promise<void>): Promise<void> {
    if (this.failed) await this.reopen()
    try {
      await write()
    } catch (error) {
      this.failed = true
      throw storeError(error, 'The records beside the trees could not be written')
    }
  }
}
