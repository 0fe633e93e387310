/** Trees in ascending order of their ids, so that a list of them is read page by page without sorting all of them. */
import type { TreeId } from './id.ts'

export class SortedTrees {
  private readonly trees: TreeId[] = []

  get size(): number {
    return this.trees.length
  }

  /** Returns all, in ascending order. */
  list(): readonly TreeId[] {
    return this.trees
  }

  /** Returns up to `most` trees after an id, in hex. '' comes before all ids. */
  after(id: string, most: number): TreeId[] {
    const place = this.placeAfter(id)
    return this.trees.slice(place, place + most)
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
    return this.trees[this.placeAfter(after)]
  }

  private placeAfter(id: string): number {
    const place = this.placeOf(id)
    return this.trees[place] === id ? place + 1 : place
  }

  clear(): void {
    this.trees.length = 0
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
