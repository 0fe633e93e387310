/**
 * Counts what Yjs compares while it puts items into a text, before Yjs does it. An item goes through those that stand
 * between its two neighbours, so a hostile text takes the square of its size. The count depends on the text alone: all
 * nodes with one bound refuse the same texts, however fast they are.
 */
import type { Item, YjsModule } from './yjs.ts'

export class Comparisons {
  private readonly yjs: YjsModule
  private left = Number.POSITIVE_INFINITY
  private byClient = new Map<number, number>()

  /** Counts from now on what this copy of Yjs does. Only a thread that does nothing else may do so. */
  constructor(yjs: YjsModule) {
    this.yjs = yjs
    const comparisons = this
    const { prototype } = yjs.Item
    const integrate = prototype.integrate
    prototype.integrate = function (this: Item, transaction, offset) {
      comparisons.count(this)
      integrate.call(this, transaction, offset)
    }
  }

  /** Begins anew, with so many comparisons at most: past them Yjs throws, and the document is to be dropped. */
  begin(most: number): void {
    this.left = most
    this.byClient = new Map()
  }

  /** Whether there were too many. */
  get isOver(): boolean {
    return this.left < 0
  }

  /** The client whose items took most of them. */
  get costliest(): number | undefined {
    let costliest: number | undefined
    for (const [client, count] of this.byClient)
      if (costliest === undefined || count > this.byClient.get(costliest)!) costliest = client
    return costliest
  }

  private count(item: Item): void {
    const { client } = item.id
    const before = this.left
    this.left -= this.passed(item)
    this.byClient.set(client, (this.byClient.get(client) ?? 0) + before - this.left)
    if (this.isOver) throw new Error('This text takes too many comparisons.')
  }

  /** Returns how many items Yjs looks at to find the place of one whose neighbours it knows; no more than are left, and 1. */
  private passed(item: Item): number {
    const { yjs, left: most } = this
    const { left, right, parent } = item
    const isFree = left === null ? right !== null && right.left === null : left.right === right
    if (isFree || !(parent instanceof yjs.AbstractType)) return 0
    const { store } = parent.doc!
    const seen = new Set<unknown>()
    let next = left === null ? parent._start : left.right
    // Each turn goes one item to the right; ends there where Yjs does.
    for (; next !== null && next !== right && seen.size <= most; next = next.right) {
      seen.add(next)
      if (!yjs.compareIDs(item.origin, next.origin)) {
        if (next.origin === null || !seen.has(yjs.getItem(store, next.origin))) break
      } else if (next.id.client >= item.id.client && yjs.compareIDs(item.rightOrigin, next.rightOrigin)) break
    }
    return seen.size
  }
}
