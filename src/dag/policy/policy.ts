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
import { addBit, addBits, type Bits, bitsBelow, hasBit, meet, numbersOf } from './bits.ts'
import type { PolicyGraph, Revocation } from './graph.ts'
import type { Hits } from './hits.ts'
import { PolicyState, standings } from './state.ts'

/** An effective revocation, with its policy entry and that one's level. */
export interface Holding {
  readonly by: number
  readonly level: number
  readonly revocation: Revocation
}

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

/** What is known, while a set is judged, of a revoked key that wrote policy entries. Bits are places in `by`. */
interface Suspect {
  /** Its policy entries that are in the set. */
  readonly present: Bits
  /** Those that revocations of the levels before hit. */
  readonly hit: Bits
  /** Those that revocations of this level hit. */
  fresh: Bits | undefined
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
  const { seniority } = graph.columns
  if (isHarmless(hits, suspects, revocations)) {
    for (const number of members) {
      standing[number] = standings.full
      levels[number] = seniority[number]!
    }
    for (const revocation of revocations) hold(holdings, revocation, seniority[revocation.by]!)
  } else {
    for (const number of members) standing[number] = standings.void
    judgeByLevel({ graph, hits, set, standing, levels, holdings, suspects })
  }
  const { entries } = amounts
  const state = new PolicyState(graph, set, standing)
  const supports = new Map<PeerId, readonly number[]>()
  return { set, standing, levels, holdings, state, entries, revocations: amounts.revocations, supports }
}

/** Decides the standings level by level: a level binds its juniors, and never its seniors. */
function judgeByLevel(judging: {
  readonly graph: PolicyGraph
  readonly hits: Hits
  readonly set: Bits
  /** All void at first. */
  readonly standing: Uint8Array
  readonly levels: Uint16Array
  readonly holdings: Map<PeerId, Holding[]>
  readonly suspects: ReadonlyMap<PeerId, Suspect>
}): void {
  const { graph, hits, set, standing, levels, holdings, suspects } = judging
  const { entries, revokers } = graph
  const { authors, places, juniors, junior, nextJunior } = graph.columns
  const suspectOf = new Array<Suspect | undefined>(graph.authorCount).fill(undefined)
  for (const [key, suspect] of suspects) suspectOf[graph.authorNumber(key)!] = suspect
  const seen = new Uint8Array(standing.length)
  const survivors: number[] = []
  const touched: Suspect[] = []
  const candidates = [0]
  // A level may have one candidate and there may be thousands of levels, so nothing is allocated for each.
  for (let level = 0; candidates.length > 0; level++) {
    survivors.length = 0
    touched.length = 0
    for (const number of candidates) {
      const suspect = suspectOf[authors[number]!]
      if (suspect !== undefined && hasBit(suspect.hit, places[number]!)) continue
      survivors.push(number)
      if (!hasBit(revokers, number)) continue
      for (const revocation of entries[number]!.revocations) {
        hold(holdings, revocation, level)
        const revoked = suspects.get(revocation.key)
        if (revoked === undefined) continue
        if (revoked.fresh === undefined) {
          revoked.fresh = new Uint32Array(revoked.hit.length)
          touched.push(revoked)
        }
        addWithin(revoked.fresh, hits.of(revocation))
      }
    }
    candidates.length = 0
    for (const number of survivors) {
      levels[number] = level
      const fresh = suspectOf[authors[number]!]?.fresh
      if (fresh !== undefined && hasBit(fresh, places[number]!)) {
        standing[number] = standings.revokes
        continue
      }
      standing[number] = standings.full
      for (let edge = juniors[number]!; edge >= 0; edge = nextJunior[edge]!) {
        const next = junior[edge]!
        if (next < seen.length && seen[next] === 0 && hasBit(set, next)) {
          seen[next] = 1
          candidates.push(next)
        }
      }
    }
    for (const suspect of touched) {
      addBits(suspect.hit, suspect.fresh!)
      suspect.fresh = undefined
    }
  }
}

/** Returns the revocations in a set of numbers below `size`. */
function revocationsIn(graph: PolicyGraph, set: Bits, size: number): Revocation[] {
  const revokers = graph.revokers.slice(0, Math.min((size + 31) >>> 5, graph.revokers.length))
  for (let word = 0; word < revokers.length; word++) revokers[word]! &= set[word]!
  return numbersOf(revokers).flatMap((number) => graph.entries[number]!.revocations)
}

/** Returns the revoked keys that have policy entries in the set. */
function suspectsIn(
  graph: PolicyGraph,
  set: Bits,
  revocations: readonly Revocation[],
): ReadonlyMap<PeerId, Suspect> {
  const suspects = new Map<PeerId, Suspect>()
  for (const { key } of revocations) {
    const numbers = graph.by(key)
    if (numbers.length === 0 || suspects.has(key)) continue
    const present = bitsBelow(numbers.length)
    for (let place = 0; place < numbers.length; place++)
      if (hasBit(set, numbers[place]!)) addBit(present, place)
    suspects.set(key, { present, hit: bitsBelow(numbers.length), fresh: undefined })
  }
  return suspects
}

/** Returns whether none of the revocations hits a policy entry in the set. */
function isHarmless(
  hits: Hits,
  suspects: ReadonlyMap<PeerId, Suspect>,
  revocations: readonly Revocation[],
): boolean {
  for (const revocation of revocations) {
    const suspect = suspects.get(revocation.key)
    if (suspect !== undefined && meet(suspect.present, hits.of(revocation))) return false
  }
  return true
}

function hold(holdings: Map<PeerId, Holding[]>, revocation: Revocation, level: number): void {
  const list = holdings.get(revocation.key)
  const holding = { by: revocation.by, level, revocation }
  if (list === undefined) holdings.set(revocation.key, [holding])
  else list.push(holding)
}

/** Adds the part of a set for which there is room. */
function addWithin(into: Bits, from: Bits): void {
  const words = Math.min(into.length, from.length)
  for (let word = 0; word < words; word++) into[word]! |= from[word]!
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
