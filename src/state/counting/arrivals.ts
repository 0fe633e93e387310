/**
 * Reads the arrivals that a view counts next, slice by slice. While one slice is worked out and written, the next one is
 * read: stored entries never change.
 */
import { countedGarbage, discard } from '../../base/garbage.ts'
import { limits } from '../../base/limits.ts'
import { decodeChanges } from '../../dag/body.ts'
import type { TreeId } from '../../dag/id.ts'
import type { AppliedEntry } from '../slice.ts'
import type { StateStore } from '../state-store.ts'
import { appliedOf } from './page.ts'

/** How many entries are read at a time, so that large ones are not all in memory. */
const readAtOnce = 64

interface ArrivalSlice {
  /** Those that change keys. */
  readonly entries: readonly AppliedEntry[]
  /** The arrival of the last entry that was read. */
  readonly last: number
}

export class Arrivals {
  private readonly store: StateStore
  /** What was begun to be read of each tree, and the arrival after which it begins. */
  private readonly ahead = new Map<TreeId, { after: number; slice: Promise<ArrivalSlice> }>()

  constructor(store: StateStore) {
    this.store = store
  }

  /** Returns the arrivals after one, as many as one batch counts, up to the last one of the tree. */
  async next(tree: TreeId, after: number, through: number): Promise<ArrivalSlice> {
    const ahead = this.ahead.get(tree)
    this.ahead.delete(tree)
    const read = () => this.read(tree, after, through)
    // The database may have been reopened since.
    const slice = await (ahead?.after === after ? ahead.slice.catch(read) : read())
    // Not past the last arrival: a page that is being written may be seen before it is certain.
    if (slice.last > after && slice.last < through) {
      const next = this.read(tree, slice.last, through)
      // If it fails, it is read again.
      next.catch(() => {})
      this.ahead.set(tree, { after: slice.last, slice: next })
    }
    return slice
  }

  /** Forgets what was read of a tree that is removed, or whose arrivals may be numbered anew. */
  forget(tree: TreeId): void {
    this.ahead.delete(tree)
  }

  private async read(tree: TreeId, after: number, through: number): Promise<ArrivalSlice> {
    const most = Math.min(limits.stateSliceEntries, through - after)
    const arrivals = await this.store.arrivals(tree, after, most)
    const entries: AppliedEntry[] = []
    let bytes = 0
    let last = after
    for (let from = 0; from < arrivals.length && bytes < limits.stateSliceBytes; from += readAtOnce) {
      const some = arrivals.slice(from, from + readAtOnce)
      for (const { id, height, signed } of await this.store.readNear(tree, some)) {
        const applied = appliedOf({ id, height }, decodeChanges(signed.body))
        if (applied.effects.size > 0) entries.push(applied)
        bytes += signed.body.length
      }
      last = some.at(-1)!.sequence
    }
    discard(bytes, countedGarbage)
    return { entries, last }
  }
}
