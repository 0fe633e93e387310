/**
 * Ids at chosen heights of a tree, which show a peer how far the tree is known. Finding one takes a seek, so the ids of
 * the last request are kept for the next: a tree keeps its entries,
 * and most of the heights are asked for again.
 */

import { limits } from '../base/limits.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { StoreReader } from './read/reader.ts'
import type { TreeView } from './tree-state.ts'

/** The landmarks of at most `limits.landmarkTrees` trees. */
export class Landmarks {
  private readonly store: StoreReader
  /** By tree, the one asked for last being last, then by height. */
  private readonly trees = new Map<TreeId, ReadonlyMap<number, readonly EntryId[]>>()

  constructor(store: StoreReader) {
    this.store = store
  }

  /** Returns at most `perHeight` ids at each of these heights, and how many seeks that took. */
  async at(
    { tree, snapshot }: TreeView,
    heights: readonly number[],
    perHeight: number,
  ): Promise<{ ids: readonly (readonly EntryId[])[]; reads: number }> {
    const cache = this.trees.get(tree)
    const newHeights = heights.filter((height) => cache?.has(height) !== true)
    const newIds = await this.store.idsAt(tree, newHeights, perHeight, snapshot)
    const fresh = new Map(newHeights.map((height, index) => [height, newIds[index]!]))
    const idsByHeight = new Map(heights.map((height) => [height, fresh.get(height) ?? cache!.get(height)!]))
    this.trees.delete(tree)
    this.trees.set(tree, idsByHeight)
    if (this.trees.size > limits.landmarkTrees) this.trees.delete(this.trees.keys().next().value!)
    return { ids: [...idsByHeight.values()], reads: newHeights.length }
  }

  /** Forgets a tree, which may have lost entries. */
  forget(tree: TreeId): void {
    this.trees.delete(tree)
  }

  clear(): void {
    this.trees.clear()
  }
}
