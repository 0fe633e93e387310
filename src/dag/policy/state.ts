/**
 * What a policy says at one moment: who may do what. A state never changes; one with a further change shares what is
 * the same, so that a long line of grants costs the root of its length each and not all of it.
 */
import { Permission, type PolicyChange, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { bytesToHex } from '../hex.ts'
import type { PeerId } from '../identity.ts'

/** What the policy says of one key. */
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
  /** What differs from `base`; small beside it. */
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

  /** The keys that the policy names, also those that it has revoked. */
  get keys(): ReadonlyMap<PeerId, PolicyKeyState> {
    return new Map([...this.base, ...this.own])
  }

  key(peer: PeerId): PolicyKeyState | undefined {
    return this.own.get(peer) ?? this.base.get(peer)
  }

  /**
   * What a peer may do, by name or as anybody; undefined: somebody unknown. Each right includes those below it. A revoked
   * key keeps what nobody can be kept from, to read what everybody may, and nothing else.
   */
  permission(peer: PeerId | undefined): Permission {
    const open = byAccess[this.publicAccess]
    const key = peer === undefined ? undefined : this.key(peer)
    if (key === undefined) return open
    return key.revoked ? Math.min(open, Permission.READ) : Math.max(open, key.permission)
  }

  /** The state after a change; of one that counts no more, `revocationsOnly`. */
  with({ publicAccess, keys }: PolicyChange, revocationsOnly = false): PolicyState {
    const own = new Map(this.own)
    for (const { peer, permission, name, revoked } of keys)
      if (revoked || !revocationsOnly) own.set(bytesToHex(peer) as PeerId, { permission, name, revoked })
    const access = revocationsOnly ? this.publicAccess : publicAccess || this.publicAccess
    if (own.size * own.size <= this.base.size + 64) return new PolicyState(access, this.base, own)
    return new PolicyState(access, new Map([...this.base, ...own]), new Map())
  }
}
