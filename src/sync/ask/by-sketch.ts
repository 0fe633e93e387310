/**
 * Brings two sides together by the remote's cells, which it sends if ours did not decode. We peel them, so the asker
 * pays for the work, then push what only we have and pull the rest.
 */

import { limits } from '../../base/limits.ts'
import type { Cells } from '../../dag/difference/sketch.ts'
import { joinCells } from '../../dag/difference/sketch-peel.ts'
import type { TreeDigest } from '../../store/tree-state.ts'
import { compareCells, type Difference, readCells } from '../cells.ts'
import type { SketchPart, SyncHeader, SyncRequest } from '../remote.ts'
import { byRange } from './by-range.ts'
import type { Exchange } from './exchange.ts'
import { protocolError } from './transfer.ts'

/** Uses the cells of an answer; `isProbe` if the request had no cells of ours. */
export async function bySketch(
  session: Exchange,
  first: SketchPart,
  header: SyncHeader,
  isProbe: boolean,
): Promise<void> {
  const { difference, theirs } = await decode(session, first, header, isProbe)
  const partial = !difference.complete
  if (partial && isProbe && isGuess(theirs)) return
  const pulled = await session.pullPrefixes(session.abbreviate(difference.theirs), partial)
  await using view = await session.store.view(session.tree)
  if (view === undefined) return
  const pushed = await session.pushPrefixes(view, difference.ours, partial)
  session.noteIfEqual(view, pushed ?? pulled ?? header)
  if (partial && !session.equal) await byRange(session)
}

/** Peels the remote's cells, and asks for more of them if they do not decode. */
async function decode(
  session: Exchange,
  first: SketchPart,
  header: SyncHeader,
  isProbe: boolean,
): Promise<{ difference: Difference; theirs: Cells }> {
  const { store, tree } = session
  let part = first
  let state: TreeDigest = header
  let theirs: Cells | undefined
  // Ends after `limits.sessionSketchTrips` further requests.
  for (let trip = 0; ; trip++) {
    if (part.from !== 0 && part.from !== theirs?.cellCount)
      throw protocolError(
        `The remote was asked for cells from ${theirs?.cellCount ?? 0} on and sent cells from ${part.from} on.`,
      )
    const more = readCells(part, state.count, limits.sketchMaxCells)
    session.cells += more.cellCount
    theirs = theirs === undefined || part.from === 0 ? more : joinCells(theirs, more)
    const sketch = await store.sketches.of(tree)
    if (sketch === undefined) throw protocolError('The remote sent cells of a tree that we do not have.')
    const difference = compareCells(sketch, theirs)
    const enough =
      difference.complete || theirs.cellCount >= sketch.cellCount || trip === limits.sessionSketchTrips
    if (enough || (isProbe && isGuess(theirs))) return { difference, theirs }
    const noBytes = new Uint8Array(0)
    const request: SyncRequest = {
      tree,
      tips: [],
      tipsDigest: await store.tipsDigest(tree),
      count: sketch.total,
      sketch: { from: theirs.cellCount, cells: noBytes, counts: noBytes, state: part.state },
    }
    const next = await session.ask(request, async ({ header }) => header)
    if (next.status !== 'sketch' || next.sketch === undefined) return { difference, theirs }
    part = next.sketch
    state = next
  }
}

/**
 * Reports whether these are the few cells that answer any probe. If they do not decode, the next request has cells of
 * ours.
 */
function isGuess(theirs: Cells): boolean {
  return theirs.cellCount <= limits.sketchRequestCells
}
