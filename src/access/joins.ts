/**
 * The trees that this node wants to join: the peer it asks, the permission it asks for, and the last answer. Each join
 * belongs to a link and is durable like it, so that a restarted node keeps asking.
 */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { linkKey } from '../peer/links.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

export interface Join {
  readonly tree: TreeId
  /** The peer that is asked. */
  readonly peer: PeerId
  readonly permission: Permission
  readonly message: string
  /** The secret of a one-time invitation, hex. */
  readonly invitation?: string
  /** A rejected join is not asked again automatically. */
  readonly status: 'pending' | 'rejected'
  /** The request's id at the peer, hex; empty before the first answer. */
  readonly request: string
  /** The peer's reason; may be empty. */
  readonly reason: string
}

export class Joins {
  private readonly records: Records<Join>

  private constructor(records: Records<Join>) {
    this.records = records
  }

  static async open(db: Database): Promise<Joins> {
    return new Joins(await Records.open<Join>(db, 'joins'))
  }

  get(tree: TreeId, peer: PeerId): Join | undefined {
    return this.records.get(linkKey(tree, peer))
  }

  list(): Join[] {
    return [...this.records.values()]
  }

  /** Adds or replaces a join. Throws LIMIT_EXCEEDED for a new one past `limits.joins`. */
  async set(join: Join): Promise<void> {
    const key = linkKey(join.tree, join.peer)
    if (this.records.get(key) === undefined && this.records.size >= limits.joins)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node waits for access to at most ${limits.joins} trees: remove some with \`causeway unlink\`.`,
        { data: { max: limits.joins } },
      )
    await this.records.set(key, join, { sync: true })
  }

  /** Removes the joins of a tree. */
  removeTree(tree: TreeId): Promise<void> {
    return this.records.deleteWhere((_, join) => join.tree === tree)
  }

  async remove({ tree, peer }: Join): Promise<void> {
    await this.records.delete([linkKey(tree, peer)])
  }
}
