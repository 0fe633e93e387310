/**
 * The policy entries of one tree as a small graph of their own, which the tree's other entries stand on. An entry names
 * the tips of the policy in its causal past; such a set of tips is a point, and points are numbered, so that all that
 * is checked of a usual entry is whether its parents have the same number.
 */
import type { PolicyChange } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../hex.ts'
import type { EntryId } from '../id.ts'
import type { PeerId } from '../identity.ts'

/** A policy entry. Its number counts the tree's policy entries in an order that keeps parents first; the root has 0. */
export interface PolicyEntry {
  readonly number: number
  readonly id: EntryId
  readonly height: number
  readonly author: PeerId
  /** The point that it stands on; the root stands on none, and has its own. */
  readonly point: number
  readonly change: PolicyChange
  readonly revocations: readonly Revocation[]
  /** The grants that its author's right to change the policy came from, see policy.ts. */
  readonly supports: readonly number[]
}

/** A key that a policy entry revokes. */
export interface Revocation {
  readonly key: PeerId
  /** The last entries of the key that stand. */
  readonly lastAccepted: readonly EntryId[]
  /** The key's policy entries among these and their ancestors. */
  readonly stand: ReadonlySet<number>
}

/** Tips of a policy, ascending by number. */
export interface Point {
  readonly members: readonly number[]
  /** What an entry on this point names: the members' ids, ascending; nothing where only the root's policy rules. */
  readonly names: readonly EntryId[]
}

export class PolicyGraph {
  readonly entries: PolicyEntry[] = []
  readonly points: Point[] = []
  private readonly ids: EntryId[] = []
  private readonly pointOf = new Map<string, number>()
  private readonly named = new Map<string, number>()
  private readonly merged = new Map<string, number | undefined>()
  private readonly numberOf = new Map<EntryId, number>()
  private readonly touching = new Map<PeerId, number[]>()
  private readonly authored = new Map<PeerId, number[]>()
  private readonly ends = new Set<number>()
  private readonly closures = new Map<number, Uint8Array>()

  /** The number of a policy entry. */
  find(id: EntryId): number | undefined {
    return this.numberOf.get(id)
  }

  /** The ids of all policy entries, parents first, and the members of all points, as they were: before `add` of each. */
  restore(ids: readonly EntryId[], points: readonly (readonly EntryId[])[]): void {
    for (const id of ids) this.name(id)
    for (const members of points) {
      const numbers = members.flatMap((id) => this.numberOf.get(id) ?? [])
      if (numbers.length < members.length) throw new Error('A point names a policy entry that is not there.')
      this.intern(numbers)
    }
  }

  /** The ids of a point's members, ascending. */
  membersOf(point: number): readonly EntryId[] {
    return this.points[point]!.members.map((number) => this.ids[number]!).sort()
  }

  /** Puts a policy entry in; its number is the next. */
  add(entry: PolicyEntry): void {
    this.entries.push(entry)
    if (!this.numberOf.has(entry.id)) this.name(entry.id)
    append(this.authored, entry.author, entry.number)
    for (const { peer } of entry.change.keys) append(this.touching, bytesToHex(peer) as PeerId, entry.number)
    // What is below a member is no tip any more.
    if (entry.number > 0) for (const member of this.points[entry.point]!.members) this.ends.delete(member)
    this.ends.add(entry.number)
  }

  private name(id: EntryId): void {
    this.numberOf.set(id, this.ids.length)
    this.ids.push(id)
  }

  /** The tips of the whole policy: what no other policy entry stands on. */
  get tips(): readonly number[] {
    return [...this.ends]
  }

  get tipIds(): readonly EntryId[] {
    return this.tips.map((number) => this.ids[number]!)
  }

  /** The policy entries by an author, by number. */
  by(author: PeerId): readonly number[] {
    return this.authored.get(author) ?? []
  }

  /** The policy entries that say something of a key, by number. */
  touches(key: PeerId): readonly number[] {
    return this.touching.get(key) ?? []
  }

  /** The number of a point, a new one where there is none of these members. */
  intern(members: readonly number[]): number {
    const sorted = [...members].sort((a, b) => a - b)
    const key = sorted.join()
    let point = this.pointOf.get(key)
    if (point === undefined) {
      point = this.points.length
      const onlyRoot = sorted.length === 1 && sorted[0] === 0
      const names = onlyRoot ? [] : sorted.map((number) => this.ids[number]!).sort()
      this.points.push({ members: sorted, names })
      this.named.set(names.join(), point)
      this.pointOf.set(key, point)
    }
    return point
  }

  /** The point that an entry names. */
  pointNamed(names: readonly EntryId[]): number | undefined {
    return this.named.get(names.join())
  }

  /** The point on which an entry stands whose parents leave these points; undefined where it is too large to be one. */
  join(points: readonly number[]): number | undefined {
    const distinct = [...new Set(points)].sort((a, b) => a - b)
    if (distinct.length === 1) return distinct[0]!
    const key = distinct.join()
    if (this.merged.has(key)) return this.merged.get(key)
    const union = [...new Set(distinct.flatMap((point) => this.points[point]!.members))]
    const below = this.below(union)
    const members = union.filter((number) => below[number] === 0)
    const joined = this.fits(members, below) ? this.intern(members) : undefined
    if (this.merged.size >= limits.policyMerges) this.merged.clear()
    this.merged.set(key, joined)
    return joined
  }

  /** Whether a set of tips, with what is below them, is within the bounds of a policy. */
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

  /** The policy closure of a point: 1 at the number of each of its members and of what is below them. */
  closure(point: number): Uint8Array {
    const kept = this.closures.get(point)
    if (kept !== undefined) return kept
    const { members } = this.points[point]!
    const closure = this.below(members)
    for (const number of members) closure[number] = 1
    if (this.closures.size >= limits.policyClosures) this.closures.delete(this.closures.keys().next().value!)
    this.closures.set(point, closure)
    return closure
  }

  /** Whether a policy entry is in the closure of a point. */
  covers(point: number, number: number): boolean {
    return this.closure(point)[number] === 1
  }

  /** All that is strictly below some policy entries: 1 at their numbers. */
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
