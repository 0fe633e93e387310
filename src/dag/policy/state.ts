/**
 * Who may do what, by the effective policy entries of a set. It looks up what is asked: the last effective entry that
 * names a key says what the key may do. So a state costs nothing to make, however many keys it has.
 */
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { PeerId } from '../identity.ts'
import { type Bits, hasBit, noBits } from './bits.ts'

/** What the policy states about one key. */
export interface PolicyKeyState {
  readonly permission: Permission
  readonly name: string
  readonly revoked: boolean
}

/** What a policy entry states about one key. */
export interface Mention extends PolicyKeyState {
  readonly peer: PeerId
  /** The policy entry. */
  readonly by: number
}

/** What policy entries state. Lists are in (height, id) order. */
export interface Statements {
  /** Returns what policy entries state about a key. */
  about(peer: PeerId): readonly Mention[]
  /** The policy entries that state what everybody may do. */
  readonly openings: readonly { readonly number: number; readonly publicAccess: PublicAccess }[]
  readonly ordered: readonly { readonly number: number; readonly keys: readonly Mention[] }[]
}

/** The standing of a policy entry in a set. `revokes`: its revocations are effective, and nothing else of it. */
export const standings = { absent: 0, void: 1, revokes: 2, full: 3 } as const

const byAccess: Record<PublicAccess, Permission> = {
  [PublicAccess.UNSPECIFIED]: Permission.UNSPECIFIED,
  [PublicAccess.NONE]: Permission.UNSPECIFIED,
  [PublicAccess.READ]: Permission.READ,
  [PublicAccess.WRITE]: Permission.WRITE,
}

/** The state of a set of policy entries. It stays as it is when the policy grows. */
export class PolicyState {
  /** The state before any change. */
  static readonly none = new PolicyState(
    { about: () => [], openings: [], ordered: [] },
    noBits,
    new Uint8Array(0),
  )

  private readonly statements: Statements
  private readonly set: Bits
  private readonly standing: Uint8Array
  /** Null if nothing says what everybody may do. */
  private opening: Statements['openings'][number] | null | undefined
  private all: ReadonlyMap<PeerId, PolicyKeyState> | undefined

  /** `standing` has the standing, by number, of at least each policy entry in `set`. */
  constructor(statements: Statements, set: Bits, standing: Uint8Array) {
    this.statements = statements
    this.set = set
    this.standing = standing
  }

  /** What everybody may do. */
  get publicAccess(): PublicAccess {
    return this.opened()?.publicAccess ?? PublicAccess.NONE
  }

  /** The number of the policy entry that says what everybody may do; undefined if none does. */
  get openedBy(): number | undefined {
    return this.opened()?.number
  }

  /** All keys that the policy names, including revoked ones. */
  get keys(): ReadonlyMap<PeerId, PolicyKeyState> {
    if (this.all === undefined) {
      const all = new Map<PeerId, PolicyKeyState>()
      for (const { number, keys } of this.statements.ordered)
        if (this.standingOf(number) >= standings.revokes)
          for (const mention of keys) if (this.counts(mention)) all.set(mention.peer, keyState(mention))
      this.all = all
    }
    return this.all
  }

  key(peer: PeerId): PolicyKeyState | undefined {
    const mention = this.mention(peer)
    return mention && keyState(mention)
  }

  /** Returns the number of the policy entry that says what a key may do; undefined if none names the key. */
  saidBy(peer: PeerId): number | undefined {
    return this.mention(peer)?.by
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

  private mention(peer: PeerId): Mention | undefined {
    const mentions = this.statements.about(peer)
    for (let index = mentions.length - 1; index >= 0; index--)
      if (this.counts(mentions[index]!)) return mentions[index]
    return undefined
  }

  private opened(): Statements['openings'][number] | null {
    if (this.opening === undefined) {
      const { openings } = this.statements
      this.opening = null
      for (let index = openings.length - 1; this.opening === null && index >= 0; index--)
        if (this.standingOf(openings[index]!.number) === standings.full) this.opening = openings[index]!
    }
    return this.opening
  }

  private standingOf(number: number): number {
    return hasBit(this.set, number) ? this.standing[number]! : standings.absent
  }

  private counts({ by, revoked }: Mention): boolean {
    const standing = this.standingOf(by)
    return standing === standings.full || (revoked && standing === standings.revokes)
  }
}

function keyState({ permission, name, revoked }: PolicyKeyState): PolicyKeyState {
  return { permission, name, revoked }
}
