/** What a tree's policy allows a peer now. A change of the policy takes effect immediately. */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'
import type { NamedPeers } from './named-peers.ts'

export interface Rights {
  /** Returns what a peer may do in a tree; UNSPECIFIED if the tree is not here. `undefined` is an unidentified peer. */
  permission(tree: TreeId, peer: PeerId | undefined): Promise<Permission>
  /** Returns whether a peer may read a tree; false if the tree is not here. */
  mayRead(tree: TreeId, peer: PeerId | undefined): Promise<boolean>
  /** Returns whether the tree's policy names the peer with a permission, beyond what public access gives everyone. */
  isNamed(tree: TreeId, peer: PeerId): Promise<boolean>
  /** Returns whether it is known without the policy that a peer may read a tree. */
  isKnownReader(tree: TreeId, peer: PeerId | undefined): boolean
  /**
   * Returns the first tree after an id that a peer may be able to read, or undefined if there is none. It loads no tree,
   * and passes over those of which it is known that the peer may not read them.
   */
  nextTree(after: string, peer: PeerId | undefined): TreeId | undefined
}

/**
 * Returns the rights that the policies in a store give. `named` answers without the tree where it shows that a peer may
 * do nothing: the answer then takes as long as for a tree that is not here, and a stranger has no tree loaded. What a
 * peer may do is always read from the policy itself.
 */
export function rightsOf(store: DagStore, named?: NamedPeers): Rights {
  const permission = async (tree: TreeId, peer: PeerId | undefined) => {
    if (named?.permission(tree, peer) === Permission.UNSPECIFIED) return Permission.UNSPECIFIED
    return (await store.policy(tree))?.permission(peer) ?? Permission.UNSPECIFIED
  }
  return {
    permission,
    isKnownReader: (tree, peer) => (named?.permission(tree, peer) ?? 0) >= Permission.READ,
    nextTree: (after, peer) =>
      named === undefined ? store.treesAfter(after, 1)[0]?.tree : named.nextTree(after, peer),
    mayRead: async (tree, peer) => (await permission(tree, peer)) >= Permission.READ,
    async isNamed(tree, peer) {
      if (named?.isNamed(tree, peer) === false) return false
      const key = (await store.policy(tree))?.key(peer)
      return key !== undefined && !key.revoked && key.permission > Permission.UNSPECIFIED
    },
  }
}
