/** How far the view of each tree counts, as the last batch that was written says. */
import type { TreeId } from '../../dag/id.ts'
import type { BatchOperation } from '../../store/engine/engine.ts'
import {
  allViews,
  decodeView,
  encodeView,
  numberOfViewKey,
  openRow,
  sealRow,
  type ViewRecord,
  viewKey,
} from '../rows.ts'
import type { StateStore } from '../state-store.ts'

/** The record of a view that is counted anew. */
export const fromNothing: ViewRecord = { cursor: 0, flips: Buffer.alloc(0), clearing: true }

export class ViewRecords {
  private readonly store: StateStore
  /** Of the trees that have a view. */
  private readonly all = new Map<TreeId, ViewRecord>()
  private openings: number

  constructor(store: StateStore) {
    this.store = store
    this.openings = store.openings
  }

  get(tree: TreeId): ViewRecord | undefined {
    return this.all.get(tree)
  }

  has(tree: TreeId): boolean {
    return this.all.has(tree)
  }

  trees(): IterableIterator<TreeId> {
    return this.all.keys()
  }

  /** Call it once the batch with the record is written. */
  set(tree: TreeId, record: ViewRecord): void {
    this.all.set(tree, record)
  }

  delete(tree: TreeId): void {
    this.all.delete(tree)
  }

  /** Reads the records. Returns the numbers of those without a tree. Throws STORE_CORRUPT. */
  async read(): Promise<number[]> {
    const { store } = this
    const trees = new Map(store.trees().map((info) => [store.numberOfStored(info.tree), info]))
    const others: number[] = []
    for await (const rows of store.rows(allViews))
      for (const [key, value] of rows) {
        const number = numberOfViewKey(key)
        const info = trees.get(number)
        if (info === undefined) {
          others.push(number)
          continue
        }
        // LevelDB may have dropped rows of a view, or the arrivals that it counts: then it is counted anew, as it is if
        // its own record is damaged.
        const record = recordIn(key, value)
        const isSound = record !== undefined && record.cursor <= info.sequence && !store.notes.hasLostLog
        this.all.set(info.tree, isSound ? record : fromNothing)
      }
    return others
  }

  /**
   * Reads the records again if the database was reopened since: a batch that failed may be there after all. Returns
   * whether it did.
   */
  async refresh(): Promise<boolean> {
    const { openings } = this.store
    if (openings === this.openings) return false
    await this.read()
    this.openings = openings
    return true
  }
}

/** Returns the operation that writes the record of the view of the tree with this local number. */
export function recordOperation(number: number, record: ViewRecord): BatchOperation {
  const key = viewKey(number)
  return { type: 'put', key, value: sealRow(key, encodeView(record)) }
}

/** Returns the record of a view, or undefined if it is damaged. */
function recordIn(key: Buffer, value: Buffer): ViewRecord | undefined {
  try {
    return decodeView(openRow(key, value))
  } catch {
    return undefined
  }
}
