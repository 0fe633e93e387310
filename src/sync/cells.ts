/**
 * Compares the sketch cells of two sides: each cuts cells from its live sketch, and one subtracts and peels them. The
 * result names the ids that only one side has by their first 16 bytes.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Cells, Sketch } from '../dag/difference/sketch.ts'
import { decodeCells, decodeCounts, encodeCells, encodeCounts } from '../dag/difference/sketch-codec.ts'
import { countDifferences, estimateDifference } from '../dag/difference/sketch-estimate.ts'
import { type Peeled, peel, subtract } from '../dag/difference/sketch-peel.ts'
import { bytesToHex } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { TreeView } from '../store/tree-state.ts'
import type { SketchPart } from './remote.ts'

/**
 * Returns a view of a tree and the sketch of exactly the entries in it, or undefined if there is no such tree. Throws
 * STORE_CORRUPT if the two do not agree although nothing changes, and RESOURCE_EXHAUSTED if the tree changes too fast.
 */
export async function viewWithSketch(
  store: TreeReader,
  tree: TreeId,
): Promise<{ view: TreeView; sketch: Sketch } | undefined> {
  // Ends with the first turn in which no page is stored between the last two reads; the slow load precedes them.
  for (let turn = 0; turn < limits.sketchViewTurns; turn++) {
    await store.sketches.of(tree)
    const view = await store.view(tree)
    if (view === undefined) return undefined
    const sketch = await store.sketches.of(tree)
    if (sketch !== undefined && sketch.total === view.count) return { view, sketch }
    await view[Symbol.asyncDispose]()
    const { sequence } = await store.summary(tree)
    if (sequence === view.sequence)
      throw new CausewayError(
        'STORE_CORRUPT',
        `The tree should have ${view.count} entries, but its sketch counts ${sketch?.total ?? 0}: run \`causeway verify\` on it.`,
        { data: { tree } },
      )
  }
  throw new CausewayError('RESOURCE_EXHAUSTED', 'The tree changes too fast to be compared: try again.', {
    data: { tree, retryAfterMs: limits.patienceLeastMs },
  })
}

/** Cuts the first cells for a request, and `withCounts` the counts after them, which show how large a difference is. */
export function cutForRequest(sketch: Sketch, state: string, withCounts: boolean): SketchPart {
  const cells = encodeCells(sketch.cells(0, limits.sketchRequestCells))
  const upTo = Math.min(sketch.cellCount, limits.sketchRequestCells + limits.sketchRequestCounts)
  const counts = withCounts ? encodeCounts(sketch.cells(limits.sketchRequestCells, upTo)) : new Uint8Array(0)
  return { from: 0, cells, counts, state }
}

/** Cuts cells [from, to) for an answer, or fewer if the sketch ends before. */
export function cutForAnswer(sketch: Sketch, from: number, to: number, state: string): SketchPart {
  const cells = encodeCells(sketch.cells(from, Math.min(to, sketch.cellCount)))
  return { from, cells, counts: new Uint8Array(0), state }
}

/** Reads the other side's cells; `count` is how many entries it says it has. Throws PROTOCOL if they are malformed. */
export function readCells(part: SketchPart, count: number, maxCells: number): Cells {
  return decodeCells(part.cells, { from: part.from, total: count, maxCells })
}

/** The ids that only one side has, as far as they were recovered, and an estimate of how many there are. */
export interface Difference extends Peeled {
  readonly estimate: number
  /** How many counts the estimate rests on. */
  readonly counts: number
}

/**
 * Subtracts the other side's cells, which start at 0, from ours, and peels the result. It is complete only if the ids
 * also account for the difference of the counts.
 */
export function compareCells(sketch: Sketch, theirs: Cells, furtherCounts?: Int32Array): Difference {
  const ours = sketch.cells(0, Math.min(sketch.cellCount, theirs.cellCount))
  const peeled = peel(subtract(ours, theirs))
  const complete =
    peeled.complete && peeled.ours.length - peeled.theirs.length === sketch.total - theirs.total
  const counts = countDifferences(sketch, theirs, furtherCounts)
  return { ...peeled, complete, estimate: estimateDifference(counts), counts: counts.length }
}

/** Reads the bare counts of a request; undefined if it has none. Throws PROTOCOL if they are malformed. */
export function readCounts(part: SketchPart, cells: Cells): Int32Array | undefined {
  if (part.counts.length === 0) return undefined
  return decodeCounts(part.counts, {
    from: cells.cellCount,
    total: cells.total,
    maxCells: limits.sketchRequestCounts,
  })
}

/** Hex digits of an id that a decode recovers: its first 16 bytes. */
export const prefixDigits = 32
/** Hex digits that are enough to find an id, unless somebody has ground ids to collide. */
export const shortPrefixDigits = 16

/** Unpacks prefixes of so many hex digits each. */
export function unpackPrefixes(bytes: Uint8Array, digits: number = prefixDigits): string[] {
  const hex = bytesToHex(bytes)
  return Array.from({ length: hex.length / digits }, (_, index) =>
    hex.slice(index * digits, (index + 1) * digits),
  )
}
