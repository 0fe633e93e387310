/**
 * Keeps this node from sending a peer anything about a tree that the peer may not read. Rights are checked before every
 * call, so a revocation takes effect immediately.
 */

import { CausewayError } from '../base/errors.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'
import type { Remote } from '../sync/remote.ts'
import type { Rights } from './rights.ts'

export class RightsGuard {
  private readonly store: DagStore
  private readonly rights: Rights

  constructor(store: DagStore, rights: Rights) {
    this.store = store
    this.rights = rights
  }

  /**
   * Returns FORBIDDEN if the peer may not read the tree, else undefined. Also undefined for a tree that is not here, of
   * which nothing could be sent.
   */
  async withholdReason(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined> {
    if (this.store.tree(tree) === undefined || (await this.rights.mayRead(tree, peer))) return undefined
    return new CausewayError(
      'FORBIDDEN',
      'The peer may not read this tree, so nothing about it is sent: grant access with `causeway grant`.',
      { data: { tree, peer, withheld: true } },
    )
  }

  /**
   * Wraps a remote so that each call first checks the peer's rights, and throws FORBIDDEN if it may not read the tree.
   */
  remote(remote: Remote, peer: PeerId): Remote {
    const check = async (tree: TreeId) => {
      const error = await this.withholdReason(tree, peer)
      if (error !== undefined) throw error
    }
    return {
      async syncTree(request, options) {
        await check(request.tree)
        return remote.syncTree(request, options)
      },
      async sendEntries(tree, entries, options) {
        await check(tree)
        return remote.sendEntries(tree, entries, options)
      },
    }
  }
}
