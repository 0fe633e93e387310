/**
 * Estimates the size of the difference of two sets from the counts of their first cells, and with it chooses the
 * cheapest answer to a peer whose cells did not decode. A wrong guess costs a round trip or some bytes, never
 * correctness.
 *
 * An id is in cell i with probability pᵢ = 1 − ((i + 0.5) / (i + 1.5))² = 8(i + 1) / (2i + 3)², independently of the
 * other cells. This follows from the mapping: from any earlier cell j, the next one is past i with probability ((j +
 * 1.5) / (i + 1.5))². (The 1/(1 + i/2) of Yang, Gilad and Alizadeh, SIGCOMM 2024, is its limit; with it, the estimate
 * of a lopsided difference of 10,000 came out 2.6 times too high.) So for a difference of d ids whose counts are cᵢ,
 * each (cᵢ − pᵢc₀)² / pᵢ(1 − pᵢ) has mean d, and so has their average; its deviation is √(2/k) of d over k cells: 18 %
 * over 63, 9 % over 255.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Cells, wordsPerCell } from './sketch.ts'

/** Returns our counts less a peer's, cell by cell from 0: those of the cells that it sent, then its bare counts. */
export function countDifferences(ours: Cells, theirs: Cells, theirFurtherCounts?: Int32Array): Int32Array {
  if (ours.from !== 0 || theirs.from !== 0)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `An estimate needs the cells from 0, got those from ${ours.from} and ${theirs.from}.`,
    )
  const theirLength = theirs.cellCount + (theirFurtherCounts?.length ?? 0)
  const counts = new Int32Array(Math.min(ours.cellCount, theirLength))
  for (let cell = 0; cell < counts.length; cell++) {
    const their =
      cell < theirs.cellCount
        ? theirs.words[cell * wordsPerCell + 5]!
        : theirFurtherCounts![cell - theirs.cellCount]!
    counts[cell] = ours.words[cell * wordsPerCell + 5]! - their
  }
  return counts
}

/** Estimates the size of a difference. It is never less than the difference of the sets' sizes, which is certain. */
export function estimateDifference(counts: Int32Array): number {
  const surplus = counts[0] ?? 0
  const cells = counts.length - 1
  if (cells < 1) return Math.abs(surplus)
  let sum = 0
  for (let cell = 1; cell <= cells; cell++) {
    const probability = (8 * (cell + 1)) / ((2 * cell + 3) * (2 * cell + 3))
    sum += (counts[cell]! - probability * surplus) ** 2 / (probability * (1 - probability))
  }
  return Math.max(Math.round(sum / cells), Math.abs(surplus))
}

// Cells for each id of a large difference (1.46 at 100, 1.38 at 1,000, 1.36 at 10,000), and extra ones for small
// differences, where chance matters more.
const cellsPerId = 1.38
const sparseCells = 32
// How many deviations an estimate may lie below the truth for its cells to decode all the same. It is never below the
// surplus, so fewer if that is most of the difference.
const deviations = 2.6
const deviationsOfSurplus = 1

/**
 * Returns how many cells decode an estimated difference in 99 of 100 tries, if `counts` cells went into the estimate
 * and the sets' sizes differ by `surplus`: 1.6 to 1.8 an id with 256 counts. The rest need one more trip, for 1.6 times
 * as many.
 */
export function cellsFor(estimatedDifference: number, counts: number, surplus = 0): number {
  const known = Math.max(counts, limits.sketchRequestCells) - 1
  const tilt = Math.min(1, Math.abs(surplus) / Math.max(1, estimatedDifference))
  const below = deviations - deviationsOfSurplus * tilt
  const factor = cellsPerId / (1 - below * Math.sqrt(2 / known))
  return Math.ceil(factor * estimatedDifference) + sparseCells
}

/** Returns how many cells to try after `tried` cells did not decode. */
export function furtherCells(tried: number): number {
  return Math.ceil(1.6 * tried)
}

/** Returns how many entries a walk from the haves may read before a sketch is cheaper. */
export function havesWalkBudget(estimatedDifference: number): number {
  return 2 * estimatedDifference + 512
}

export interface AnswerChoice {
  /** The result of `estimateDifference`, and how many counts went into it. */
  readonly estimatedDifference: number
  readonly counts: number
  /** How many cells of the peer did not decode. As many of ours would tell the peer no more. */
  readonly tried: number
  /** How many entries we have, less how many the peer says that it has. */
  readonly surplus: number
  /** Entries that the peer's tips and haves do not cover; undefined if the walk exceeded its budget or had no start. */
  readonly candidates: number | undefined
  readonly averageEntryBytes: number
  /** Cells of our own sketch; 0 if there is none for this state. */
  readonly sketchCells: number
  /** How many ids we have. */
  readonly ids: number
}

export type Answer =
  /** Stream every candidate: the peer has some already, but needs no second trip. */
  | { readonly kind: 'HAVES' }
  /** Send our cells [0, cells). */
  | { readonly kind: 'SKETCH'; readonly cells: number }
  /** Name all ids that we have: they take fewer bytes than the cells, or there are not enough cells. */
  | { readonly kind: 'IDS' }
  /** Compare ranges: the difference is too large for the sketch. */
  | { readonly kind: 'RANGE' }

const cellBytes = 22
const prefixBytes = 16
// Redundant entries may cost as much as the cells that would avoid them, and a twentieth of the missing entries.
const havesShareOfMissing = 0.05
// As many cells as were tried would tell no more, and a few more hardly anything.
const cellsPerTried = 1.5
// With fewer cells an id, an estimate that is one deviation too low makes the decode fail and wastes the cells.
const cellsPerIdLeast = 1.6

/** Chooses the answer to a peer whose own cells did not decode. */
export function chooseAnswer(choice: AnswerChoice): Answer {
  const { estimatedDifference, counts, tried, surplus, candidates, averageEntryBytes, sketchCells, ids } =
    choice
  const wanted = Math.max(cellsFor(estimatedDifference, counts, surplus), Math.ceil(cellsPerTried * tried))
  const idsBytes = ids <= limits.rangeIds ? ids * prefixBytes : Number.POSITIVE_INFINITY
  const tellApartBytes = Math.min(wanted * cellBytes, idsBytes)
  if (candidates !== undefined) {
    // The peer lacks half of the difference, plus half of the surplus. Only the estimate makes this inexact.
    const missing = Math.max(0, (estimatedDifference + surplus) / 2)
    const redundantBytes = Math.max(0, candidates - missing) * averageEntryBytes
    const allowedBytes = tellApartBytes + havesShareOfMissing * missing * averageEntryBytes
    if (redundantBytes <= allowedBytes) return { kind: 'HAVES' }
  }
  const beyond = cellsPerIdLeast * estimatedDifference > sketchCells || sketchCells === 0
  if (idsBytes === tellApartBytes || (beyond && ids <= limits.rangeIds)) return { kind: 'IDS' }
  if (beyond) return { kind: 'RANGE' }
  return { kind: 'SKETCH', cells: Math.min(wanted, sketchCells) }
}
