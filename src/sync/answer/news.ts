/**
 * What a watcher is told of its trees beside their entries: that there are new address records of their members. It is told
 * of many changes at once, and not too often.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'

/** WatchResponse of sync.proto without a tree: these have new address records. */
export interface AddressNews {
  readonly addressesChanged: readonly TreeId[]
}

/** What serving such news needs. */
export interface NewsParts {
  readonly clock: Clock
  /** Calls `listener` with each tree of which there are news for the watcher, until the returned function is called. */
  onNews?(listener: (tree: TreeId) => void): () => void
  /** Reports whether the watcher may be told of the addresses of a tree's members. */
  mayLearn?(tree: TreeId): Promise<boolean>
}

export class News {
  private readonly parts: NewsParts
  private readonly changed = new Set<TreeId>()
  private toldAt = Number.NEGATIVE_INFINITY

  constructor(parts: NewsParts) {
    this.parts = parts
  }

  add(tree: TreeId): void {
    this.changed.add(tree)
  }

  /** When the next message is due, in monotonic time. */
  get dueAt(): number {
    return this.changed.size === 0 ? Number.POSITIVE_INFINITY : this.toldAt + limits.recordNewsMs
  }

  /** Returns what the watcher is told now; undefined if nothing. */
  async take(): Promise<AddressNews | undefined> {
    const { clock, mayLearn } = this.parts
    if (mayLearn === undefined || clock.monotonic() < this.dueAt) return undefined
    const trees = [...this.changed]
    this.changed.clear()
    const addressesChanged: TreeId[] = []
    for (const tree of trees) if (await mayLearn(tree)) addressesChanged.push(tree)
    if (addressesChanged.length === 0) return undefined
    this.toldAt = clock.monotonic()
    return { addressesChanged }
  }
}
