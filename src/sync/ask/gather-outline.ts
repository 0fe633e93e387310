/**
 * Asks a remote what a first sync needs to know before it fetches: how many entries the remote has, and the outline of
 * those that we lack.
 */
import { deadline } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { checkChunks, type RangeChunk } from '../../dag/difference/ranges.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import { askRange, keyOf, positionOf } from '../ranges.ts'
import type { Remote } from '../remote.ts'
import type { SessionLocal } from './exchange.ts'
import { protocolError } from './transfer.ts'

/** Returns how many entries a remote has, by one small call. */
export async function countAt(
  remote: Remote,
  tree: TreeId,
  signal: AbortSignal | undefined,
): Promise<number> {
  const beyond: Position = { height: Number.MAX_SAFE_INTEGER, id: 'ff'.repeat(32) as EntryId }
  const range = { after: beyond, chunks: [], complete: true, outline: true }
  const answer = await remote.syncTree({ tree, tips: [], tipsDigest: '', count: 0, range }, { signal })
  await answer.pages[Symbol.asyncIterator]().return?.()
  return answer.header.count
}

/** A part of an outline. */
interface Outline {
  /** The position before the first chunk; undefined: the chunks begin with the root. */
  readonly after: Position | undefined
  readonly chunks: readonly RangeChunk[]
  /** Whether no part follows. */
  readonly complete: boolean
  /** How many entries the remote has. */
  readonly count: number
}

/**
 * Asks for the part of the outline after a position. The first request, with `begun` false, says what we have, so that
 * a first sync that was cut continues. Throws TIMEOUT if the part does not come in time, and PROTOCOL.
 */
export async function askOutline(
  { store, clock }: SessionLocal,
  remote: Remote,
  tree: TreeId,
  { begun, after }: { readonly begun: boolean; readonly after: Position | undefined },
  signal: AbortSignal | undefined,
): Promise<Outline> {
  await using view = begun ? undefined : await store.view(tree)
  const range =
    view === undefined ? { after, chunks: [], complete: true } : await askRange(store, view, undefined)
  const count = view?.count ?? 0
  using limit = deadline(clock, limits.gatherOutlineMs, 'The outline of the tree', signal)
  const request = { tree, tips: [], tipsDigest: '', count, range: { ...range, outline: true } }
  const answer = await inTime(remote.syncTree(request, { signal: limit.signal }), limit.signal)
  await answer.pages[Symbol.asyncIterator]().return?.()
  const { header } = answer
  const { range: outline } = header
  if (header.status !== 'range' || outline === undefined)
    throw protocolError(`The remote was asked for an outline, but its ${header.status} answer has none.`)
  const ours = range.chunks.at(-1)
  const start = begun ? after : ours && positionOf(ours.last)
  // If entries below our last one differ, or ours take more than one request, a session does better.
  const chunks = outline.spans.length > 0 || !range.complete ? [] : (outline.chunks ?? [])
  checkChunks(start && keyOf(start), chunks)
  const complete = outline.through === undefined || chunks.length === 0
  return { after: start, chunks, complete, count: header.count }
}

/** Settles as the call does, but rejects with the signal's reason if that fires first. */
function inTime<Result>(call: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
