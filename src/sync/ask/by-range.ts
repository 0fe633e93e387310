/**
 * Brings two sides together by ranges, for what no sketch can do: from the root up, it makes each stretch equal before
 * the next. It reads every entry and advances a cursor, so it does not depend on what the remote's cells say.
 */
import { limits } from '../../base/limits.ts'
import { comparePositions, type Position } from '../../dag/id.ts'
import type { TreeDigest, TreeView } from '../../store/tree-state.ts'
import { askRange, compareSpan, positionOf } from '../ranges.ts'
import type { RangeAnswer, RangeQuery, SyncAnswer } from '../remote.ts'
import type { Exchange } from './exchange.ts'
import { protocolError } from './transfer.ts'

/** Asks from the root up until the remote has answered for everything. */
export async function byRange(session: Exchange): Promise<void> {
  const { store, tree } = session
  let after: Position | undefined
  // Ends since each answer covers one of our chunks at least, and none reaches past the last chunk that was asked for.
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
      checkAnswer(range, answer.header.range)
      return useRange(session, view, answer, answer.header.range)
    })
    if (through === undefined) return
    after = through
  }
}

/**
 * Throws PROTOCOL unless an answer stays within what was asked: its spans ascend without overlap up to the last chunk
 * asked for, and `through` moves forward and no further. Else a remote could keep us asking, or have us read and send
 * the same stretch any number of times.
 */
function checkAnswer({ after, chunks }: RangeQuery, { spans, through }: RangeAnswer): void {
  const end = chunks.at(-1)
  if (end === undefined && (spans.length > 0 || through !== undefined))
    throw protocolError(
      'A range without chunks must be answered without spans and without an end, but the remote sent some.',
    )
  checkSpanIds(spans)
  let reached = after
  const advance = (to: Position | undefined) => {
    if (to === undefined || comparePositions(to, positionOf(end!.last)) > 0)
      throw protocolError("The remote's answer about a range must not go past the last chunk asked for.")
    if (reached !== undefined && comparePositions(to, reached) <= 0)
      throw protocolError("The remote's answers about ranges must move forward, but one does not.")
    reached = to
  }
  for (const span of spans) {
    const from = span.after
    if (reached !== undefined && (from === undefined || comparePositions(from, reached) < 0))
      throw protocolError("The spans of the remote's answer about a range must not overlap.")
    reached = from
    advance(span.through)
  }
  // An answer may end with its last span.
  if (through === undefined || (spans.length > 0 && samePosition(through, reached))) return
  advance(through)
}

/** Throws PROTOCOL if the spans of an answer name more ids than an answer may. */
export function checkSpanIds(spans: RangeAnswer['spans']): void {
  const ids = spans.reduce((sum, { prefixes }) => sum + prefixes.length, 0)
  if (ids > limits.rangeIds)
    throw protocolError(`An answer about a range names at most ${limits.rangeIds} ids, got ${ids}.`)
}

function samePosition(a: Position, b: Position | undefined): boolean {
  return b !== undefined && comparePositions(a, b) === 0
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
