/**
 * Brings two sides together by ranges, for what no sketch can do: from the root up, it makes each stretch equal before
 * the next. It reads every entry and advances a cursor, so it does not depend on what the remote's cells say.
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
  // Ends since each answer reaches further than the last, an honest one at most to our last entry.
  for (;;) {
    await using view = await store.view(tree)
    if (view === undefined) return
    const range = await askRange(store, view, after)
    const request = { tree, tips: [], tipsDigest: view.tipsDigest, count: view.count, range }
    const through = await session.ask(request, async (answer) => {
      if (answer.header.range === undefined)
        throw protocolError(
          `The remote was asked to compare a range, but its ${answer.header.status} answer has none.`,
        )
      return useRange(session, view, answer, answer.header.range)
    })
    if (through === undefined) return
    if (after !== undefined && comparePositions(through, after) <= 0)
      throw protocolError("The remote's answers about ranges must move forward, but one does not.")
    after = through
  }
}

/**
 * Pulls what we lack by an answer and pushes what the remote lacks. Returns how far the answer reached, or undefined if
 * it covered everything or the remote's budget ended it.
 */
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
  // Entries beyond our last chunk may have parents in the spans, so the pages wait for those.
  const want = differences.flatMap(({ want }) => want)
  state = (await session.pullPrefixes(want, true)) ?? state
  const more = await transfer.receive(answer)
  for (const { ours } of differences) state = (await transfer.push(ours(), undefined)) ?? state
  if (through !== undefined && !more) return through
  await using current = await store.view(tree)
  if (current !== undefined) session.noteIfEqual(current, state)
  return undefined
}
