/**
 * The latest entries of one author in a tree: those that no other of its entries stands on. A revocation names them, so
 * that all that they stand on stands. One read from the top down, which ends where all that is left is below them.
 */

import { limits } from '../../base/limits.ts'
import { readEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { DagStore } from '../store.ts'

/** At most `limits.policyLastAccepted` of them, the highest. UNKNOWN_TREE. */
export async function lastEntriesBy(store: DagStore, tree: TreeId, author: PeerId): Promise<EntryId[]> {
  const last: EntryId[] = []
  const covered = new Set<EntryId>()
  /** Parents of what was read that are not known to be below one of the last. */
  const open = new Set<EntryId>(await store.tips(tree))
  for await (const page of store.scan(tree, { reverse: true }))
    for (const { id, signed } of page) {
      const { body } = readEntry(signed)
      let below = covered.delete(id)
      open.delete(id)
      if (!below && body.author === author) {
        if (last.length === limits.policyLastAccepted) return last
        last.push(id)
        below = true
      }
      for (const parent of body.parents)
        if (below) {
          covered.add(parent)
          open.delete(parent)
        } else if (!covered.has(parent)) open.add(parent)
      if (open.size === 0) return last
    }
  return last
}
