/**
 * Finds the last entries of one author in a tree: those that are no ancestor of another entry of that author. A
 * revocation names them, so that they and their ancestors stay valid. It is one read from the top down, which ends once
 * all unread entries are ancestors of the ones found.
 */

import { limits } from '../../base/limits.ts'
import { readEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { DagStore } from '../store.ts'

/** Returns the last entries of an author, the highest `limits.policyLastAccepted` of them. Throws UNKNOWN_TREE. */
export async function lastEntriesBy(store: DagStore, tree: TreeId, author: PeerId): Promise<EntryId[]> {
  const last: EntryId[] = []
  /** Unread entries that are ancestors of one of the last entries. */
  const ancestors = new Set<EntryId>()
  /** Other unread entries: tips, and parents of entries that were read. */
  const open = new Set<EntryId>(await store.tips(tree))
  for await (const page of store.scan(tree, { reverse: true }))
    for (const { id, signed } of page) {
      const { body } = readEntry(signed)
      let below = ancestors.delete(id)
      open.delete(id)
      if (!below && body.author === author) {
        if (last.length === limits.policyLastAccepted) return last
        last.push(id)
        below = true
      }
      for (const parent of body.parents)
        if (below) {
          ancestors.add(parent)
          open.delete(parent)
        } else if (!ancestors.has(parent)) open.add(parent)
      if (open.size === 0) return last
    }
  return last
}
