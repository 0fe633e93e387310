/**
 * The policy entries of one tree as a small graph of their own, on which the tree's other entries stand. An entry names
 * the tips of the policy in its causal past. Such a set of tips is a point, and points are numbered, so for a usual
 * entry the only check is whether its parents have the same number.
 */
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import { comparePositions, type EntryId } from '../id.ts'
import type { PeerId } from '../identity.ts'
import { type Amounts, excess, sum } from './amounts.ts'
import { Ancestry, type Tops } from './ancestry.ts'
import { addBit, type Bits, bitsBelow, noBits, numbersOf } from './bits.ts'
import { PolicyColumns } from './columns.ts'
import type { Mention, Statements } from './state.ts'

/** A policy entry. Numbers count the tree's policy entries in an order that puts parents first; the root has 0. */
export interface PolicyEntry {
  readonly number: number
  readonly id: EntryId
  readonly height: number
  readonly author: PeerId
  /** The point that it stands on. The root stands on none and has its own point here. */
  readonly point: number
  readonly publicAccess: PublicAccess
  readonly keys: readonly Mention[]
  readonly revocations: readonly Revocation[]
  /** The grants that give its author the right to change the policy; see policy.ts. */
  readonly supports: readonly number[]
}

/** The revocation of one key by a policy entry. */
export interface Revocation {
  readonly key: PeerId
  /** The policy entry. */
  readonly by: number
  /** The last entries of the key that stay valid. */
  readonly lastAccepted: readonly EntryId[]
  /**
   * The key's policy entries that therefore stay valid: those among `lastAccepted` and their ancestors, by their place
   * in `PolicyGraph.by`.
   */
  readonly stand: Bits
}

/** A set of policy tips, ascending by number. */
export interface Point {
  readonly members: readonly number[]
  /**
   * The ids that an entry on this point names, ascending: those of the members, or none if the only member is the root.
   */
  readonly names: readonly EntryId[]
}

/** An author of policy entries. */
interface Author {
  readonly index: number
  readonly numbers: number[]
}

export class PolicyGraph implements Statements {
  readonly entries: PolicyEntry[] = []
  readonly points: Point[] = []
  /** All policy entries in (height, id) order. */
  readonly ordered: PolicyEntry[] = []
  /** Those that say what everybody may do, in the same order. */
  readonly openings: PolicyEntry[] = []
  /** Those with revocations, and how many these are in all. */
  revokers: Bits = noBits
  revocations = 0
  /** The columns that judging reads of all policy entries, by number: lists of objects take ten times as long. */
  readonly columns = new PolicyColumns()
  readonly ancestry = new Ancestry((number) => (number === 0 ? [] : this.pointOf(number).members))
  private readonly ids: EntryId[] = []
  private readonly pointByMembers = new Map<string, number>()
  private readonly pointByNames = new Map<string, number>()
  /** The point that each set of points joins to; undefined if it would be too large. */
  private readonly joins = new Map<string, number | undefined>()
  private readonly numberOf = new Map<EntryId, number>()
  private readonly mentions = new Map<PeerId, Mention[]>()
  private readonly authors = new Map<PeerId, Author>()
  private readonly tipNumbers = new Set<number>()
  /** Of the closures of points, as far as they were asked for. */
  private readonly amounts: (Amounts | undefined)[] = []

  /** Returns the number of a policy entry, or undefined if this graph does not have it. */
  find(id: EntryId): number | undefined {
    return this.numberOf.get(id)
  }

  /** Restores the numbers of policy entries from their ids, parents first. Call it before `add` of each. */
  restoreEntries(ids: readonly EntryId[]): void {
    for (const id of ids) this.name(id)
  }

  /** Restores the next point from the ids of its members. Throws Error if one of them is unknown. */
  restorePoint(members: readonly EntryId[]): void {
    const numbers = members.flatMap((id) => this.numberOf.get(id) ?? [])
    if (numbers.length < members.length)
      throw new Error('A point has only members that are policy entries, got another.')
    this.intern(numbers)
  }

  /** Returns the ids of a point's members, ascending. */
  membersOf(point: number): readonly EntryId[] {
    return this.points[point]!.members.map((number) => this.ids[number]!).sort()
  }

  /** Adds a policy entry, which has the next number. */
  add(entry: PolicyEntry): void {
    const { number, id, author, point, keys, revocations, supports } = entry
    this.entries.push(entry)
    if (!this.numberOf.has(id)) this.name(id)
    for (const mention of keys)
      insert(listOf(this.mentions, mention.peer), mention, (a, b) => this.compare(a.by, b.by))
    insert(this.ordered, entry, comparePositions)
    if (entry.publicAccess !== PublicAccess.UNSPECIFIED) insert(this.openings, entry, comparePositions)
    if (revocations.length > 0) this.addRevoker(number, revocations.length)
    const links = number === 0 ? 0 : this.points[point]!.members.length
    const by = this.authorOf(author)
    this.columns.add(supports, { author: by.index, place: by.numbers.push(number) - 1 }, [
      revocations.length,
      links,
      keys.length,
    ])
    // Counted now, so that its own point finds them.
    if (number > 0) this.amountsOf(point)
    // The members of its point now have a child, so they are no longer tips.
    if (number > 0) for (const member of this.points[point]!.members) this.tipNumbers.delete(member)
    this.tipNumbers.add(number)
  }

  private name(id: EntryId): void {
    this.numberOf.set(id, this.ids.length)
    this.ids.push(id)
  }

  private authorOf(peer: PeerId): Author {
    let author = this.authors.get(peer)
    if (author === undefined) {
      author = { index: this.authors.size, numbers: [] }
      this.authors.set(peer, author)
    }
    return author
  }

  private addRevoker(number: number, revocations: number): void {
    this.revocations += revocations
    if (number >>> 5 >= this.revokers.length) {
      const larger = bitsBelow(2 * number + 1)
      larger.set(this.revokers)
      this.revokers = larger
    }
    addBit(this.revokers, number)
  }

  private compare(a: number, b: number): number {
    return comparePositions(this.entries[a]!, this.entries[b]!)
  }

  private pointOf(number: number): Point {
    return this.points[this.entries[number]!.point]!
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
    return this.authors.get(author)?.numbers ?? []
  }

  /** How many authors of policy entries there are. */
  get authorCount(): number {
    return this.authors.size
  }

  /** Returns the number of an author of policy entries, as in `columns`, or undefined if it has written none. */
  authorNumber(author: PeerId): number | undefined {
    return this.authors.get(author)?.index
  }

  about(peer: PeerId): readonly Mention[] {
    return this.mentions.get(peer) ?? []
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
    const union = new Set<number>()
    for (const point of distinct) for (const member of this.points[point]!.members) union.add(member)
    const tops = this.ancestry.topsOf(union, limits.entryPolicies)
    let joined: number | undefined
    if (tops !== undefined) {
      const amounts = this.amountsIn(tops)
      if (excess(amounts) === undefined) {
        joined = this.intern(tops.tips)
        this.amounts[joined] = amounts
      }
    }
    if (this.joins.size >= limits.policyMerges) this.joins.clear()
    this.joins.set(key, joined)
    return joined
  }

  /** Returns what the bounds count of a point's closure. */
  amountsOf(point: number): Amounts {
    const known = this.amounts[point]
    if (known !== undefined) return known
    const { members } = this.points[point]!
    const tops = this.ancestry.topsOf(members)!
    let amounts: Amounts
    if (members.length > 1) amounts = this.amountsIn(tops)
    else {
      const [number] = members as [number]
      const own = this.columns.amountsOf([number])
      amounts = number === 0 ? own : sum(own, this.amountsOf(this.entries[number]!.point))
    }
    this.amounts[point] = amounts
    return amounts
  }

  /** Returns the sum over tips and all that are below them. */
  private amountsIn({ tips, below }: Tops): Amounts {
    // Most are below the highest tip, and counted there.
    const highest = this.amountsOf(this.intern(tips.slice(0, 1)))
    const beside = numbersOf(below, this.ancestry.below(tips[0]!))
    return sum(highest, sum(this.columns.amountsOf(tips.slice(1)), this.columns.amountsOf(beside)))
  }

  /** Returns the policy closure of a point. */
  closure(point: number): Bits {
    return this.closureOf(this.points[point]!.members)
  }

  /** Returns the policy closure of at least one policy entry: these and all that are below them. */
  closureOf(numbers: Iterable<number>): Bits {
    const { tips, below } = this.ancestry.topsOf(numbers)!
    const closure = bitsBelow(tips[0]! + 1)
    closure.set(below)
    for (const tip of tips) addBit(closure, tip)
    return closure
  }

  /** Returns whether a policy entry is in the closure of a point. */
  covers(point: number, number: number): boolean {
    for (const member of this.points[point]!.members) if (this.ancestry.covers(member, number)) return true
    return false
  }
}

function listOf<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  let list = lists.get(key)
  if (list === undefined) {
    list = []
    lists.set(key, list)
  }
  return list
}

/** Inserts into a sorted list, mostly at its end. */
function insert<Value>(list: Value[], value: Value, compare: (a: Value, b: Value) => number): void {
  let [low, high] = [0, list.length]
  if (high > 0 && compare(list[high - 1]!, value) < 0) low = high
  // Ends: the stretch halves in each turn.
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(list[middle]!, value) < 0) low = middle + 1
    else high = middle
  }
  if (low === list.length) list.push(value)
  else list.splice(low, 0, value)
}
