/**
 * The policy of one tree as it grows: checks each new entry's place in it from what its parents left, and tells what it
 * amounts to, at any point and as a whole. For a usual entry that is a comparison of two numbers and two strings; only
 * entries that change the policy, or merge branches that did, cost more.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { refuse } from '../canonical.ts'
import { type Entry, policyStore } from '../entry.ts'
import { bytesToHex } from '../hex.ts'
import type { EntryId } from '../id.ts'
import type { PeerId } from '../identity.ts'
import { decodePolicyChange } from './change.ts'
import { type PolicyEntry, PolicyGraph, type Revocation } from './graph.ts'
import { extend, type Holding, type Judgement, judge, standings, stateWithin, supportsOf } from './policy.ts'
import type { PolicyState } from './state.ts'

/** What is known of the policy at an entry: the point on which what follows it stands. */
export interface Placed {
  readonly after: number
}

/** What is known of an entry that a revocation lets stand. */
export interface LastAccepted extends Placed {
  readonly author: PeerId
}

export class TreePolicy {
  readonly graph = new PolicyGraph()
  private readonly judgements = new Map<number, Judgement>()
  private all: Judgement | undefined
  private readonly states = new Map<number, PolicyState>()
  /** The author that may write at a point, as it was found last. */
  private lastPoint = -1
  private lastAuthor: PeerId | undefined

  /**
   * Checks that an entry names the policy that it stands on and that its author may write there. Gives the point that it
   * stands on. ENTRY_POLICY, ENTRY_FORBIDDEN.
   */
  check({ id, body }: Entry, parents: readonly (Placed | undefined)[]): number {
    const point = this.pointOn(parents)
    const { names } = this.graph.points[point]!
    if (!same(names, body.policy))
      refuse(
        'ENTRY_POLICY',
        `The policy that rules ${id} is [${names.join(', ')}], but it names [${body.policy.join(', ')}].`,
      )
    const changes = changesPolicy(body)
    if (changes || point !== this.lastPoint || body.author !== this.lastAuthor) {
      const needed = changes ? Permission.ADMIN : Permission.WRITE
      if (this.at(point).state.permission(body.author) < needed)
        throw new CausewayError(
          'ENTRY_FORBIDDEN',
          `${body.author} may not ${changes ? 'change the policy' : 'write'} where ${id} stands.`,
          { data: { author: body.author } },
        )
      this.lastPoint = point
      this.lastAuthor = body.author
    }
    return point
  }

  /** Whether one entry may stand on these parents. */
  mayStandOn(parents: readonly (Placed | undefined)[]): boolean {
    return this.joined(parents) !== undefined
  }

  private joined(parents: readonly (Placed | undefined)[]): number | undefined {
    const first = parents[0]!.after
    let alike = true
    for (const parent of parents) if (parent!.after !== first) alike = false
    return alike ? first : this.graph.join(parents.map((parent) => parent!.after))
  }

  /** The point on which an entry stands whose parents leave these. ENTRY_POLICY where it would be too large. */
  pointOn(parents: readonly (Placed | undefined)[]): number {
    const point = this.joined(parents)
    if (point === undefined)
      refuse(
        'ENTRY_POLICY',
        `An entry stands on at most ${limits.entryPolicies} tips of the policy, with ${limits.policyEntries} policy entries and ${limits.policyRevocations} revocations below: use other parents.`,
      )
    return point
  }

  /**
   * Takes in an entry that was checked, if it changes the policy: gives the point after it. `accepted` tells of its
   * parents those that its revocations let stand. ENTRY_POLICY, and then nothing has changed.
   */
  enter(entry: Entry, point: number, accepted: (id: EntryId) => LastAccepted | undefined): number {
    const { id, body } = entry
    const payload = body.changes.find(({ store }) => store === policyStore)?.payload
    if (payload === undefined) return point
    const change = decodePolicyChange(payload)
    const { graph } = this
    const revocations = change.keys
      .filter(({ revoked }) => revoked)
      .map((key): Revocation => {
        const peer = bytesToHex(key.peer) as PeerId
        const lastAccepted = key.lastAccepted.map((bytes) => bytesToHex(bytes) as EntryId)
        return { key: peer, lastAccepted, stand: this.standing(entry, peer, lastAccepted, accepted) }
      })
    const root = graph.entries.length === 0
    const below = root ? undefined : this.at(point)
    if (below !== undefined) {
      if (below.entries + 1 > limits.policyEntries)
        refuse('ENTRY_POLICY', `A policy has at most ${limits.policyEntries} entries.`)
      if (below.revocations + revocations.length > limits.policyRevocations)
        refuse('ENTRY_POLICY', `A policy has at most ${limits.policyRevocations} revocations.`)
    }
    const supports = below === undefined ? [] : supportsOf(graph, below, body.author)
    const added: PolicyEntry = {
      ...{ number: graph.entries.length, id, height: body.height, author: body.author },
      ...{ point, change, revocations, supports },
    }
    graph.add(added)
    const after = graph.intern([added.number])
    if (below !== undefined && revocations.length === 0) this.keep(after, extend(below, added))
    return after
  }

  /** A revocation's last accepted entries are the revoked key's own, and parents of the entry that revokes. */
  private standing(
    { id, body }: Entry,
    key: PeerId,
    lastAccepted: readonly EntryId[],
    accepted: (id: EntryId) => LastAccepted | undefined,
  ): Set<number> {
    const stand = new Set<number>()
    for (const last of lastAccepted) {
      const known = body.parents.includes(last) ? accepted(last) : undefined
      if (known?.author !== key)
        refuse(
          'ENTRY_POLICY',
          `A revocation's last accepted entries are parents of it and by the revoked key; in ${id} ${last} is not.`,
        )
      for (const number of this.graph.by(key)) if (this.graph.covers(known.after, number)) stand.add(number)
    }
    return stand
  }

  /** What the policy amounts to below a point. */
  at(point: number): Judgement {
    const kept = this.judgements.get(point)
    if (kept !== undefined) return kept
    const { members } = this.graph.points[point]!
    const only = members.length === 1 ? this.graph.entries[members[0]!]! : undefined
    const below = only && only.number > 0 ? this.judgements.get(only.point) : undefined
    const judgement =
      below !== undefined && only!.revocations.length === 0
        ? extend(below, only!)
        : judge(this.graph, this.graph.closure(point))
    this.keep(point, judgement)
    return judgement
  }

  /** What all of the policy amounts to. */
  whole(): Judgement {
    const { entries, tips } = this.graph
    if (this.all?.standing.length !== entries.length) {
      this.states.clear()
      this.all =
        tips.length === 1
          ? this.at(this.graph.intern(tips))
          : judge(this.graph, new Uint8Array(entries.length).fill(1))
    }
    return this.all
  }

  /**
   * Whether an entry by this author on this point is void as the whole policy has it. `stands` says whether it is one of
   * those that a revocation lets stand, or below one. `number`: of the entry itself where it is a policy entry.
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
    const holdings = whole.holding.get(author)
    if (holdings?.some((holding) => !this.graph.covers(point, holding.by) && !stands(holding))) return true
    return this.stateWithin(point, whole).permission(author) < Permission.WRITE
  }

  private stateWithin(point: number, whole: Judgement): PolicyState {
    let state = this.states.get(point)
    if (state === undefined) {
      state = stateWithin(this.graph, whole, this.graph.closure(point))
      if (this.states.size >= limits.policyJudgements) this.states.clear()
      this.states.set(point, state)
    }
    return state
  }

  private keep(point: number, judgement: Judgement): void {
    if (this.judgements.size >= limits.policyJudgements)
      this.judgements.delete(this.judgements.keys().next().value!)
    this.judgements.set(point, judgement)
  }
}

/** The entries that an entry's revocations let stand. */
export function lastAcceptedOf({ body }: Entry): EntryId[] {
  if (!changesPolicy(body)) return []
  const { payload } = body.changes.find(({ store }) => store === policyStore)!
  return decodePolicyChange(payload).keys.flatMap(({ lastAccepted }) =>
    lastAccepted.map((bytes) => bytesToHex(bytes) as EntryId),
  )
}

/** Whether an entry changes the policy. */
function changesPolicy({ changes }: Entry['body']): boolean {
  for (const { store } of changes) if (store === policyStore) return true
  return false
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}
