/** What a tree's policy allows a peer now. Nothing is cached, so a change of the policy takes effect immediately. */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'

export interface Rights {
  /** Returns what a peer may do in a tree; UNSPECIFIED if the tree is not here. `undefined` is an unidentified peer. */
  permission(tree: TreeId, peer: PeerId | undefined): Promise<Permission>
  /** Returns whether a peer may read a tree; false if the tree is not here. */
  mayRead(tree: TreeId, peer: PeerId | undefined): Promise<boolean>
  /** Returns whether the tree's policy names the peer with a permission, beyond what public access gives everyone. */
  isNamed(tree: TreeId, peer: PeerId): Promise<boolean>
}

/** Returns the rights that the policies in a store give. */
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
