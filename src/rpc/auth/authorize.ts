/**
 * Decides whether a caller may read a tree: the tree's policy says so, and operators always may. A caller that may not
 * read a tree gets the same answer as for a tree that does not exist. `callers.ts` says who may make which call.
 */
import type { Rights } from '../../access/rights.ts'
import { CausewayError } from '../../base/errors.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'

export class Access {
  private readonly rights: Rights
  private readonly onNamed: (peer: PeerId) => void

  /** `onNamed` is called with the peer of a call for a tree whose policy names that peer. */
  constructor(rights: Rights, onNamed: (peer: PeerId) => void) {
    this.rights = rights
    this.onNamed = onNamed
  }

  /**
   * Reports whether a caller may read a tree. Operators always may. Throws STORE_CORRUPT if the tree is set aside, but
   * only to callers that are known to read it: to others it looks absent, since there is no policy to ask.
   */
  async mayRead(tree: TreeId, { operator, peer }: Caller): Promise<boolean> {
    if (operator) return true
    try {
      if (peer !== undefined && (await this.rights.isNamed(tree, peer))) this.onNamed(peer)
      return await this.rights.mayRead(tree, peer)
    } catch (error) {
      if (CausewayError.from(error).code !== 'STORE_CORRUPT' || this.rights.isKnownReader(tree, peer))
        throw error
      return false
    }
  }

  /** Reports whether a tree's policy names the caller, beyond what it allows everybody; or the caller is an operator. */
  async isNamed(tree: TreeId, { operator, peer }: Caller): Promise<boolean> {
    return operator || (peer !== undefined && (await this.rights.isNamed(tree, peer)))
  }

  /** Throws UNKNOWN_TREE unless the caller may read the tree. An operator passes even if there is no such tree. */
  async read(tree: TreeId, caller: Caller): Promise<void> {
    if (!(await this.mayRead(tree, caller))) throw unknownTree(tree)
  }

  /**
   * Returns the first tree after an id that a caller who is no operator may be able to read, or undefined if there is
   * none. `mayRead` has the last word.
   */
  nextTree(after: string, { peer }: Caller): TreeId | undefined {
    return this.rights.nextTree(after, peer)
  }
}
