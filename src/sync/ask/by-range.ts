/**
 * A session's way through ranges, for what no sketch can do: from the root up, each stretch is made equal before the
 * next. It reads everything and remembers a cursor, so it ends whatever the remote's cells say.
 */
import { comparePositions, type Position } from '../../dag/id.ts'
import type { TreeDigest, TreeView } from '../../store/tree-state.ts'
import { askRange, compareSpan } from '../ranges.ts'
import type { RangeAnswer, SyncAnswer } from '../remote.ts'
import type { Exchange } from './exchange.ts'
import { protocolError } from './transfer.ts'

/** Asks from the root up until the remote has answered for everything. */
export async function byRange(session: Exchange): Promise<void> {
  const { store, tree } = session
  let after: Position | undefined
  for (;;) {
    await using view = await store.view(tree)
    if (view === undefined) return
    const range = await askRange(store, view, after)
    const request = { tree, tips: [], tipsDigest: view.tipsDigest, count: view.count, range }
    const through = await session.ask(request, async (answer) => {
      if (answer.header.range === undefined)
        throw protocolError('The remote did not answer the question about a range.')
      return useRange(session, view, answer, answer.header.range)
    })
    if (through === undefined) return
    if (after !== undefined && comparePositions(through, after) <= 0)
      throw protocolError("The remote's answers about ranges do not move forward.")
    after = through
  }
}

/** Takes what an answer shows to be missing here and sends what it shows to be missing there; up to where it reached. */
export async function useRange(
  session: Exchange,
  view: TreeView,
  answer: SyncAnswer,
  { spans, through }: RangeAnswer,
): Promise<Position | undefined> {
  const { store, tree, transfer } = session
  const differences: Awaited<ReturnType<typeof compareSpan>>[] = []
  for (const span of spans) {
    differences.push(await compareSpan(store, view, span))
    session.storeReads += span.prefixes.length
  }
  let state: TreeDigest = answer.header
  // What lies beyond our last chunk stands on what the spans name, so it waits for them.
  const want = differences.flatMap(({ want }) => want)
  state = (await session.pullPrefixes(want, true)) ?? state
  const more = await transfer.receive(answer)
  for (const { ours } of differences) state = (await transfer.push(ours(), undefined)) ?? state
  if (through !== undefined && !more) return through
  await using current = await store.view(tree)
  if (current !== undefined) session.noteIfEqual(current, state)
  return undefined
}
