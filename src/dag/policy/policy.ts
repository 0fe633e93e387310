/**
 * What a set of policy entries amounts to: a pure function of the set, so that every peer that has the same entries finds
 * the same policy, in whatever order they came. Most sets are a line of grants by admins in good standing, and then all
 * of it counts. With revocations it is decided by seniority, so that neither a revoked admin that goes on writing "in the
 * past", nor keys that it admits there, win against whoever revoked it. docs/protocol.md tells the rule.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../hex.ts'
import { comparePositions } from '../id.ts'
import type { PeerId } from '../identity.ts'
import type { PolicyEntry, PolicyGraph, Revocation } from './graph.ts'
import { PolicyState } from './state.ts'

/** How a policy entry stands in a set. `revokes`: its revocations hold, and nothing else of it. */
export const standings = { absent: 0, void: 1, revokes: 2, full: 3 } as const

/** A revocation that holds, and the number of the policy entry that it is in. */
export interface Holding {
  readonly by: number
  readonly revocation: Revocation
}

/** What a set of policy entries, closed under the policy below, amounts to. */
export interface Judgement {
  /** By number of policy entry, one of `standings`. */
  readonly standing: Uint8Array
  /** By number: 0 for the root, else one more than that of the most senior grant that the author's right comes from. */
  readonly levels: Int32Array
  /** By key. */
  readonly holding: ReadonlyMap<PeerId, readonly Holding[]>
  readonly state: PolicyState
  readonly entries: number
  readonly revocations: number
}

/** Judges the set of policy entries at whose numbers `members` has 1. */
export function judge(graph: PolicyGraph, members: Uint8Array): Judgement {
  const order = inOrder(graph, members)
  const standing = new Uint8Array(members)
  const levels = new Int32Array(members.length)
  const holding = new Map<PeerId, Holding[]>()
  const supported = supportedBy(order)
  let revocations = 0
  const waiting = new Uint8Array(members)
  // Level by level: what this level says binds its juniors, and never its seniors.
  let candidates = [0]
  for (let level = 0; candidates.length > 0; level++) {
    const rise = candidates.map((number) => graph.entries[number]!)
    const held = rise.filter((entry) => !voids(graph, holding.get(entry.author), entry))
    const equals = new Map<PeerId, Holding[]>()
    for (const entry of held) hold(equals, entry)
    const next: number[] = []
    for (const entry of held) {
      const full = !voids(graph, equals.get(entry.author), entry)
      standing[entry.number] = full ? standings.full : standings.revokes
      levels[entry.number] = level
      if (!full) continue
      for (const number of supported.get(entry.number) ?? [])
        if (waiting[number] === 1) {
          waiting[number] = 0
          next.push(number)
        }
    }
    for (const [key, list] of equals) holding.set(key, [...(holding.get(key) ?? []), ...list])
    candidates = next
  }
  let state = PolicyState.none
  for (const { number, change, revocations: revoked } of order) {
    revocations += revoked.length
    if (standing[number] === standings.full) state = state.with(change)
    else if (standing[number] === standings.revokes) state = state.with(change, true)
  }
  return { standing, levels, holding, state, entries: order.length, revocations }
}

/** The judgement of a set with one more entry, that stands on all of it and revokes nothing: all else stays as it is. */
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
 * The grants that an admin's right comes from in a set: all that name it admin, count, and were not taken back by an entry
 * above them; the most senior ones. A policy entry keeps those of the set that it stands on for good.
 */
export function supportsOf(graph: PolicyGraph, { standing, levels }: Judgement, author: PeerId): number[] {
  const grants: number[] = []
  const takenBack: number[] = []
  for (const number of graph.touches(author)) {
    const stands = standing[number] ?? standings.absent
    if (stands < standings.revokes) continue
    const key = graph.entries[number]!.change.keys.find(({ peer }) => bytesToHex(peer) === author)!
    const grant = !key.revoked && key.permission === Permission.ADMIN
    if (!grant && (key.revoked || stands === standings.full)) takenBack.push(number)
    else if (grant && stands === standings.full) grants.push(number)
  }
  const below = takenBack.length === 0 ? undefined : graph.below(takenBack)
  return grants
    .filter((number) => below?.[number] !== 1)
    .sort((a, b) => levels[a]! - levels[b]! || comparePositions(graph.entries[a]!, graph.entries[b]!))
    .slice(0, limits.policySupports)
}

/** Whether what entries are void may have changed from one judgement of a tree's policy to a later one, beyond new entries. */
export function moves(before: Judgement, after: Judgement): boolean {
  if (before === after) return false
  for (const [number, standing] of before.standing.entries())
    if (after.standing[number] !== standing) return true
  const size = ({ holding }: Judgement) => {
    let count = 0
    for (const list of holding.values()) count += list.length
    return count
  }
  return size(before) !== size(after)
}

/** The state that the policy below a point gives as a larger set, judged, has it. */
export function stateWithin(graph: PolicyGraph, { standing }: Judgement, closure: Uint8Array): PolicyState {
  let state = PolicyState.none
  for (const { number, change } of inOrder(graph, closure)) {
    if (standing[number] === standings.full) state = state.with(change)
    else if (standing[number] === standings.revokes) state = state.with(change, true)
  }
  return state
}

/** The policy entries at whose numbers there is 1, in (height, id) order. */
function inOrder(graph: PolicyGraph, members: Uint8Array): PolicyEntry[] {
  return graph.entries.filter(({ number }) => members[number] === 1).sort(comparePositions)
}

/** For each grant the entries that it supports. */
function supportedBy(order: readonly PolicyEntry[]): Map<number, number[]> {
  const supported = new Map<number, number[]>()
  for (const { number, supports } of order)
    for (const support of supports) {
      const list = supported.get(support)
      if (list === undefined) supported.set(support, [number])
      else list.push(number)
    }
  return supported
}

function hold(holding: Map<PeerId, Holding[]>, { number, revocations }: PolicyEntry): void {
  for (const revocation of revocations) {
    const list = holding.get(revocation.key)
    if (list === undefined) holding.set(revocation.key, [{ by: number, revocation }])
    else list.push({ by: number, revocation })
  }
}

/** Whether revocations of its author make a policy entry void: it neither stands on one, nor is what one lets stand. */
function voids(graph: PolicyGraph, revocations: readonly Holding[] | undefined, entry: PolicyEntry): boolean {
  return (
    revocations?.some(
      ({ by, revocation }) =>
        by !== entry.number && !revocation.stand.has(entry.number) && !graph.covers(entry.point, by),
    ) ?? false
  )
}
