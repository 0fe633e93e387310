/**
 * Judges a set of policy entries: a pure function of the set, so peers with the same entries find the same policy, in
 * whatever order they arrived. Most sets are a line of grants by admins, all of them effective. With revocations,
 * seniority decides, so that neither a revoked admin that goes on writing "in the past", nor the keys that it admits
 * there, win against the admin that revoked it. docs/protocol.md defines the rule.
 *
 * Judging a set costs as much as it has policy entries and supports, and a word for every 32 policy entries that a
 * revocation could hit. Continuing the judgement of a smaller set costs less.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../identity.ts'
import type { Amounts } from './amounts.ts'
import { addBits, type Bits, bitsBelow, hasBit, numbersOf } from './bits.ts'
import type { PolicyGraph, Revocation } from './graph.ts'
import type { Hits } from './hits.ts'
import { type Holding, hold, isHarmless, judgeByLevel, suspectsIn } from './levels.ts'
import { PolicyState, standings } from './state.ts'

/** The judgement of a set of policy entries that is closed under the policy entries below them. */
export interface Judgement extends Pick<Amounts, 'entries' | 'revocations'> {
  readonly set: Bits
  /** One of `standings`, by number of policy entry. */
  readonly standing: Uint8Array
  /** Seniority by number: 0 for the root, else one more than that of the most senior grant of the author's right. */
  readonly levels: Uint16Array
  /** The effective revocations of each key. */
  readonly holdings: ReadonlyMap<PeerId, readonly Holding[]>
  readonly state: PolicyState
  /** The supports of authors, as far as they were asked for. */
  readonly supports: Map<PeerId, readonly number[]>
}

/** Judges a set of policy entries. */
export function judge(
  graph: PolicyGraph,
  hits: Hits,
  set: Bits,
  amounts: Pick<Amounts, 'entries' | 'revocations'>,
): Judgement {
  const members = numbersOf(set)
  const size = members.at(-1)! + 1
  const standing = new Uint8Array(size)
  const levels = new Uint16Array(size)
  const holdings = new Map<PeerId, Holding[]>()
  const revocations = amounts.revocations === 0 ? [] : revocationsIn(graph, set, size)
  const suspects = suspectsIn(graph, set, revocations)
  hits.prepare(revocations)
  const { seniority } = graph.columns
  if (isHarmless(hits, suspects, revocations)) {
    for (const number of members) {
      standing[number] = standings.full
      levels[number] = seniority[number]!
    }
    for (const revocation of revocations) hold(holdings, revocation, seniority[revocation.by]!)
  } else {
    for (const number of members) standing[number] = standings.void
    judgeByLevel({ graph, hits, entries: members.length, standing, levels, holdings, suspects })
  }
  const { entries } = amounts
  const state = new PolicyState(graph, set, standing)
  const supports = new Map<PeerId, readonly number[]>()
  return { set, standing, levels, holdings, state, entries, revocations: amounts.revocations, supports }
}

/** Returns the revocations in a set of numbers below `size`. */
function revocationsIn(graph: PolicyGraph, set: Bits, size: number): Revocation[] {
  const revokers = graph.revokers.slice(0, Math.min((size + 31) >>> 5, graph.revokers.length))
  for (let word = 0; word < revokers.length; word++) revokers[word]! &= set[word]!
  return numbersOf(revokers).flatMap((number) => graph.entries[number]!.revocations)
}

/**
 * Returns the judgement of a set that has `added` more policy entries, ascending, none of which revokes. So all else
 * stays: what is added can hit nothing, and it supports only what is added too.
 */
export function extend(
  graph: PolicyGraph,
  hits: Hits,
  before: Judgement,
  set: Bits,
  added: readonly number[],
): Judgement {
  const size = Math.max(before.standing.length, added.at(-1)! + 1)
  const standing = new Uint8Array(size)
  standing.set(before.standing)
  const levels = new Uint16Array(size)
  levels.set(before.levels)
  const supports = new Map(before.supports)
  for (const number of added) {
    const entry = graph.entries[number]!
    for (const { peer } of entry.keys) supports.delete(peer)
    let level = Number.POSITIVE_INFINITY
    for (const support of entry.supports)
      if (standing[support] === standings.full) level = Math.min(level, 1 + levels[support]!)
    standing[number] = standings.void
    if (level === Number.POSITIVE_INFINITY) continue
    const place = graph.columns.places[number]!
    let hitLevel = Number.POSITIVE_INFINITY
    for (const holding of before.holdings.get(entry.author) ?? [])
      if (holding.level < hitLevel && hasBit(hits.of(holding.revocation), place)) hitLevel = holding.level
    if (hitLevel < level) continue
    levels[number] = level
    standing[number] = hitLevel === level ? standings.revokes : standings.full
  }
  const { holdings, revocations } = before
  const state = new PolicyState(graph, set, standing)
  const entries = before.entries + added.length
  return { set, standing, levels, holdings, state, entries, revocations, supports }
}

/**
 * Returns the grants that an admin's right comes from in a set, the most senior ones: effective entries that name it
 * admin and that no entry above them has withdrawn. Those of the set that a policy entry stands on are its supports
 * forever.
 */
export function supportsOf(graph: PolicyGraph, judgement: Judgement, author: PeerId): readonly number[] {
  const { standing, levels } = judgement
  const known = judgement.supports.get(author)
  if (known !== undefined) return known
  const supports: number[] = []
  const withdrawn = bitsBelow(standing.length)
  const mentions = graph.about(author)
  // From the top down, so that what withdraws a grant comes before it.
  for (let index = mentions.length - 1; index >= 0; index--) {
    const { by, revoked, permission } = mentions[index]!
    const stands = by < standing.length ? standing[by]! : standings.absent
    if (stands < standings.revokes || hasBit(withdrawn, by)) continue
    if (!revoked && permission === Permission.ADMIN) {
      if (stands === standings.full) insertSenior(supports, by, levels)
    } else if (revoked || stands === standings.full) addBits(withdrawn, graph.ancestry.below(by))
  }
  judgement.supports.set(author, supports)
  return supports
}

/** Inserts a grant before those of its level and its juniors, and drops the last one of too many. */
function insertSenior(supports: number[], grant: number, levels: Uint16Array): void {
  let place = supports.length
  // Ends at the front of the list.
  while (place > 0 && levels[supports[place - 1]!]! >= levels[grant]!) place--
  if (place === limits.policySupports) return
  supports.splice(place, 0, grant)
  if (supports.length > limits.policySupports) supports.pop()
}

/**
 * Returns whether, between one judgement of a tree's policy and a later one, entries that were there before may have
 * become void or valid.
 */
export function moves(before: Judgement, after: Judgement): boolean {
  if (before === after) return false
  for (let number = 0; number < before.standing.length; number++)
    if (after.standing[number] !== before.standing[number]) return true
  const size = ({ holdings }: Judgement) => {
    let count = 0
    for (const list of holdings.values()) count += list.length
    return count
  }
  return size(before) !== size(after)
}
