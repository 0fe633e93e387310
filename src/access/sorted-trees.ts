/** Trees in ascending order of their ids, so that a list of them is read page by page without sorting all of them. */
import type { TreeId } from '../dag/id.ts'

export class SortedTrees {
  private readonly trees: TreeId[] = []

  get size(): number {
    return this.trees.length
  }

  /** Returns all, in ascending order. */
  list(): readonly TreeId[] {
    return this.trees
  }

  has(tree: TreeId): boolean {
    return this.trees[this.placeOf(tree)] === tree
  }

  add(tree: TreeId): void {
    const place = this.placeOf(tree)
    if (this.trees[place] !== tree) this.trees.splice(place, 0, tree)
  }

  delete(tree: TreeId): void {
    const place = this.placeOf(tree)
    if (this.trees[place] === tree) this.trees.splice(place, 1)
  }

  /** Returns the first tree after an id, in hex, or undefined if there is none. '' comes before all ids. */
  next(after: string): TreeId | undefined {
    const place = this.placeOf(after)
    return this.trees[place] === after ? this.trees[place + 1] : this.trees[place]
  }

  /** Returns the place of the first tree that does not come before `id`. */
  private placeOf(id: string): number {
    let [low, high] = [0, this.trees.length]
    // Ends: the stretch halves in each turn.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.trees[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
