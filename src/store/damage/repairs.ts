/**
 * The repairs of a store's trees. A repair has the tree for itself: it runs between two pages, and the tree is set aside
 * until it is whole. Then its links are marked, so that peers bring back what was lost here.
 */
import type { TreeId } from '../../dag/id.ts'
import { Rebuild, type RebuildHooks, type Rebuilt, type RebuiltStore } from './rebuild.ts'

/** What repairs need of the store. */
export interface RepairableStore extends RebuiltStore {
  between<Result>(tree: TreeId, task: () => Promise<Result>): Promise<Result>
  readonly removals: { expectNone(tree: TreeId): void }
  /** Lets a tree be used again. */
  restore(tree: TreeId): void
}

/** What a part of the node does in a repair. */
export interface RepairHooks extends Partial<RebuildHooks> {
  /** The tree is whole and not in use yet: what its peers have is unknown. Called between two pages. */
  end?(tree: TreeId): Promise<void>
  /** The tree is in use again. */
  after?(tree: TreeId): Promise<void>
}

/** A repair under way in this process. */
interface Run {
  readonly watchers: Set<(done: number) => void>
  readonly result: Promise<Rebuilt>
}

/** The repairs under way, and what takes part in them. */
export class Repairs {
  private readonly store: RepairableStore
  private readonly hooks: RepairHooks[] = []
  private readonly runs = new Map<TreeId, Run>()

  constructor(store: RepairableStore) {
    this.store = store
  }

  /** Calls these functions in every repair. */
  onRepair(hooks: RepairHooks): void {
    this.hooks.push(hooks)
  }

  /**
   * Builds a tree that is set aside anew, or joins its repair if that runs. `onProgress` gets the number of entries that
   * were looked at. Throws RESOURCE_EXHAUSTED if the tree is being removed, CLOSED if the store closes, and the errors
   * of reading and writing; then the tree stays set aside, and the next call goes on.
   */
  async rebuild(tree: TreeId, onProgress: (done: number) => void): Promise<Rebuilt> {
    let run = this.runs.get(tree)
    if (run === undefined) {
      const watchers = new Set<(done: number) => void>()
      const report = (done: number) => {
        for (const watcher of watchers) watcher(done)
      }
      run = { watchers, result: this.runOnce(tree, report).finally(() => this.runs.delete(tree)) }
      this.runs.set(tree, run)
    }
    run.watchers.add(onProgress)
    try {
      return await run.result
    } finally {
      run.watchers.delete(onProgress)
    }
  }

  /** Tells all that keep something about a tree's peers that it is unknown what these have. */
  async unsettle(tree: TreeId): Promise<void> {
    await this.store.between(tree, () => this.callEnd(tree))
  }

  private async runOnce(tree: TreeId, report: (done: number) => void): Promise<Rebuilt> {
    const { store, hooks } = this
    const rebuilt = await store.between(tree, async () => {
      store.removals.expectNone(tree)
      const result = await new Rebuild(store, tree, hooks, report).run()
      await this.callEnd(tree)
      await store.writeBeside(() => store.notes.treeRepaired(tree))
      store.restore(tree)
      return result
    })
    for (const hook of hooks) await hook.after?.(tree)
    return rebuilt
  }

  private async callEnd(tree: TreeId): Promise<void> {
    for (const hook of this.hooks) await hook.end?.(tree)
  }
}
