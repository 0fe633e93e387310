/**
 * How large is the difference of two sets, from the counts of their first cells, and so what is the cheapest
 * right answer to a peer whose cells did not decode. All of it guesses: a wrong one costs a trip or some bytes,
 * never correctness.
 *
 * An id is in cell i with probability pᵢ = 1 − ((i + 0.5) / (i + 1.5))² = 8(i + 1) / (2i + 3)², independently of
 * the other cells. This follows from the mapping: from any earlier cell j, the next one is past i with
 * probability ((j + 1.5) / (i + 1.5))². (The 1/(1 + i/2) of Yang, Gilad and Alizadeh, SIGCOMM 2024, is its
 * limit; with it, the estimate of a lopsided difference of 10,000 came out 2.6 times too high.) So for a
 * difference of d ids whose counts are cᵢ, each (cᵢ − pᵢc₀)² / pᵢ(1 − pᵢ) has mean d, and so has their average;
 * its deviation is √(2/k) of d over k cells: 18 % over 63, 9 % over 255.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Cells, wordsPerCell } from './sketch.ts'

/** The counts of a sketch's own cells less a peer's, cell by cell from 0: the cells that it sent, then bare counts. */
export function countDifferences(ours: Cells, theirs: Cells, theirFurtherCounts?: Int32Array): Int32Array {
  if (ours.from !== 0 || theirs.from !== 0)
    throw new CausewayError('INVALID_ARGUMENT', 'An estimate needs the cells from 0 on.')
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

/** The estimated size of a difference; never less than the sets' sizes differ by, which is known for certain. */
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

// Cells that an id of a large difference needs (1.46 at 100, 1.38 at 1,000, 1.36 at 10,000), and more for small
// ones, where luck weighs more.
const cellsPerId = 1.38
const sparseCells = 32
// How far below the truth an estimate may lie, in deviations, for its cells to decode all the same: never below the
// surplus, so less where that is most of it.
const deviations = 2.6
const deviationsOfSurplus = 1

/**
 * How many cells decode an estimated difference at 99 of 100 tries, when `counts` cells went into the estimate and the
 * sets' sizes differ by `surplus`: 1.6 to 1.8 an id from 256 counts. The rest need one more trip, for 1.6 times as many.
 */
export function cellsFor(estimatedDifference: number, counts: number, surplus = 0): number {
  const known = Math.max(counts, limits.sketchRequestCells) - 1
  const tilt = Math.min(1, Math.abs(surplus) / Math.max(1, estimatedDifference))
  const below = deviations - deviationsOfSurplus * tilt
  const factor = cellsPerId / (1 - below * Math.sqrt(2 / known))
  return Math.ceil(factor * estimatedDifference) + sparseCells
}

/** How many cells to try after so many that did not decode. */
export function furtherCells(tried: number): number {
  return Math.ceil(1.6 * tried)
}

/** Entries that a walk from the haves may read before the sketch is the better answer. */
export function havesWalkBudget(estimatedDifference: number): number {
  return 2 * estimatedDifference + 512
}

export interface AnswerChoice {
  /** From `estimateDifference`, and how many counts went into it. */
  readonly estimatedDifference: number
  readonly counts: number
  /** The peer's cells, which did not decode: as many of ours say just the same. */
  readonly tried: number
  /** How many entries we hold, less how many the peer says that it holds. */
  readonly surplus: number
  /** Entries that the peer's tips and haves do not cover; undefined if the walk passed its budget or found none. */
  readonly candidates: number | undefined
  readonly averageEntryBytes: number
  /** Cells of our own sketch; 0 while there is none that holds. */
  readonly sketchCells: number
  /** How many ids we hold. */
  readonly ids: number
}

export type Answer =
  /** Stream every candidate: some of them twice, and no second trip. */
  | { readonly kind: 'HAVES' }
  /** Send our cells [0, cells). */
  | { readonly kind: 'SKETCH'; readonly cells: number }
  /** Name all that we hold: in fewer bytes than cells, or where there are not enough of those. */
  | { readonly kind: 'IDS' }
  /** Compare ranges: the difference is beyond the sketch. */
  | { readonly kind: 'RANGE' }

const cellBytes = 22
const prefixBytes = 16
// Entries that come twice may cost as much as what would tell them apart, and a twentieth of what is missing.
const havesShareOfMissing = 0.05
// As many cells as have been tried say just the same, and a few more hardly anything else.
const cellsPerTried = 1.5
// Under so many cells an id a decode fails where the estimate is but one deviation too low, and the cells are wasted.
const cellsPerIdLeast = 1.6

/** What to answer when the peer's own cells did not decode. */
export function chooseAnswer(choice: AnswerChoice): Answer {
  const { estimatedDifference, counts, tried, surplus, candidates, averageEntryBytes, sketchCells, ids } =
    choice
  const wanted = Math.max(cellsFor(estimatedDifference, counts, surplus), Math.ceil(cellsPerTried * tried))
  const idsBytes = ids <= limits.rangeIds ? ids * prefixBytes : Number.POSITIVE_INFINITY
  const tellApartBytes = Math.min(wanted * cellBytes, idsBytes)
  if (candidates !== undefined) {
    // The peer lacks the half of the difference that the surplus tilts to us: exact but for the estimate.
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
