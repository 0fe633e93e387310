/**
 * Trees that this node wants to be let into: what it asks for, whom, and what the answer was. Each stands beside a link
 * and is durable like it, so that a restarted node goes on asking.
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
  /** Who is asked. */
  readonly peer: PeerId
  readonly permission: Permission
  readonly message: string
  /** The secret of a one-time invitation, hex; absent: none. */
  readonly invitation?: string
  /** Rejected, it is not asked again by itself. */
  readonly status: 'pending' | 'rejected'
  /** The request's id at the peer, hex; '' before the first answer. */
  readonly request: string
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

  /** Notes a wish, or how it stands now. LIMIT_EXCEEDED for one more than a node may have. */
  async set(join: Join): Promise<void> {
    const key = linkKey(join.tree, join.peer)
    if (this.records.get(key) === undefined && this.records.size >= limits.joins)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node waits to be let into at most ${limits.joins} trees: unlink some.`,
        { data: { max: limits.joins } },
      )
    await this.records.set(key, join, { sync: true })
  }

  async remove({ tree, peer }: Join): Promise<void> {
    await this.records.delete([linkKey(tree, peer)])
  }
}
