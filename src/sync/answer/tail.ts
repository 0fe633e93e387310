/**
 * Resumes a first sync that was cut: the other side has the beginning of our order and lacks our last entries, as many
 * as we have more. The cells of its request show this without another round trip or byte: our cells less theirs are the
 * cells of those entries, and the first cell alone sums up every id.
 */

import { type Cells, createSketch, type Sketch } from '../../dag/difference/sketch.ts'
import { subtract } from '../../dag/difference/sketch-peel.ts'
import { idToBytes } from '../../dag/id.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeView } from '../../store/tree-state.ts'
import type { MissingEntries } from '../missing.ts'

/** Returns our last entries if they are the whole difference, else undefined. Reads as many keys. */
export async function findTail(
  store: TreeReader,
  view: TreeView,
  sketch: Sketch,
  theirs: Cells,
): Promise<MissingEntries | undefined> {
  const count = view.count - theirs.total
  if (count <= 0) return undefined
  const cellCount = Math.min(sketch.cellCount, theirs.cellCount)
  const difference = subtract(sketch.cells(0, cellCount), theirs)
  const { tree, snapshot } = view
  const tail = createSketch(cellCount)
  scan: for await (const page of store.positions(tree, { reverse: true, snapshot }))
    for (const position of page) {
      if (tail.total < count) {
        tail.add(idToBytes(position.id))
        continue
      }
      if (!tail.words.every((word, index) => word === difference.words[index])) break scan
      return { count, reads: 0, pages: () => store.scan(tree, { after: position, snapshot }) }
    }
  return undefined
}
