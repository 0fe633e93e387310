/**
 * The policy of one tree as it grows. It checks each new entry against the points that its parents leave, and judges
 * the policy at any point and as a whole. For a usual entry that compares two numbers and two strings; only entries
 * that change the policy, or merge branches that did, cost more.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { refuse } from '../canonical.ts'
import { changesPolicy, type Entry, policyStore } from '../entry.ts'
import { bytesToHex } from '../hex.ts'
import { type EntryId, formatId } from '../id.ts'
import type { PeerId } from '../identity.ts'
import { type Amounts, excess, sum } from './amounts.ts'
import { addBit, allBelow, type Bits, beyond, bitsBelow, hasBit, noBits } from './bits.ts'
import { decodePolicyChange } from './change.ts'
import { PolicyGraph, type Revocation } from './graph.ts'
import { Hits } from './hits.ts'
import type { Holding } from './levels.ts'
import { extend, type Judgement, judge, supportsOf } from './policy.ts'
import { PolicyState, standings } from './state.ts'

/** An entry's place in the policy: the point on which its children stand. */
export interface Placed {
  readonly after: number
}

/** An entry that a revocation names as last accepted. */
export interface LastAccepted extends Placed {
  readonly author: PeerId
}

export class TreePolicy {
  readonly graph = new PolicyGraph()
  /** How many policy entries were looked at so far, roughly. Time follows it, at some 50 ns each. */
  work = 0
  private readonly hits = new Hits(this.graph)
  /** Of points, the last used last. */
  private readonly judgements = new Map<number, Judgement>()
  private all: Judgement | undefined
  private readonly states = new Map<number, { readonly set: Bits; readonly state: PolicyState }>()
  /** The last author that was allowed to write, and at which point: the next entry is mostly by the same one. */
  private lastPoint = -1
  private lastAuthor: PeerId | undefined

  /**
   * Checks that an entry names the policy that it stands on and that its author may write there. Returns the point that
   * it stands on. Throws ENTRY_POLICY and ENTRY_FORBIDDEN.
   */
  check(entry: Entry, parents: readonly (Placed | undefined)[]): number {
    const { id, body } = entry
    const point = this.pointOn(parents)
    const { names } = this.graph.points[point]!
    if (!same(names, body.policy))
      refuse(
        'ENTRY_POLICY',
        `The entry ${formatId(id)} stands on the policy [${listIds(names)}], but names [${listIds(body.policy)}].`,
      )
    const changes = changesPolicy(entry)
    if (changes || point !== this.lastPoint || body.author !== this.lastAuthor) {
      const needed = changes ? Permission.ADMIN : Permission.WRITE
      if (this.at(point).state.permission(body.author) < needed)
        throw new CausewayError(
          'ENTRY_FORBIDDEN',
          `${body.author} may not ${changes ? 'change the policy' : 'write'} where ${formatId(id)} stands.`,
          { data: { author: body.author } },
        )
      this.lastPoint = point
      this.lastAuthor = body.author
    }
    return point
  }

  /** Returns whether one entry may have all of these parents. */
  mayStandOn(parents: readonly (Placed | undefined)[]): boolean {
    return this.join(parents) !== undefined
  }

  /** Returns the point that these parents join to, or undefined if it would be too large. */
  private join(parents: readonly (Placed | undefined)[]): number | undefined {
    const first = parents[0]!.after
    let alike = true
    for (const parent of parents) if (parent!.after !== first) alike = false
    if (alike) return first
    this.work += parents.length + this.graph.entries.length / 8
    return this.graph.join(parents.map((parent) => parent!.after))
  }

  /** Returns the point of an entry with these parents. Throws ENTRY_POLICY if it would be too large. */
  pointOn(parents: readonly (Placed | undefined)[]): number {
    const point = this.join(parents)
    if (point === undefined)
      refuse(
        'ENTRY_POLICY',
        `An entry stands on at most ${limits.entryPolicies} tips of the policy, with a policy below that is within its bounds: use other parents.`,
      )
    return point
  }

  /**
   * Adds an entry that was checked, if it changes the policy. Returns the point after it. `accepted` looks up those of
   * its parents that its revocations name as last accepted. `known` are its supports if it was added before. Throws
   * ENTRY_POLICY, and then nothing has changed.
   */
  enter(
    entry: Entry,
    point: number,
    accepted: (id: EntryId) => LastAccepted | undefined,
    known?: readonly number[],
  ): number {
    const { id, body } = entry
    if (!changesPolicy(entry)) return point
    const { payload } = body.changes.find(({ store }) => store === policyStore)!
    const { publicAccess, keys } = decodePolicyChange(payload)
    this.work += 256 + 32 * keys.length
    const { graph } = this
    const number = graph.entries.length
    // Field by field: V8 reads objects that were spread many times slower, and judging reads thousands of these.
    const mentions = keys.map(({ peer, permission, name, revoked }) => {
      return { peer: bytesToHex(peer) as PeerId, by: number, permission, name, revoked }
    })
    const revocations = keys.flatMap((key): Revocation[] => {
      if (!key.revoked) return []
      const peer = bytesToHex(key.peer) as PeerId
      const lastAccepted = key.lastAccepted.map((bytes) => bytesToHex(bytes) as EntryId)
      const stand = this.standing(entry, peer, lastAccepted, accepted)
      return [{ key: peer, by: number, lastAccepted, stand }]
    })
    if (number > 0) this.expectRoom(point, revocations.length, mentions.length)
    const supports = number === 0 ? [] : (known ?? this.supportsAt(point, body.author))
    const { height, author } = body
    graph.add({ number, id, height, author, point, publicAccess, keys: mentions, revocations, supports })
    return graph.intern([number])
  }

  /** Returns the supports of a policy entry by this author on a point; see `supportsOf`. */
  supportsAt(point: number, author: PeerId): readonly number[] {
    this.work += this.graph.about(author).length
    return supportsOf(this.graph, this.at(point), author)
  }

  /** Throws ENTRY_POLICY if one more policy entry on a point exceeds a bound. */
  private expectRoom(point: number, revocations: number, keys: number): void {
    const links = this.graph.points[point]!.members.length
    const amounts = sum(this.graph.amountsOf(point), { entries: 1, revocations, links, keys })
    const exceeded = excess(amounts)
    if (exceeded !== undefined) refuse('ENTRY_POLICY', `A policy has at most ${exceeded}.`)
  }

  /**
   * Returns the places of the revoked key's policy entries that stay valid. Throws ENTRY_POLICY unless the last accepted
   * entries are the key's own and parents of the entry that revokes.
   */
  private standing(
    { id, body }: Entry,
    key: PeerId,
    lastAccepted: readonly EntryId[],
    accepted: (id: EntryId) => LastAccepted | undefined,
  ): Bits {
    const members = new Set<number>()
    for (const last of lastAccepted) {
      const known = body.parents.includes(last) ? accepted(last) : undefined
      if (known?.author !== key)
        refuse(
          'ENTRY_POLICY',
          `A revocation names as last accepted only parents by the revoked key, got ${formatId(last)} in ${formatId(id)}.`,
        )
      for (const member of this.graph.points[known.after]!.members) members.add(member)
    }
    if (members.size === 0) return noBits
    const numbers = this.graph.by(key)
    const stand = bitsBelow(numbers.length)
    const closure = this.graph.closureOf(members)
    this.work += members.size + numbers.length
    for (const [place, number] of numbers.entries()) if (hasBit(closure, number)) addBit(stand, place)
    return stand
  }

  /** Returns the judgement of a point's closure. */
  at(point: number): Judgement {
    let judgement = this.judgements.get(point)
    if (judgement === undefined) {
      const { graph } = this
      const set = graph.closure(point)
      const amounts = graph.amountsOf(point)
      judgement = this.continued(set, amounts) ?? this.judged(set, amounts)
    } else this.judgements.delete(point)
    this.keep(point, judgement)
    return judgement
  }

  private judged(set: Bits, amounts: Pick<Amounts, 'entries' | 'revocations'>): Judgement {
    this.work += amounts.entries + 16 * amounts.revocations
    return judge(this.graph, this.hits, set, amounts)
  }

  /** Returns the judgement of a set from one of a set that lacks a few entries and no revocation, if there is one. */
  private continued(set: Bits, { entries, revocations }: Amounts): Judgement | undefined {
    for (const before of this.judgements.values()) {
      const lacking = entries - before.entries
      if (before.revocations !== revocations || lacking < 1 || lacking > limits.policyExtension) continue
      const added = beyond(set, before.set)
      this.work += entries / 8
      if (added === undefined) continue
      this.work += entries / 2
      return extend(this.graph, this.hits, before, set, added)
    }
    return undefined
  }

  /** Returns the judgement of the whole policy. */
  whole(): Judgement {
    const { graph, hits, all } = this
    const { revocations } = graph
    const entries = graph.entries.length
    if (all?.entries === entries) return all
    const { tips } = graph
    const set = allBelow(entries)
    const few = all !== undefined && entries - all.entries <= limits.policyExtension
    if (tips.length === 1) this.all = this.at(graph.intern(tips))
    else if (few && all.revocations === revocations)
      this.all = extend(graph, hits, all, set, beyond(set, all.set)!)
    else this.all = this.judged(set, { entries, revocations })
    this.states.clear()
    return this.all
  }

  /**
   * Returns whether the whole policy makes an entry by this author on this point void. `number` is that of the entry
   * itself if it is a policy entry. `stands` returns whether a revocation accepts the entry: as one of its last
   * accepted entries, or as an ancestor of one.
   */
  isVoid(
    point: number,
    author: PeerId,
    number: number | undefined,
    stands: (holding: Holding) => boolean = () => false,
  ): boolean {
    const whole = this.whole()
    if (number !== undefined) return whole.standing[number] !== standings.full
    if (whole.revocations === 0) return false
    const { set, state } = this.within(point, whole)
    const holdings = whole.holdings.get(author) ?? []
    this.work += holdings.length / 4
    if (holdings.some((holding) => !hasBit(set, holding.by) && !stands(holding))) return true
    return state.permission(author) < Permission.WRITE
  }

  /** Returns a point's closure, and its state if its entries have the standing that the whole policy gives them. */
  private within(point: number, whole: Judgement): { readonly set: Bits; readonly state: PolicyState } {
    let known = this.states.get(point)
    if (known === undefined) {
      const set = this.graph.closure(point)
      this.work += 64 + set.length
      known = { set, state: new PolicyState(this.graph, set, whole.standing) }
      if (this.states.size >= limits.policyJudgements) this.states.clear()
      this.states.set(point, known)
    }
    return known
  }

  private keep(point: number, judgement: Judgement): void {
    if (this.judgements.size >= limits.policyJudgements)
      this.judgements.delete(this.judgements.keys().next().value!)
    this.judgements.set(point, judgement)
  }
}

/** Returns the entries that an entry's revocations name as last accepted. */
export function lastAcceptedOf(entry: Entry): EntryId[] {
  if (!changesPolicy(entry)) return []
  const { payload } = entry.body.changes.find(({ store }) => store === policyStore)!
  return decodePolicyChange(payload).keys.flatMap(({ lastAccepted }) =>
    lastAccepted.map((bytes) => bytesToHex(bytes) as EntryId),
  )
}

/** Lists the first few ids: a policy names up to 256, and each takes some microseconds to format. */
function listIds(ids: readonly EntryId[]): string {
  const most = 4
  const rest = ids.length > most ? ` and ${ids.length - most} more` : ''
  return ids.slice(0, most).map(formatId).join(', ') + rest
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}
