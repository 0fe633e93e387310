/**
 * Brings a view up to date with changes of the policy: the keys of entries that became void, or no longer void, are found
 * anew from all of their versions.
 */
import { limits } from '../base/limits.ts'
import { decodeBody } from '../dag/body.ts'
import type { TreeId } from '../dag/id.ts'
import { effectsOf, pathOf } from './effects.ts'
import { flipOf, flipRange, type ViewRecord } from './rows.ts'
import type { Slice } from './slice.ts'
import type { StateStore } from './state-store.ts'

export class Flips {
  private readonly store: StateStore
  /** The keys that were recomputed for the flips of one arrival. */
  private readonly recomputed = new Map<TreeId, { sequence: number; keys: Set<string> }>()

  constructor(store: StateStore) {
    this.store = store
  }

  /** Forgets what was recomputed: the tree is gone, or the batch was not written. */
  forget(tree: TreeId): void {
    this.recomputed.delete(tree)
  }

  /**
   * Recomputes the keys of entries that became void, or no longer void. Returns the last flip that it took into account,
   * or undefined if there are no more.
   */
  async count(
    tree: TreeId,
    slice: Slice,
    { flips }: ViewRecord,
    through: number,
  ): Promise<Buffer | undefined> {
    const range = flipRange(this.store.treeNumber(tree), flips, through)
    const rows = await this.store.db.keys({ ...range, limit: limits.stateSliceFlips }).all()
    if (rows.length === 0) {
      this.recomputed.delete(tree)
      return undefined
    }
    let last = flips
    let keys = 0
    for (const row of rows) {
      const { rest, sequence, position } = flipOf(row)
      const done = this.recomputedSince(tree, sequence)
      const [entry] = await this.store.read(tree, [position])
      const { changes, author } = decodeBody(entry!.signed.body)
      const touched = [...effectsOf(changes).values()]
      const open = touched.filter((key) => !done.has(pathOf(key)))
      if (keys > 0 && keys + open.length > limits.stateSliceFlips) break
      keys += open.length
      await slice.load(open)
      for (const key of open) {
        await slice.recompute(key)
        done.add(pathOf(key))
      }
      const blobs = touched.flatMap(({ put }) => put?.blob ?? [])
      // Those of an entry that became void may be named by others, so they stay wanted.
      if (blobs.length > 0 && (await this.store.voidAmong(tree, [position])).size === 0)
        for (const blob of blobs) await slice.nameBlob(blob, author, false)
      last = Buffer.from(rest)
    }
    return last
  }

  /** Returns the keys that were recomputed for flips of this arrival, all of whose marks were written before. */
  private recomputedSince(tree: TreeId, sequence: number): Set<string> {
    let done = this.recomputed.get(tree)
    if (done?.sequence !== sequence || done.keys.size > limits.stateScanRows) {
      done = { sequence, keys: new Set() }
      this.recomputed.set(tree, done)
    }
    return done.keys
  }
}
