/**
 * The records of all trees of a store, as memory holds them. Their sums and their order are kept up to date, so that what
 * a page or a list needs of them costs the same however many trees there are.
 */
import type { TreeId } from '../../dag/id.ts'
import { SortedTrees } from '../../dag/sorted-trees.ts'
import type { TreeRecord } from '../engine/records.ts'

export class TreeRecords {
  private readonly records = new Map<TreeId, TreeRecord>()
  private readonly order = new SortedTrees()
  private allBytes = 0
  private allEntries = 0

  /** The number of trees. */
  get size(): number {
    return this.records.size
  }

  /** The bytes of all bodies and signatures of all trees. */
  get bytes(): number {
    return this.allBytes
  }

  /** The number of entries of all trees. */
  get entries(): number {
    return this.allEntries
  }

  get(tree: TreeId): TreeRecord | undefined {
    return this.records.get(tree)
  }

  has(tree: TreeId): boolean {
    return this.records.has(tree)
  }

  set(tree: TreeId, record: TreeRecord): void {
    const before = this.records.get(tree)
    if (before === undefined) this.order.add(tree)
    this.records.set(tree, record)
    this.allBytes += record.bytes - (before?.bytes ?? 0)
    this.allEntries += record.count - (before?.count ?? 0)
  }

  delete(tree: TreeId): void {
    const before = this.records.get(tree)
    if (before === undefined) return
    this.records.delete(tree)
    this.order.delete(tree)
    this.allBytes -= before.bytes
    this.allEntries -= before.count
  }

  clear(): void {
    this.records.clear()
    this.order.clear()
    this.allBytes = 0
    this.allEntries = 0
  }

  /** Returns up to `most` trees after an id, in hex, in ascending order. '' comes before all ids. */
  after(id: string, most: number): TreeId[] {
    return this.order.after(id, most)
  }

  [Symbol.iterator](): IterableIterator<[TreeId, TreeRecord]> {
    return this.records[Symbol.iterator]()
  }
}
