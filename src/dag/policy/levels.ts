/**
 * The part of judging that decides which revocations are effective and what they hit, level by level; docs/protocol.md
 * defines the levels. `policy.ts` uses it for a set in which a revocation hits something.
 */
import type { PeerId } from '../identity.ts'
import { addBit, addBits, type Bits, bitsBelow, hasBit, meet } from './bits.ts'
import type { PolicyGraph, Revocation } from './graph.ts'
import type { Hits } from './hits.ts'
import { standings } from './state.ts'

/** An effective revocation, with its policy entry and that one's level. */
export interface Holding {
  readonly by: number
  readonly level: number
  readonly revocation: Revocation
}

/** What is known, while a set is judged, of a revoked key that wrote policy entries. Bits are places in `by`. */
export interface Suspect {
  /** Its policy entries that are in the set. */
  readonly present: Bits
  /** Those that revocations of the levels before hit. */
  readonly hit: Bits
  /** Those that revocations of this level hit. */
  fresh: Bits | undefined
}

/** A set that is being judged. */
interface Judging {
  readonly graph: PolicyGraph
  readonly hits: Hits
  /** How many policy entries the set has. */
  readonly entries: number
  /** By number; all void at first. */
  readonly standing: Uint8Array
  readonly levels: Uint16Array
  readonly holdings: Map<PeerId, Holding[]>
  readonly suspects: ReadonlyMap<PeerId, Suspect>
}

/** While a set is judged: the standing of an entry that is or was a candidate, until it is found to be another. */
const candidate = 4

/**
 * Decides the standings level by level: a level binds its juniors, and never its seniors. There may be thousands of
 * levels with one candidate each, so nothing is allocated for a level.
 */
export function judgeByLevel(judging: Judging): void {
  const { graph, standing, levels, suspects } = judging
  const { authors, places, juniors, junior, nextJunior } = graph.columns
  const suspectOf = suspectsByAuthor(graph, suspects)
  const touched: Suspect[] = []
  // The candidates of all levels, one level after the other.
  const queue = new Uint32Array(judging.entries)
  standing[0] = candidate
  for (let level = 0, start = 0, end = 1; start < end; level++) {
    let survivors = start
    for (let at = start; at < end; at++) {
      const number = queue[at]!
      const suspect = suspectOf?.[authors[number]!]
      if (suspect !== undefined && hasBit(suspect.hit, places[number]!)) continue
      queue[survivors++] = number
      if (hasBit(graph.revokers, number)) revoke(judging, number, level, touched)
    }
    let next = end
    for (let at = start; at < survivors; at++) {
      const number = queue[at]!
      levels[number] = level
      const fresh = suspectOf?.[authors[number]!]?.fresh
      if (fresh !== undefined && hasBit(fresh, places[number]!)) {
        standing[number] = standings.revokes
        continue
      }
      standing[number] = standings.full
      for (let edge = juniors[number]!; edge >= 0; edge = nextJunior[edge]!) {
        const supported = junior[edge]!
        if (supported >= standing.length || standing[supported] !== standings.void) continue
        standing[supported] = candidate
        queue[next++] = supported
      }
    }
    if (touched.length > 0) settle(touched)
    start = end
    end = next
  }
  for (let number = 0; number < standing.length; number++)
    if (standing[number] === candidate) standing[number] = standings.void
}

/** Returns the suspects by the number of the author, or undefined if there are none. */
function suspectsByAuthor(
  graph: PolicyGraph,
  suspects: ReadonlyMap<PeerId, Suspect>,
): readonly (Suspect | undefined)[] | undefined {
  if (suspects.size === 0) return undefined
  const byAuthor: (Suspect | undefined)[] = new Array(graph.authorCount).fill(undefined)
  for (const [key, suspect] of suspects) byAuthor[graph.authorNumber(key)!] = suspect
  return byAuthor
}

/** Makes the revocations of a policy entry effective on its level and below. */
function revoke(
  { graph, hits, holdings, suspects }: Judging,
  number: number,
  level: number,
  touched: Suspect[],
): void {
  for (const revocation of graph.entries[number]!.revocations) {
    hold(holdings, revocation, level)
    const suspect = suspects.get(revocation.key)
    if (suspect === undefined) continue
    if (suspect.fresh === undefined) {
      suspect.fresh = new Uint32Array(suspect.hit.length)
      touched.push(suspect)
    }
    addWithin(suspect.fresh, hits.of(revocation))
  }
}

/** Ends a level: what its revocations hit is hit for all levels below. */
function settle(touched: Suspect[]): void {
  for (const suspect of touched) {
    addBits(suspect.hit, suspect.fresh!)
    suspect.fresh = undefined
  }
  touched.length = 0
}

/** Returns the revoked keys that have policy entries in the set. */
export function suspectsIn(
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
export function isHarmless(
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

/** Adds an effective revocation. */
export function hold(holdings: Map<PeerId, Holding[]>, revocation: Revocation, level: number): void {
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
