/**
 * One-time invitations: a secret in a ticket that lets its first user into one tree, without a request. Only its hash is
 * kept here, so that a stolen copy of the store lets nobody in, and it is spent in the batch that lets its user in.
 */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import type { TreeId } from '../dag/id.ts'
import type { Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

export const invitationBytes = 32

interface Invitation {
  readonly tree: TreeId
  readonly permission: Permission
  readonly untilMs: number
}

export class Invitations {
  /** By the SHA-256 of their secret, hex. */
  private readonly records: Records<Invitation>
  private readonly clock: Clock

  private constructor(records: Records<Invitation>, clock: Clock) {
    this.records = records
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<Invitations> {
    return new Invitations(await Records.open<Invitation>(db, 'invitations'), clock)
  }

  /** Makes one and gives its secret, which is kept nowhere else. LIMIT_EXCEEDED while too many are unused. */
  async create(tree: TreeId, permission: Permission): Promise<Uint8Array> {
    const now = this.clock.now()
    const over = [...this.records.entries()].filter(([, { untilMs }]) => untilMs <= now).map(([key]) => key)
    if (over.length > 0) await this.records.delete(over)
    if (this.records.size >= limits.invitations)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node has at most ${limits.invitations} invitations that were not used yet; each ends after ${limits.invitationTtlMs / 86_400_000} days.`,
        { data: { max: limits.invitations } },
      )
    const secret = this.clock.randomBytes(invitationBytes)
    const invitation = { tree, permission, untilMs: now + limits.invitationTtlMs }
    await this.records.set(sha256Hex(secret), invitation, { sync: true })
    return secret
  }

  /** What an invitation gives in a tree; undefined where it was used, has ended, is for another tree or is none. */
  find(secret: Uint8Array, tree: TreeId): Permission | undefined {
    const found = this.records.get(sha256Hex(secret))
    return found?.tree === tree && this.clock.now() < found.untilMs ? found.permission : undefined
  }

  /** Spends one, as part of somebody's batch. */
  spend(secret: Uint8Array): Contribution {
    const key = sha256Hex(secret)
    return { operations: [this.records.del(key)], stored: () => this.records.forget(key) }
  }
}
