/**
 * Judges a set of policy entries: a pure function of the set, so peers with the same entries find the same policy, in
 * whatever order they arrived. Most sets are a line of grants by admins, all of them effective. With revocations,
 * seniority decides, so that neither a revoked admin that goes on writing "in the past", nor the keys that it admits
 * there, win against the admin that revoked it. docs/protocol.md defines the rule.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../hex.ts'
import { comparePositions } from '../id.ts'
import type { PeerId } from '../identity.ts'
import type { PolicyEntry, PolicyGraph, Revocation } from './graph.ts'
import { PolicyState } from './state.ts'

/** The standing of a policy entry in a set. `revokes`: its revocations are effective, and nothing else of it. */
export const standings = { absent: 0, void: 1, revokes: 2, full: 3 } as const

/** An effective revocation, and the number of its policy entry. */
export interface Holding {
  readonly by: number
  readonly revocation: Revocation
}

/** The judgement of a set of policy entries that is closed under the policy entries below them. */
export interface Judgement {
  /** One of `standings`, by number of policy entry. */
  readonly standing: Uint8Array
  /** Seniority by number: 0 for the root, else one more than that of the most senior grant of the author's right. */
  readonly levels: Int32Array
  /** The effective revocations of each key. */
  readonly holdings: ReadonlyMap<PeerId, readonly Holding[]>
  readonly state: PolicyState
  readonly entries: number
  readonly revocations: number
}

/** Judges the set of policy entries that have 1 in `members` at their number. */
export function judge(graph: PolicyGraph, members: Uint8Array): Judgement {
  const order = inOrder(graph, members)
  const standing = new Uint8Array(members)
  const levels = new Int32Array(members.length)
  const holdings = new Map<PeerId, Holding[]>()
  const dependents = dependentsOf(order)
  let revocations = 0
  // The entries that are not a candidate yet.
  const pending = new Uint8Array(members)
  // Level by level: a level binds its juniors, and never its seniors.
  let candidates = [0]
  for (let level = 0; candidates.length > 0; level++) {
    const entries = candidates.map((number) => graph.entries[number]!)
    const survivors = entries.filter((entry) => !isHit(graph, holdings.get(entry.author), entry))
    const levelHoldings = new Map<PeerId, Holding[]>()
    for (const entry of survivors) addHoldings(levelHoldings, entry)
    const next: number[] = []
    for (const entry of survivors) {
      const full = !isHit(graph, levelHoldings.get(entry.author), entry)
      standing[entry.number] = full ? standings.full : standings.revokes
      levels[entry.number] = level
      if (!full) continue
      for (const number of dependents.get(entry.number) ?? [])
        if (pending[number] === 1) {
          pending[number] = 0
          next.push(number)
        }
    }
    for (const [key, list] of levelHoldings) holdings.set(key, [...(holdings.get(key) ?? []), ...list])
    candidates = next
  }
  let state = PolicyState.none
  for (const { number, change, revocations: revoked } of order) {
    revocations += revoked.length
    if (standing[number] === standings.full) state = state.with(change)
    else if (standing[number] === standings.revokes) state = state.with(change, true)
  }
  return { standing, levels, holdings, state, entries: order.length, revocations }
}

/**
 * Returns the judgement of a set and one more entry that stands on all of it and revokes nothing, so all else stays.
 */
export function extend(before: Judgement, { number, supports, change }: PolicyEntry): Judgement {
  const standing = new Uint8Array(number + 1)
  standing.set(before.standing.subarray(0, number + 1))
  standing[number] = standings.full
  const levels = new Int32Array(number + 1)
  levels.set(before.levels.subarray(0, number + 1))
  levels[number] = 1 + Math.min(...supports.map((support) => before.levels[support]!))
  return { ...before, standing, levels, state: before.state.with(change), entries: before.entries + 1 }
}

/**
 * Returns the grants that an admin's right comes from in a set, the most senior ones: effective entries that name it
 * admin and that no entry above them has withdrawn. Those of the set that a policy entry stands on are its supports
 * forever.
 */
export function supportsOf(graph: PolicyGraph, { standing, levels }: Judgement, author: PeerId): number[] {
  const grants: number[] = []
  const withdrawals: number[] = []
  for (const number of graph.touches(author)) {
    const stands = standing[number] ?? standings.absent
    if (stands < standings.revokes) continue
    const key = graph.entries[number]!.change.keys.find(({ peer }) => bytesToHex(peer) === author)!
    const grant = !key.revoked && key.permission === Permission.ADMIN
    if (!grant && (key.revoked || stands === standings.full)) withdrawals.push(number)
    else if (grant && stands === standings.full) grants.push(number)
  }
  const below = withdrawals.length === 0 ? undefined : graph.below(withdrawals)
  return grants
    .filter((number) => below?.[number] !== 1)
    .sort((a, b) => levels[a]! - levels[b]! || comparePositions(graph.entries[a]!, graph.entries[b]!))
    .slice(0, limits.policySupports)
}

/**
 * Returns whether, between one judgement of a tree's policy and a later one, entries that were there before may have
 * become void or valid.
 */
export function moves(before: Judgement, after: Judgement): boolean {
  if (before === after) return false
  for (const [number, standing] of before.standing.entries())
    if (after.standing[number] !== standing) return true
  const size = ({ holdings }: Judgement) => {
    let count = 0
    for (const list of holdings.values()) count += list.length
    return count
  }
  return size(before) !== size(after)
}

/** Returns the state of a point's closure if its entries have the standing that a larger set gives them. */
export function stateWithin(graph: PolicyGraph, { standing }: Judgement, closure: Uint8Array): PolicyState {
  let state = PolicyState.none
  for (const { number, change } of inOrder(graph, closure)) {
    if (standing[number] === standings.full) state = state.with(change)
    else if (standing[number] === standings.revokes) state = state.with(change, true)
  }
  return state
}

/** Returns the policy entries that have 1 in `members` at their number, in (height, id) order. */
function inOrder(graph: PolicyGraph, members: Uint8Array): PolicyEntry[] {
  return graph.entries.filter(({ number }) => members[number] === 1).sort(comparePositions)
}

/** Returns, for each grant, the entries that it supports. */
function dependentsOf(order: readonly PolicyEntry[]): Map<number, number[]> {
  const dependents = new Map<number, number[]>()
  for (const { number, supports } of order)
    for (const support of supports) {
      const list = dependents.get(support)
      if (list === undefined) dependents.set(support, [number])
      else list.push(number)
    }
  return dependents
}

/** Adds the revocations of a policy entry to the effective ones. */
function addHoldings(holdings: Map<PeerId, Holding[]>, { number, revocations }: PolicyEntry): void {
  for (const revocation of revocations) {
    const list = holdings.get(revocation.key)
    if (list === undefined) holdings.set(revocation.key, [{ by: number, revocation }])
    else list.push({ by: number, revocation })
  }
}

/** Returns whether a revocation of its author hits a policy entry: it neither stands on that nor stays valid by it. */
function isHit(graph: PolicyGraph, revocations: readonly Holding[] | undefined, entry: PolicyEntry): boolean {
  return (
    revocations?.some(
      ({ by, revocation }) =>
        by !== entry.number && !revocation.stand.has(entry.number) && !graph.covers(entry.point, by),
    ) ?? false
  )
}
