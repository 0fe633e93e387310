/**
 * Who may do what at one moment. Immutable: a new state shares structure with the last, so each of n grants costs
 * O(√n), not O(n).
 */
import { Permission, type PolicyChange, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { bytesToHex } from '../hex.ts'
import type { PeerId } from '../identity.ts'

/** What the policy states about one key. */
export interface PolicyKeyState {
  readonly permission: Permission
  readonly name: string
  readonly revoked: boolean
}

const byAccess: Record<PublicAccess, Permission> = {
  [PublicAccess.UNSPECIFIED]: Permission.UNSPECIFIED,
  [PublicAccess.NONE]: Permission.UNSPECIFIED,
  [PublicAccess.READ]: Permission.READ,
  [PublicAccess.WRITE]: Permission.WRITE,
}

export class PolicyState {
  /** The state before any change. */
  static readonly none = new PolicyState(PublicAccess.NONE, new Map(), new Map())

  readonly publicAccess: PublicAccess
  private readonly base: ReadonlyMap<PeerId, PolicyKeyState>
  /** The keys that differ from `base`, few in comparison. */
  private readonly own: ReadonlyMap<PeerId, PolicyKeyState>

  private constructor(
    publicAccess: PublicAccess,
    base: ReadonlyMap<PeerId, PolicyKeyState>,
    own: ReadonlyMap<PeerId, PolicyKeyState>,
  ) {
    this.publicAccess = publicAccess
    this.base = base
    this.own = own
  }

  /** All keys that the policy names, including revoked ones. */
  get keys(): ReadonlyMap<PeerId, PolicyKeyState> {
    return new Map([...this.base, ...this.own])
  }

  key(peer: PeerId): PolicyKeyState | undefined {
    return this.own.get(peer) ?? this.base.get(peer)
  }

  /**
   * Returns what a peer may do, by name or by public access; undefined is an unknown peer. Each right includes those
   * below it. A revoked key may still read what everybody may, which nobody can prevent, and nothing else.
   */
  permission(peer: PeerId | undefined): Permission {
    const open = byAccess[this.publicAccess]
    const key = peer === undefined ? undefined : this.key(peer)
    if (key === undefined) return open
    return key.revoked ? Math.min(open, Permission.READ) : Math.max(open, key.permission)
  }

  /** Returns the state after a change. `revocationsOnly`: only the revocations of the change are effective. */
  with({ publicAccess, keys }: PolicyChange, revocationsOnly = false): PolicyState {
    const own = new Map(this.own)
    for (const { peer, permission, name, revoked } of keys)
      if (revoked || !revocationsOnly) own.set(bytesToHex(peer) as PeerId, { permission, name, revoked })
    const access = revocationsOnly ? this.publicAccess : publicAccess || this.publicAccess
    if (own.size * own.size <= this.base.size + 64) return new PolicyState(access, this.base, own)
    return new PolicyState(access, new Map([...this.base, ...own]), new Map())
  }
}
