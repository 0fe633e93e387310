/** A tree as people see it: its counts, the name that its root gives it, and what its policy lets everybody do now. */
import type { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { readEntry, readRoot } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { DagStore, TreeInfo } from './store.ts'

/** A tree's counts, name and public access. */
export interface TreeDetails extends TreeInfo {
  /** The name that the root gives the tree. */
  readonly name: string
  /** What the policy lets everybody do now. */
  readonly publicAccess: PublicAccess
}

/** Returns a tree's details, or undefined if there is no such tree. */
export async function treeDetails(store: DagStore, tree: TreeId): Promise<TreeDetails | undefined> {
  const info = store.tree(tree)
  if (info === undefined) return undefined
  const [[root], policy] = await Promise.all([store.get([tree]), store.policy(tree)])
  if (root === undefined || policy === undefined) return undefined
  return { ...info, name: readRoot(readEntry(root.signed)).name, publicAccess: policy.publicAccess }
}
