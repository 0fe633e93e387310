/** What an asker says of its entries, as docs/protocol.md has it: the request of a session's first round. */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type RangeQuerySchema,
  type SyncTreeRequest,
  SyncTreeRequestSchema,
} from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { haveHeights, packHaves } from '../../dag/difference/haves.ts'
import { type RangeChunk, RangeChunker } from '../../dag/difference/ranges.ts'
import { createSketch, type Sketch, sketchCellsFor } from '../../dag/difference/sketch.ts'
import { encodeCells, encodeCounts } from '../../dag/difference/sketch-codec.ts'
import type { Entry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { comparePositions, idToBytes } from '../../dag/id.ts'
import { summaryOf } from './trees/trees.ts'

/** Returns the entries in (height, id) order. */
export function ordered<Some extends Entry>(entries: readonly Some[]): Some[] {
  const at = ({ id, body }: Some) => ({ id, height: body.height })
  return [...entries].sort((a, b) => comparePositions(at(a), at(b)))
}

/** Returns the sketch that suits a set of entries. */
export function sketchOf(entries: readonly Entry[]): Sketch {
  const sketch = createSketch(sketchCellsFor(entries.length))
  sketch.addAll(entries.map(({ id }) => idToBytes(id)))
  return sketch
}

export interface Asking {
  /** Default: cells and counts. */
  readonly sketch?: 'probe' | 'none'
  readonly haves?: false
}

/** Returns the request for a tree of which the asker has these entries. */
export function requestOf(entries: readonly Entry[], { sketch, haves }: Asking = {}): SyncTreeRequest {
  const { tips, digest, count } = summaryOf(entries)
  const state = hexToBytes(digest)
  const none = new Uint8Array(0)
  const cells = sketchOf(entries)
  const part = {
    full: { cells: encodeCells(cells.cells(0, limits.sketchRequestCells)), counts: countsOf(cells) },
    probe: { cells: none, counts: none },
  }
  return create(SyncTreeRequestSchema, {
    tree: idToBytes(entries[0]!.tree),
    // A server recognizes a list of all tips by its digest; a kit that chose at random would not repeat itself.
    tips: tips.slice(0, tips.length > limits.requestTips ? 8 : limits.requestTips).map(idToBytes),
    tipsDigest: state,
    count: BigInt(count),
    ...(sketch !== 'none' && { sketch: { version: 1, from: 0, state, ...part[sketch ?? 'full'] } }),
    ...(haves !== false && { haves: havesOf(entries) }),
  })
}

/** Returns the counts beyond the cells. */
function countsOf(sketch: Sketch): Uint8Array {
  const upTo = Math.min(sketch.cellCount, limits.sketchRequestCells + limits.sketchRequestCounts)
  return encodeCounts(sketch.cells(limits.sketchRequestCells, upTo))
}

/** Returns the packed haves. */
export function havesOf(entries: readonly Entry[]): Uint8Array {
  const top = Math.max(...entries.map(({ body }) => body.height))
  const lowest = haveHeights(top).map((height) =>
    entries
      .filter(({ body }) => body.height === height)
      .map(({ id }) => id)
      .sort()
      .slice(0, limits.havesPerHeightIds)
      .map(idToBytes),
  )
  return packHaves(lowest)
}

/** Returns the chunks of entries, as a question or an answer of ranges has them. */
export function chunksOf(
  entries: readonly Entry[],
): MessageInitShape<typeof RangeQuerySchema>['chunks'] & object {
  const chunker = new RangeChunker((bytes) => hexToBytes(sha256Hex(bytes)))
  const chunks: RangeChunk[] = []
  for (const { id, body } of ordered(entries)) {
    const chunk = chunker.push(body.height, idToBytes(id))
    if (chunk !== undefined) chunks.push(chunk)
  }
  const last = chunker.finish()
  if (last !== undefined) chunks.push(last)
  return chunks.map(({ last: { height, id }, count, fingerprint }) => ({
    ...{ lastHeight: BigInt(height), lastId: id, count, fingerprint },
  }))
}
