/** A tree as people see it: its counts, the name that its root gives it, and what its policy lets everybody do now. */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { readEntry, readRoot } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { DagStore, TreeInfo } from './store.ts'

/** A tree's counts, name and public access. */
export interface TreeDetails extends TreeInfo {
  /** The name that the root gives the tree. */
  readonly name: string
  /** What the policy lets everybody do now. */
  readonly publicAccess: PublicAccess
  /**
   * Why the tree is set aside, '' if it is not. A damaged tree has no name here and lets nobody do anything, and its
   * counts are those of its record.
   */
  readonly damage: string
}

/** Returns a tree's details, or undefined if there is no such tree. */
export async function treeDetails(store: DagStore, tree: TreeId): Promise<TreeDetails | undefined> {
  const info = store.tree(tree)
  if (info === undefined) return undefined
  try {
    const policy = await store.policy(tree)
    const [root] = await store.get([tree])
    if (root === undefined || policy === undefined)
      return store.tree(tree) === undefined ? undefined : setAside(store, info, 'The root is missing.')
    const { name } = readRoot(readEntry(root.signed))
    return { ...info, name, publicAccess: policy.publicAccess, damage: '' }
  } catch (error) {
    const { code, message } = CausewayError.from(error)
    if (code !== 'STORE_CORRUPT') throw error
    // What cannot be read of one tree must not hide the others.
    return setAside(store, info, message)
  }
}

function setAside(store: DagStore, info: TreeInfo, message: string): TreeDetails {
  const damage = store.damageOf(info.tree) ?? message
  return { ...info, name: '', publicAccess: PublicAccess.NONE, damage }
}
