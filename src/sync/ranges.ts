/**
 * Compares trees by ranges, for what a sketch cannot do: a difference beyond its cells, a first sync that was cut, a
 * repair. The asker sends chunks of its entries; the server answers with its ids where chunks differ, and streams the
 * entries beyond the asker's last one. Both read in order and in bounded memory, and go on from a cursor.
 */

import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import { compareChunks, type RangeChunk, RangeChunker, type RangeKey } from '../dag/difference/ranges.ts'
import { hexToBytes } from '../dag/hex.ts'
import { comparePositions, idFromBytes, idToBytes, type Position } from '../dag/id.ts'
import type { StoredEntry } from '../store/read/reader.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { TreeView } from '../store/tree-state.ts'
import { prefixDigits } from './cells.ts'
import type { RangeAnswer, RangeQuery, RangeSpan } from './remote.ts'

export function keyOf(position: Position): RangeKey {
  return { height: position.height, id: idToBytes(position.id) }
}

export function positionOf(key: RangeKey): Position {
  return { height: key.height, id: idFromBytes(key.id) }
}

export const sha256 = (bytes: Uint8Array) => hexToBytes(sha256Hex(bytes))

/**
 * Returns the chunks of the entries after one position, up to and including another; `complete` unless `maxChunks`
 * ended it.
 */
async function chunksOf(
  store: TreeReader,
  view: TreeView,
  after: Position | undefined,
  through: Position | undefined,
  maxChunks: number = limits.rangeChunks,
): Promise<{ chunks: RangeChunk[]; complete: boolean }> {
  const chunker = new RangeChunker(sha256)
  const chunks: RangeChunk[] = []
  scan: for await (const page of store.positions(view.tree, { after, snapshot: view.snapshot }))
    for (const { height, id } of page) {
      if (through !== undefined && comparePositions({ height, id }, through) > 0) break scan
      const chunk = chunker.push(height, idToBytes(id))
      if (chunk === undefined) continue
      chunks.push(chunk)
      if (chunks.length === maxChunks) return { chunks, complete: false }
    }
  const last = chunker.finish()
  if (last !== undefined) chunks.push(last)
  return { chunks, complete: true }
}

/** Returns the asker's question about all entries after a position. */
export async function askRange(
  store: TreeReader,
  view: TreeView,
  after: Position | undefined,
): Promise<RangeQuery> {
  const { chunks, complete } = await chunksOf(store, view, after, undefined)
  return { after, chunks, complete }
}

/**
 * Returns the server's answer, and `tailAfter`: the position after which the asker lacks all of the server's entries.
 * Undefined is the beginning; 'none' means that the answer does not reach the asker's last entry.
 */
export async function answerRange(
  store: TreeReader,
  view: TreeView,
  query: RangeQuery,
): Promise<{ answer: RangeAnswer; tailAfter: Position | 'none' | undefined }> {
  const { after } = query
  const end = query.chunks.at(-1)
  if (end === undefined)
    return { answer: { spans: [], through: undefined }, tailAfter: query.complete ? after : 'none' }
  let through = positionOf(end.last)
  let { chunks: theirs, complete } = query
  // Both lists end at the asker's last entry, so an asker that has only the beginning compares as equal.
  const ours = await chunksOf(store, view, after, through)
  if (!ours.complete) {
    through = positionOf(ours.chunks.at(-1)!.last)
    theirs = theirs.filter(({ last }) => comparePositions(positionOf(last), through) <= 0)
    complete = false
  }
  const spans: RangeSpan[] = []
  let room: number = limits.rangeIds
  for (const difference of compareChunks(after && keyOf(after), ours.chunks, theirs)) {
    const from = difference.after && positionOf(difference.after)
    const to = difference.through === undefined ? through : positionOf(difference.through)
    const { prefixes, last } = await idsIn(store, view, from, to, room)
    spans.push({ after: from, through: last ?? to, prefixes })
    room -= prefixes.length
    if (last !== undefined || room === 0) return { answer: { spans, through: last ?? to }, tailAfter: 'none' }
  }
  if (complete) return { answer: { spans, through: undefined }, tailAfter: through }
  return { answer: { spans, through }, tailAfter: 'none' }
}

/**
 * Returns the server's chunks after a position beyond which the asker has nothing, and where they end if more follow.
 */
export async function outlineAfter(
  store: TreeReader,
  view: TreeView,
  after: Position | undefined,
): Promise<Pick<RangeAnswer, 'chunks' | 'through'>> {
  const { chunks, complete } = await chunksOf(store, view, after, undefined, limits.outlineChunks)
  return { chunks, through: complete ? undefined : positionOf(chunks.at(-1)!.last) }
}

/** Returns the prefixes of all ids in a view, in order. For trees of at most `limits.rangeIds` entries. */
export async function allPrefixes(store: TreeReader, view: TreeView): Promise<string[]> {
  const prefixes: string[] = []
  for await (const page of store.positions(view.tree, { snapshot: view.snapshot }))
    for (const { id } of page) prefixes.push(id.slice(0, prefixDigits))
  return prefixes
}

/** Returns the prefixes of the ids in a stretch, at most `room`. `last` is the last position if room ran out. */
async function idsIn(
  store: TreeReader,
  view: TreeView,
  after: Position | undefined,
  through: Position,
  room: number,
): Promise<{ prefixes: string[]; last: Position | undefined }> {
  const prefixes: string[] = []
  let last: Position | undefined
  for await (const page of store.scan(view.tree, { after, snapshot: view.snapshot }))
    for (const { height, id } of page) {
      if (comparePositions({ height, id }, through) > 0) return { prefixes, last: undefined }
      if (prefixes.length === room) return { prefixes, last }
      prefixes.push(id.slice(0, prefixDigits))
      last = { height, id }
    }
  return { prefixes, last: undefined }
}

/** Returns the server's ids in a stretch that we lack, and a stream of our entries in it that the server lacks. */
export async function compareSpan(
  store: TreeReader,
  view: TreeView,
  span: RangeSpan,
): Promise<{ want: string[]; ours: () => AsyncGenerator<StoredEntry[]> }> {
  const records = await store.resolve(view.tree, span.prefixes, view.snapshot)
  const want = span.prefixes.filter((_, index) => records[index] === undefined)
  const theirs = new Set(span.prefixes)
  async function* ours(): AsyncGenerator<StoredEntry[]> {
    for await (const page of store.scan(view.tree, { after: span.after, snapshot: view.snapshot })) {
      const inside = page.filter(
        (entry) => span.through === undefined || comparePositions(entry, span.through) <= 0,
      )
      const missing = inside.filter(({ id }) => !theirs.has(id.slice(0, prefixDigits)))
      if (missing.length > 0) yield missing
      if (inside.length < page.length) return
    }
  }
  return { want, ours }
}
