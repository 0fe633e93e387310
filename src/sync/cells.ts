/**
 * What two sides make of each other's sketch cells: both cut them from their live sketches, subtract, and peel. The
 * result names the ids that only one side has by their first 16 bytes.
 */

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

/** A tree's view and the sketch of exactly the entries in it. */
export async function viewWithSketch(
  store: TreeReader,
  tree: TreeId,
): Promise<{ view: TreeView; sketch: Sketch } | undefined> {
  for (;;) {
    await store.sketches.of(tree)
    const view = await store.view(tree)
    if (view === undefined) return undefined
    const sketch = await store.sketches.of(tree)
    if (sketch !== undefined && sketch.total === view.count) return { view, sketch }
    await view[Symbol.asyncDispose]()
  }
}

/** The first cells, for a request, and with `counted` the counts after them, which tell how large a difference is. */
export function cutForRequest(sketch: Sketch, state: string, withCounts: boolean): SketchPart {
  const cells = encodeCells(sketch.cells(0, limits.sketchRequestCells))
  const upTo = Math.min(sketch.cellCount, limits.sketchRequestCells + limits.sketchRequestCounts)
  const counts = withCounts ? encodeCounts(sketch.cells(limits.sketchRequestCells, upTo)) : new Uint8Array(0)
  return { from: 0, cells, counts, state }
}

/** Cells [from, to) for an answer, as far as there are any. */
export function cutForAnswer(sketch: Sketch, from: number, to: number, state: string): SketchPart {
  const cells = encodeCells(sketch.cells(from, Math.min(to, sketch.cellCount)))
  return { from, cells, counts: new Uint8Array(0), state }
}

/** The other side's cells; `count` is how many entries it says that it has. PROTOCOL where they are malformed. */
export function readCells(part: SketchPart, count: number, maxCells: number): Cells {
  return decodeCells(part.cells, { from: part.from, total: count, maxCells })
}

export interface Difference extends Peeled {
  /** The estimated size, and how many counts went into it. */
  readonly estimate: number
  readonly counts: number
}

/** Our sketch less the other side's cells from 0, peeled. Complete only where the counts agree too. */
export function compareCells(sketch: Sketch, theirs: Cells, furtherCounts?: Int32Array): Difference {
  const ours = sketch.cells(0, Math.min(sketch.cellCount, theirs.cellCount))
  const peeled = peel(subtract(ours, theirs))
  const complete =
    peeled.complete && peeled.ours.length - peeled.theirs.length === sketch.total - theirs.total
  const counts = countDifferences(sketch, theirs, furtherCounts)
  return { ...peeled, complete, estimate: estimateDifference(counts), counts: counts.length }
}

/** The bare counts of a request, where it has any. */
export function readCounts(part: SketchPart, cells: Cells): Int32Array | undefined {
  if (part.counts.length === 0) return undefined
  return decodeCounts(part.counts, {
    from: cells.cellCount,
    total: cells.total,
    maxCells: limits.sketchRequestCounts,
  })
}

/** The first 16 bytes of an id, as a decode gives it. */
export const prefixDigits = 32
/** Enough of an id to find it among those that nobody has ground. */
export const shortPrefixDigits = 16

/** Prefixes out of their packed form, each of so many digits. */
export function unpackPrefixes(bytes: Uint8Array, digits: number = prefixDigits): string[] {
  const hex = bytesToHex(bytes)
  return Array.from({ length: hex.length / digits }, (_, index) =>
    hex.slice(index * digits, (index + 1) * digits),
  )
}
