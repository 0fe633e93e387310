/** Finds the tree that a call names, for callers that may read it. */
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import type { Access } from '../auth/authorize.ts'
import type { Caller } from '../caller.ts'
import { readId } from '../convert.ts'

/** What these calls need to answer each caller by the tree's policy. */
export interface ReadableTrees {
  readonly store: DagStore
  readonly access: Access
}

/**
 * Reads the id of a tree that is here and that the caller may read. Throws INVALID_ARGUMENT for a malformed id, and
 * UNKNOWN_TREE alike for a tree that is not here and one that the caller may not read.
 */
export async function expectTree(
  { store, access }: ReadableTrees,
  bytes: Uint8Array,
  caller: Caller,
): Promise<TreeId> {
  const tree = readId(bytes, 'tree')
  await access.read(tree, caller)
  if (store.tree(tree) === undefined) throw unknownTree(tree)
  return tree
}
