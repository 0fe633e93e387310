/**
 * One-time invitations: a secret in a ticket that grants its first user access to one tree, without a request. The
 * store keeps only its hash, so a stolen copy of the store grants nobody access. The batch that grants access also
 * spends the invitation. Who has used one is remembered until it would have ended, in a map of its own: a node of an
 * earlier version does not take it for unused.
 */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

/** The length of an invitation's secret. */
export const invitationBytes = 32

/** An unused invitation as it is stored. */
interface Stored {
  readonly tree: TreeId
  readonly permission: Permission
  /** When it expires, milliseconds since 1970. */
  readonly untilMs: number
}

/** An invitation that somebody has used. */
interface Used extends Stored {
  readonly usedBy: PeerId
  readonly usedMs: number
}

/** An invitation, without its secret. */
export interface Invitation extends Stored {
  /** The SHA-256 of its secret, hex. */
  readonly id: string
  readonly createdAtMs: number
  /** Who has used it, and when; absent while it is unused. */
  readonly use?: { readonly peer: PeerId; readonly atMs: number }
}

export class Invitations {
  /** Unused invitations by the SHA-256 of their secret, hex. */
  private readonly records: Records<Stored>
  private readonly used: Records<Used>
  private readonly clock: Clock

  private constructor(records: Records<Stored>, used: Records<Used>, clock: Clock) {
    this.records = records
    this.used = used
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<Invitations> {
    const [records, used] = await Promise.all([
      Records.open<Stored>(db, 'invitations'),
      Records.open<Used>(db, 'used-invitations'),
    ])
    return new Invitations(records, used, clock)
  }

  /**
   * Creates an invitation, valid for `limits.invitationTtlMs`, and returns its secret, which is stored nowhere. Throws
   * LIMIT_EXCEEDED if `limits.invitations` are unused.
   */
  async create(tree: TreeId, permission: Permission): Promise<Uint8Array> {
    const now = this.clock.now()
    await this.dropExpired(now)
    if (this.records.size >= limits.invitations)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node has at most ${limits.invitations} unused invitations: wait until one is used or expires, ${limits.invitationTtlMs / 86_400_000} days after it was created, or revoke one.`,
        { data: { max: limits.invitations } },
      )
    const secret = this.clock.randomBytes(invitationBytes)
    const invitation = { tree, permission, untilMs: now + limits.invitationTtlMs }
    await this.records.set(sha256Hex(secret), invitation, { sync: true })
    return secret
  }

  /** Returns the invitations that have not expired, oldest first. */
  list(): Invitation[] {
    const now = this.clock.now()
    const all: Invitation[] = []
    for (const [id, record] of this.records.entries()) all.push(describe(id, record))
    for (const [id, { usedBy, usedMs, ...record }] of this.used.entries())
      all.push({ ...describe(id, record), use: { peer: usedBy, atMs: usedMs } })
    return all
      .filter(({ untilMs }) => now < untilMs)
      .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
  }

  /** Revokes an unused invitation. Throws UNKNOWN_REQUEST if there is none. */
  async revoke(id: string): Promise<void> {
    const record = this.records.get(id)
    if (record === undefined || record.untilMs <= this.clock.now())
      throw new CausewayError(
        'UNKNOWN_REQUEST',
        `There is no unused invitation ${id}: it has been used, was revoked, or has expired.`,
      )
    await this.records.delete([id])
  }

  /** Returns what an invitation grants in a tree, or undefined if it is unknown, used, expired or for another tree. */
  find(secret: Uint8Array, tree: TreeId): Permission | undefined {
    const found = this.records.get(sha256Hex(secret))
    return found?.tree === tree && this.clock.now() < found.untilMs ? found.permission : undefined
  }

  /** Removes the invitations to a tree. */
  async removeTree(tree: TreeId): Promise<void> {
    await this.records.deleteWhere((_, invitation) => invitation.tree === tree)
    await this.used.deleteWhere((_, invitation) => invitation.tree === tree)
  }

  /** Returns what spends an invitation that is there, for the batch that grants its user access. */
  spend(secret: Uint8Array, peer: PeerId): Contribution {
    const { records, used } = this
    const key = sha256Hex(secret)
    const record = { ...records.get(key)!, usedBy: peer, usedMs: this.clock.now() }
    const oldest = used.size < limits.usedInvitations ? undefined : this.oldestUse()
    return {
      operations: [
        records.del(key),
        used.put(key, record),
        ...(oldest === undefined ? [] : [used.del(oldest)]),
      ],
      stored: () => {
        records.forget(key)
        used.keep(key, record)
        if (oldest !== undefined) used.forget(oldest)
      },
    }
  }

  private oldestUse(): string | undefined {
    let oldest: [string, Used] | undefined
    for (const each of this.used.entries())
      if (oldest === undefined || each[1].usedMs < oldest[1].usedMs) oldest = each
    return oldest?.[0]
  }

  private async dropExpired(now: number): Promise<void> {
    for (const records of [this.records, this.used] as const) {
      const expired = [...records.entries()].flatMap(([key, { untilMs }]) => (untilMs <= now ? [key] : []))
      if (expired.length > 0) await records.delete(expired)
    }
  }
}

function describe(id: string, record: Stored): Invitation {
  return { id, ...record, createdAtMs: record.untilMs - limits.invitationTtlMs }
}
