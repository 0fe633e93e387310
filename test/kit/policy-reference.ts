/**
 * The policy of a tree as docs/protocol.md defines it, word by word and without any thought of speed: sets of ids, found
 * anew for each question. Tests compare the policy of `src` with it. It knows no bounds.
 */
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { type Entry, policyStore } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import { comparePositions, type EntryId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { decodePolicyChange } from '../../src/dag/policy/change.ts'

type Ids = ReadonlySet<EntryId>
type Standing = 'full' | 'revokes' | 'void'

/** What an entry says about the policy. */
interface Change {
  readonly publicAccess: PublicAccess
  readonly keys: readonly Key[]
}

interface Key {
  readonly peer: PeerId
  readonly permission: Permission
  readonly name: string
  readonly revoked: boolean
  readonly lastAccepted: readonly EntryId[]
}

interface Judged {
  readonly standing: ReadonlyMap<EntryId, Standing>
  readonly level: ReadonlyMap<EntryId, number>
}

/** Who may do what. */
export interface ReferenceState {
  readonly publicAccess: PublicAccess
  readonly keys: ReadonlyMap<PeerId, Pick<Key, 'permission' | 'name' | 'revoked'>>
}

export class PolicyReference {
  /** The accepted entries. */
  readonly entries = new Map<EntryId, Entry>()
  private readonly changes = new Map<EntryId, Change>()
  private readonly supports = new Map<EntryId, readonly EntryId[]>()
  private root: EntryId | undefined

  /** Accepts an entry whose parents were accepted and returns 'taken', or returns the code of its refusal. */
  take(entry: Entry): string {
    const { id, body } = entry
    const change = changeOf(entry)
    if (this.root === undefined) this.root = id
    else {
      const point = this.point(body.parents)
      const names = point.size === 1 && point.has(this.root) ? [] : [...point].sort()
      if (names.join() !== body.policy.join()) return 'ENTRY_POLICY'
      const state = this.stateAt(point)
      const needed = change === undefined ? Permission.WRITE : Permission.ADMIN
      if (permissionOf(state, body.author) < needed) return 'ENTRY_FORBIDDEN'
      for (const key of change?.keys ?? [])
        for (const last of key.lastAccepted)
          if (!body.parents.includes(last) || this.entries.get(last)!.body.author !== key.peer)
            return 'ENTRY_POLICY'
      if (change !== undefined) this.supports.set(id, this.supportsIn(this.closure(point), body.author))
    }
    this.entries.set(id, entry)
    if (change !== undefined) this.changes.set(id, change)
    return 'taken'
  }

  supportsOf(id: EntryId): readonly EntryId[] {
    return this.supports.get(id) ?? []
  }

  /** Returns the point of an entry with these parents. */
  point(parents: readonly EntryId[]): Ids {
    const union = new Set(parents.flatMap((parent) => [...this.after(parent)]))
    const members = [...union]
    return new Set(
      members.filter((one) => !members.some((other) => other !== one && this.closure([other]).has(one))),
    )
  }

  stateAt(point: Iterable<EntryId>): ReferenceState {
    const set = this.closure(point)
    return this.state(set, this.judge(set))
  }

  whole(): ReferenceState {
    const all = new Set(this.changes.keys())
    return this.state(all, this.judge(all))
  }

  /** Returns the void entries, ascending. */
  voids(): EntryId[] {
    const all = new Set(this.changes.keys())
    const judged = this.judge(all)
    const isVoid = (entry: Entry) => {
      const { id, body } = entry
      if (this.changes.has(id)) return judged.standing.get(id) !== 'full'
      for (const by of all)
        if (judged.standing.get(by) !== 'void')
          for (const key of this.changes.get(by)!.keys)
            if (key.revoked && this.hits(by, key, entry)) return true
      const state = this.state(this.closure(this.after(id)), judged)
      return permissionOf(state, body.author) < Permission.WRITE
    }
    return [...this.entries.values()]
      .filter(isVoid)
      .map(({ id }) => id)
      .sort()
  }

  private after(id: EntryId): Ids {
    if (this.changes.has(id)) return new Set([id])
    const { policy } = this.entries.get(id)!.body
    return new Set(policy.length === 0 ? [this.root!] : policy)
  }

  /** Follows the field `policy` alone. */
  private closure(ids: Iterable<EntryId>): Set<EntryId> {
    const closure = new Set<EntryId>()
    const open = [...ids]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      closure.add(id)
      if (id === this.root) continue
      const { policy } = this.entries.get(id)!.body
      open.push(...(policy.length === 0 ? [this.root!] : policy))
    }
    return closure
  }

  /** Returns whether a revocation of a policy entry hits an entry. */
  private hits(by: EntryId, { peer, lastAccepted }: Key, entry: Entry): boolean {
    if (entry.body.author !== peer || by === entry.id) return false
    const point = this.changes.has(entry.id) ? this.pointOf(entry) : this.after(entry.id)
    if (this.closure(point).has(by)) return false
    const open = [...lastAccepted]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === entry.id) return false
      open.push(...this.entries.get(id)!.body.parents)
    }
    return true
  }

  /** The root stands on nothing. */
  private pointOf({ id, body }: Entry): Iterable<EntryId> {
    if (id === this.root) return []
    return body.policy.length === 0 ? [this.root!] : body.policy
  }

  private judge(set: Ids): Judged {
    const standing = new Map<EntryId, Standing>([...set].map((id) => [id, 'void']))
    const level = new Map<EntryId, number>()
    const isHit = (id: EntryId, bound: (level: number) => boolean) =>
      [...level].some(
        ([by, its]) =>
          bound(its) &&
          standing.get(by) !== 'void' &&
          this.changes.get(by)!.keys.some((key) => key.revoked && this.hits(by, key, this.entries.get(id)!)),
      )
    const decided = new Set<EntryId>()
    for (let d = 0; d <= set.size; d++) {
      const candidates = [...set].filter((id) => {
        if (decided.has(id)) return false
        if (id === this.root) return d === 0
        const levels = this.supportsOf(id).flatMap((one) =>
          standing.get(one) === 'full' ? [level.get(one)!] : [],
        )
        return levels.length > 0 && Math.min(...levels) === d - 1
      })
      for (const id of candidates) decided.add(id)
      const others = candidates.filter((id) => !isHit(id, (its) => its < d))
      for (const id of others) {
        level.set(id, d)
        standing.set(id, 'revokes')
      }
      for (const id of others) if (!isHit(id, (its) => its === d)) standing.set(id, 'full')
    }
    return { standing, level }
  }

  private supportsIn(set: Ids, author: PeerId): EntryId[] {
    const { standing, level } = this.judge(set)
    const about = (id: EntryId) => this.changes.get(id)!.keys.find(({ peer }) => peer === author)
    const takes = (id: EntryId) => {
      const key = about(id)
      if (key === undefined || standing.get(id) === 'void') return false
      return key.revoked || (standing.get(id) === 'full' && key.permission < Permission.ADMIN)
    }
    return [...set]
      .filter((id) => {
        const key = about(id)
        const grants = key !== undefined && !key.revoked && key.permission === Permission.ADMIN
        if (!grants || standing.get(id) !== 'full') return false
        return ![...set].some((other) => other !== id && takes(other) && this.closure([other]).has(id))
      })
      .sort(
        (a, b) => level.get(a)! - level.get(b)! || comparePositions(this.positionOf(a), this.positionOf(b)),
      )
      .slice(0, 8)
  }

  private positionOf(id: EntryId) {
    return { id, height: this.entries.get(id)!.body.height }
  }

  private state(set: Ids, { standing }: Judged): ReferenceState {
    const keys = new Map<PeerId, Pick<Key, 'permission' | 'name' | 'revoked'>>()
    let publicAccess: PublicAccess = PublicAccess.NONE
    for (const { id } of [...set].map((one) => this.positionOf(one)).sort(comparePositions)) {
      const change = this.changes.get(id)!
      for (const { peer, permission, name, revoked } of change.keys)
        if (standing.get(id) === 'full' || (standing.get(id) === 'revokes' && revoked))
          keys.set(peer, { permission, name, revoked })
      if (standing.get(id) === 'full' && change.publicAccess !== PublicAccess.UNSPECIFIED)
        publicAccess = change.publicAccess
    }
    return { publicAccess, keys }
  }
}

function changeOf({ body }: Entry): Change | undefined {
  const payload = body.changes.find(({ store }) => store === policyStore)?.payload
  if (payload === undefined) return undefined
  const { publicAccess, keys } = decodePolicyChange(payload)
  return {
    publicAccess,
    keys: keys.map(({ peer, permission, name, revoked, lastAccepted }) => ({
      ...{ peer: bytesToHex(peer) as PeerId, permission, name, revoked },
      lastAccepted: lastAccepted.map((id) => bytesToHex(id) as EntryId),
    })),
  }
}

function permissionOf({ publicAccess, keys }: ReferenceState, peer: PeerId): Permission {
  const open = { 0: 0, 1: 0, 2: Permission.READ, 3: Permission.WRITE }[publicAccess]
  const key = keys.get(peer)
  if (key === undefined) return open
  return key.revoked ? Math.min(open, Permission.READ) : Math.max(open, key.permission)
}
