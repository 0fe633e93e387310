/** What a tree's policy lets a peer do, as sync and the services ask for it. */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { readEntry, readRoot } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'

export interface Rights {
  /** Whether a peer (undefined: somebody unknown) may read a tree; false for trees that are not here. */
  mayRead(tree: TreeId, peer: PeerId | undefined): Promise<boolean>
  /** Whether the tree's policy names the peer, so that it may do more than anybody. */
  isNamed(tree: TreeId, peer: PeerId): Promise<boolean>
}

/** The rights that the roots of a store's trees give: to their authors, and to everybody. */
export function rightsOf(store: DagStore): Rights {
  const roots = new Map<TreeId, { author: string; open: boolean }>()
  const rootOf = async (tree: TreeId) => {
    if (store.tree(tree) === undefined) return undefined
    let root = roots.get(tree)
    if (root === undefined) {
      const [stored] = await store.get([tree])
      const entry = readEntry(stored!.signed)
      const { publicAccess } = readRoot(entry)
      root = { author: entry.body.author, open: publicAccess !== PublicAccess.NONE }
      roots.set(tree, root)
    }
    return root
  }
  return {
    async mayRead(tree, peer) {
      const root = await rootOf(tree)
      return root !== undefined && (root.open || root.author === peer)
    },
    async isNamed(tree, peer) {
      return (await rootOf(tree))?.author === peer
    },
  }
}
