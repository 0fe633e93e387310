/**
 * The policy entries of one tree as a small graph of their own, on which the tree's other entries stand. An entry names
 * the tips of the policy in its causal past. Such a set of tips is a point, and points are numbered, so for a usual
 * entry the only check is whether its parents have the same number.
 */
import type { PolicyChange } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../hex.ts'
import type { EntryId } from '../id.ts'
import type { PeerId } from '../identity.ts'

/** A policy entry. Numbers count the tree's policy entries in an order that puts parents first; the root has 0. */
export interface PolicyEntry {
  readonly number: number
  readonly id: EntryId
  readonly height: number
  readonly author: PeerId
  /** The point that it stands on. The root stands on none and has its own point here. */
  readonly point: number
  readonly change: PolicyChange
  readonly revocations: readonly Revocation[]
  /** The grants that give its author the right to change the policy; see policy.ts. */
  readonly supports: readonly number[]
}

/** The revocation of one key by a policy entry. */
export interface Revocation {
  readonly key: PeerId
  /** The last entries of the key that stay valid. */
  readonly lastAccepted: readonly EntryId[]
  /** The key's policy entries that therefore stay valid: those among `lastAccepted` and their ancestors. */
  readonly stand: ReadonlySet<number>
}

/** A set of policy tips, ascending by number. */
export interface Point {
  readonly members: readonly number[]
  /**
   * The ids that an entry on this point names, ascending: those of the members, or none if the only member is the root.
   */
  readonly names: readonly EntryId[]
}

export class PolicyGraph {
  readonly entries: PolicyEntry[] = []
  readonly points: Point[] = []
  private readonly ids: EntryId[] = []
  private readonly pointByMembers = new Map<string, number>()
  private readonly pointByNames = new Map<string, number>()
  /** The point that each set of points joins to; undefined if it would be too large. */
  private readonly joins = new Map<string, number | undefined>()
  private readonly numberOf = new Map<EntryId, number>()
  private readonly entriesByKey = new Map<PeerId, number[]>()
  private readonly entriesByAuthor = new Map<PeerId, number[]>()
  private readonly tipNumbers = new Set<number>()
  private readonly closures = new Map<number, Uint8Array>()

  /** Returns the number of a policy entry, or undefined if this graph does not have it. */
  find(id: EntryId): number | undefined {
    return this.numberOf.get(id)
  }

  /**
   * Restores the numbers of policy entries and points from the ids of all policy entries, parents first, and the
   * members of all points. Call it before `add` of each entry. Throws Error if a point has an unknown member.
   */
  restore(ids: readonly EntryId[], points: readonly (readonly EntryId[])[]): void {
    for (const id of ids) this.name(id)
    for (const members of points) {
      const numbers = members.flatMap((id) => this.numberOf.get(id) ?? [])
      if (numbers.length < members.length)
        throw new Error('A point has only members that are policy entries, got another.')
      this.intern(numbers)
    }
  }

  /** Returns the ids of a point's members, ascending. */
  membersOf(point: number): readonly EntryId[] {
    return this.points[point]!.members.map((number) => this.ids[number]!).sort()
  }

  /** Adds a policy entry, which has the next number. */
  add(entry: PolicyEntry): void {
    this.entries.push(entry)
    if (!this.numberOf.has(entry.id)) this.name(entry.id)
    append(this.entriesByAuthor, entry.author, entry.number)
    for (const { peer } of entry.change.keys)
      append(this.entriesByKey, bytesToHex(peer) as PeerId, entry.number)
    // The members of its point now have a child, so they are no longer tips.
    if (entry.number > 0)
      for (const member of this.points[entry.point]!.members) this.tipNumbers.delete(member)
    this.tipNumbers.add(entry.number)
  }

  private name(id: EntryId): void {
    this.numberOf.set(id, this.ids.length)
    this.ids.push(id)
  }

  /** The tips of the whole policy: the policy entries that no other one stands on. */
  get tips(): readonly number[] {
    return [...this.tipNumbers]
  }

  get tipIds(): readonly EntryId[] {
    return this.tips.map((number) => this.ids[number]!)
  }

  /** Returns the numbers of an author's policy entries. */
  by(author: PeerId): readonly number[] {
    return this.entriesByAuthor.get(author) ?? []
  }

  /** Returns the numbers of the policy entries that name a key. */
  touches(key: PeerId): readonly number[] {
    return this.entriesByKey.get(key) ?? []
  }

  /** Returns the number of the point with these members. Creates the point if there is none. */
  intern(members: readonly number[]): number {
    const sorted = [...members].sort((a, b) => a - b)
    const key = sorted.join()
    let point = this.pointByMembers.get(key)
    if (point === undefined) {
      point = this.points.length
      const onlyRoot = sorted.length === 1 && sorted[0] === 0
      const names = onlyRoot ? [] : sorted.map((number) => this.ids[number]!).sort()
      this.points.push({ members: sorted, names })
      this.pointByNames.set(names.join(), point)
      this.pointByMembers.set(key, point)
    }
    return point
  }

  /** Returns the point that an entry names, or undefined if there is none. */
  pointNamed(names: readonly EntryId[]): number | undefined {
    return this.pointByNames.get(names.join())
  }

  /** Returns the point of an entry whose parents leave these points, or undefined if it would be too large. */
  join(points: readonly number[]): number | undefined {
    const distinct = [...new Set(points)].sort((a, b) => a - b)
    if (distinct.length === 1) return distinct[0]!
    const key = distinct.join()
    if (this.joins.has(key)) return this.joins.get(key)
    const union = [...new Set(distinct.flatMap((point) => this.points[point]!.members))]
    const below = this.below(union)
    const members = union.filter((number) => below[number] === 0)
    const joined = this.fits(members, below) ? this.intern(members) : undefined
    if (this.joins.size >= limits.policyMerges) this.joins.clear()
    this.joins.set(key, joined)
    return joined
  }

  /** Returns whether a set of tips and the entries below them are within the bounds of a policy. */
  private fits(members: readonly number[], below: Uint8Array): boolean {
    if (members.length > limits.entryPolicies) return false
    let entries = members.length
    let revocations = 0
    for (const number of members) revocations += this.entries[number]!.revocations.length
    for (const [number, is] of below.entries())
      if (is === 1) {
        entries++
        revocations += this.entries[number]!.revocations.length
      }
    return entries <= limits.policyEntries && revocations <= limits.policyRevocations
  }

  /** Returns the policy closure of a point: 1 at the number of each member and of each entry below one. */
  closure(point: number): Uint8Array {
    const cached = this.closures.get(point)
    if (cached !== undefined) return cached
    const { members } = this.points[point]!
    const closure = this.below(members)
    for (const number of members) closure[number] = 1
    if (this.closures.size >= limits.policyClosures) this.closures.delete(this.closures.keys().next().value!)
    this.closures.set(point, closure)
    return closure
  }

  /** Returns whether a policy entry is in the closure of a point. */
  covers(point: number, number: number): boolean {
    return this.closure(point)[number] === 1
  }

  /** Returns 1 at the number of each policy entry that is strictly below one of these. */
  below(numbers: readonly number[]): Uint8Array {
    const below = new Uint8Array(this.entries.length)
    const open = [...numbers]
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      if (number === 0) continue
      for (const member of this.points[this.entries[number]!.point]!.members) {
        if (below[member] === 1) continue
        below[member] = 1
        open.push(member)
      }
    }
    return below
  }
}

function append<Key>(lists: Map<Key, number[]>, key: Key, number: number): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [number])
  else list.push(number)
}
