/** A remote that is told nothing of a tree which its peer may not read, from the moment when it may not. */

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

  /** Why nothing of a tree may be told to a peer: FORBIDDEN; undefined where all may be. A tree that is not here has nothing to tell. */
  async withholdReason(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined> {
    if (this.store.tree(tree) === undefined || (await this.rights.mayRead(tree, peer))) return undefined
    return new CausewayError(
      'FORBIDDEN',
      `The peer may not read this tree, so it is told nothing of it: \`causeway grant\` lets it.`,
      { data: { tree, peer, withheld: true } },
    )
  }

  /** The remote, with every call checked just before it is made. */
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
