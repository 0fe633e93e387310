/**
 * Ids at chosen heights of a tree, to show a peer how far it is known. To find one is a seek, so those that were found for
 * the last question are kept for the next: entries never leave a tree, and most of the heights are the same again.
 */

import { limits } from '../base/limits.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { StoreReader } from './read/reader.ts'
import type { TreeView } from './tree-state.ts'

export class Landmarks {
  private readonly store: StoreReader
  /** By tree, the one that was asked for last being last; by height. */
  private readonly trees = new Map<TreeId, ReadonlyMap<number, readonly EntryId[]>>()

  constructor(store: StoreReader) {
    this.store = store
  }

  /** Some ids at each of these heights, at most `perHeight`; and how many seeks that took. */
  async at(
    { tree, snapshot }: TreeView,
    heights: readonly number[],
    perHeight: number,
  ): Promise<{ ids: readonly (readonly EntryId[])[]; reads: number }> {
    const known = this.trees.get(tree)
    const unknown = heights.filter((height) => known?.has(height) !== true)
    const found = await this.store.idsAt(tree, unknown, perHeight, snapshot)
    const fresh = new Map(unknown.map((height, index) => [height, found[index]!]))
    const all = new Map(heights.map((height) => [height, fresh.get(height) ?? known!.get(height)!]))
    this.trees.delete(tree)
    this.trees.set(tree, all)
    if (this.trees.size > limits.landmarkTrees) this.trees.delete(this.trees.keys().next().value!)
    return { ids: [...all.values()], reads: unknown.length }
  }

  clear(): void {
    this.trees.clear()
  }
}
