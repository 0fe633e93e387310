/** What a tree's policy lets a peer do now, as sync and the services ask for it. Nothing is kept, so every change counts at once. */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'

export interface Rights {
  /** What a peer (undefined: somebody unknown) may do in a tree; unspecified, which is nothing, in trees that are not here. */
  permission(tree: TreeId, peer: PeerId | undefined): Promise<Permission>
  mayRead(tree: TreeId, peer: PeerId | undefined): Promise<boolean>
  /** Whether the tree's policy gives the peer a right by name, so that it may do more than anybody. */
  isNamed(tree: TreeId, peer: PeerId): Promise<boolean>
}

/** The rights that the policies of a store's trees give. */
export function rightsOf(store: DagStore): Rights {
  const permission = async (tree: TreeId, peer: PeerId | undefined) =>
    (await store.policy(tree))?.permission(peer) ?? Permission.UNSPECIFIED
  return {
    permission,
    mayRead: async (tree, peer) => (await permission(tree, peer)) >= Permission.READ,
    async isNamed(tree, peer) {
      const key = (await store.policy(tree))?.key(peer)
      return key !== undefined && !key.revoked && key.permission > Permission.UNSPECIFIED
    },
  }
}
