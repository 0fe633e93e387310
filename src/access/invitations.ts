/**
 * One-time invitations: a secret in a ticket that grants its first user access to one tree, without a request. The
 * store keeps only its hash, so a stolen copy of the store grants nobody access. The batch that grants access also
 * spends the invitation.
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

/** The length of an invitation's secret. */
export const invitationBytes = 32

interface Invitation {
  readonly tree: TreeId
  readonly permission: Permission
  /** When it expires, milliseconds since 1970. */
  readonly untilMs: number
}

export class Invitations {
  /** Invitations by the SHA-256 of their secret, hex. */
  private readonly records: Records<Invitation>
  private readonly clock: Clock

  private constructor(records: Records<Invitation>, clock: Clock) {
    this.records = records
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<Invitations> {
    return new Invitations(await Records.open<Invitation>(db, 'invitations'), clock)
  }

  /**
   * Creates an invitation, valid for `limits.invitationTtlMs`, and returns its secret, which is stored nowhere. Throws
   * LIMIT_EXCEEDED if `limits.invitations` are unused.
   */
  async create(tree: TreeId, permission: Permission): Promise<Uint8Array> {
    const now = this.clock.now()
    const expired = [...this.records.entries()]
      .filter(([, { untilMs }]) => untilMs <= now)
      .map(([key]) => key)
    if (expired.length > 0) await this.records.delete(expired)
    if (this.records.size >= limits.invitations)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node has at most ${limits.invitations} unused invitations: wait until one is used or expires, ${limits.invitationTtlMs / 86_400_000} days after it was created.`,
        { data: { max: limits.invitations } },
      )
    const secret = this.clock.randomBytes(invitationBytes)
    const invitation = { tree, permission, untilMs: now + limits.invitationTtlMs }
    await this.records.set(sha256Hex(secret), invitation, { sync: true })
    return secret
  }

  /** Returns what an invitation grants in a tree, or undefined if it is unknown, used, expired or for another tree. */
  find(secret: Uint8Array, tree: TreeId): Permission | undefined {
    const found = this.records.get(sha256Hex(secret))
    return found?.tree === tree && this.clock.now() < found.untilMs ? found.permission : undefined
  }

  /** Removes the invitations to a tree. */
  removeTree(tree: TreeId): Promise<void> {
    return this.records.deleteWhere((_, invitation) => invitation.tree === tree)
  }

  /** Returns what spends an invitation, for the batch that grants its user access. */
  spend(secret: Uint8Array): Contribution {
    const key = sha256Hex(secret)
    return { operations: [this.records.del(key)], stored: () => this.records.forget(key) }
  }
}
