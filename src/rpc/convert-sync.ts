/**
 * Converts between the messages of SyncTree and Watch and the types of `sync/`. Checks lengths and counts when reading.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  NeighbourRequest as NeighbourMessage,
  type RangeChunk as RangeChunkMessage,
  type Sketch as SketchMessage,
  type SketchSchema,
  SyncStatus as StatusMessage,
  type SyncTreeHeader,
  SyncTreeHeaderSchema,
  type SyncTreeRequest,
  SyncTreeRequestSchema,
  type WatchRequest,
  type WatchResponse,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { tracing } from '../base/tracing/tracing.ts'
import type { RangeChunk } from '../dag/difference/ranges.ts'
import { sketchVersion } from '../dag/difference/sketch-codec.ts'
import { hexToBytes } from '../dag/hex.ts'
import { idToBytes, type Position } from '../dag/id.ts'
import type { NeighbourRequest, WatchEvent, WatchedTree } from '../sync/answer/tree-watch.ts'
import type { WatchMessage } from '../sync/answer/watch.ts'
import { prefixDigits, shortPrefixDigits, unpackPrefixes } from '../sync/cells.ts'
import type { SketchPart, SyncHeader, SyncRequest, SyncStatus } from '../sync/remote.ts'
import { readCount, readDigest, readId, readIds, readSigned } from './convert.ts'
import { readTraces, writeTrace } from './tracing/headers.ts'

export function readSyncRequest(request: SyncTreeRequest): SyncRequest {
  return {
    tree: readId(request.tree, 'tree'),
    tips: readIds(request.tips, 'tips', limits.requestTips),
    tipsDigest: readDigest(request.tipsDigest, 'tips_digest'),
    count: readCount(request.count, 'count'),
    haves: request.haves,
    sketch: request.sketch && readSketch(request.sketch),
    want:
      request.wantShort.length > 0
        ? readPrefixes(request.wantShort, 'want_short', limits.wantIds, shortPrefixDigits)
        : readPrefixes(request.want, 'want', limits.wantIds),
    range: request.range && {
      after: readPosition(request.range.afterHeight, request.range.afterId),
      chunks: readChunks(request.range.chunks),
      complete: request.range.complete,
      outline: request.range.outline,
      through: readPosition(request.range.throughHeight, request.range.throughId),
    },
    budgetBytes: readCount(request.budgetBytes, 'budget_bytes'),
  }
}

export function writeSyncRequest(request: SyncRequest): SyncTreeRequest {
  return create(SyncTreeRequestSchema, {
    tree: idToBytes(request.tree),
    tips: request.tips.map(idToBytes),
    tipsDigest: hexToBytes(request.tipsDigest),
    count: BigInt(request.count),
    budgetBytes: BigInt(request.budgetBytes ?? 0),
    ...(request.haves && { haves: request.haves }),
    ...(request.sketch && { sketch: writeSketch(request.sketch) }),
    ...(request.want && writeWant(request.want)),
    ...(request.range && {
      range: {
        afterHeight: BigInt(request.range.after?.height ?? 0),
        afterId: hexToBytes(request.range.after?.id ?? ''),
        chunks: request.range.chunks.map(writeChunk),
        complete: request.range.complete,
        outline: request.range.outline ?? false,
        throughHeight: BigInt(request.range.through?.height ?? 0),
        throughId: hexToBytes(request.range.through?.id ?? ''),
      },
    }),
  })
}

function readSketch(sketch: SketchMessage): SketchPart | undefined {
  // Cells of another version cannot be used, so the answer does without a sketch.
  if (sketch.version !== sketchVersion) return undefined
  if (sketch.from >= limits.sketchMaxCells)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A sketch has at most ${limits.sketchMaxCells} cells, so none begin at ${sketch.from}.`,
    )
  return {
    from: sketch.from,
    cells: sketch.cells,
    counts: sketch.counts,
    state: readDigest(sketch.state, 'state'),
  }
}

function writeSketch(part: SketchPart): MessageInitShape<typeof SketchSchema> {
  return {
    version: sketchVersion,
    from: part.from,
    cells: part.cells,
    counts: part.counts,
    state: hexToBytes(part.state),
  }
}

function readPrefixes(bytes: Uint8Array, field: string, max: number, digits = prefixDigits): string[] {
  const prefixBytes = digits / 2
  if (bytes.length % prefixBytes !== 0)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`${field}\` must consist of prefixes of ${prefixBytes} bytes, got ${bytes.length} bytes.`,
    )
  if (bytes.length > max * prefixBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`${field}\` can have at most ${max} prefixes, got ${bytes.length / prefixBytes}.`,
    )
  return unpackPrefixes(bytes, digits)
}

function writeWant(prefixes: readonly string[]) {
  const bytes = hexToBytes(prefixes.join(''))
  return prefixes[0]?.length === shortPrefixDigits ? { wantShort: bytes } : { want: bytes }
}

function readPosition(height: bigint, id: Uint8Array): Position | undefined {
  if (id.length === 0) return undefined
  return { height: readCount(height, 'height'), id: readId(id, 'id') }
}

function readChunks(chunks: readonly RangeChunkMessage[]): RangeChunk[] {
  if (chunks.length > limits.rangeChunks)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A range can have at most ${limits.rangeChunks} chunks, got ${chunks.length}.`,
    )
  return chunks.map(({ lastHeight, lastId, count, fingerprint }) => {
    readId(lastId, 'last_id')
    return { last: { height: readCount(lastHeight, 'last_height'), id: lastId }, count, fingerprint }
  })
}

const toStatus: Record<SyncStatus, StatusMessage> = {
  equal: StatusMessage.EQUAL,
  delta: StatusMessage.DELTA,
  partial: StatusMessage.PARTIAL,
  sketch: StatusMessage.SKETCH,
  range: StatusMessage.RANGE,
}
const fromStatus = new Map(Object.entries(toStatus).map(([name, status]) => [status, name as SyncStatus]))

export function writeStatus(status: SyncStatus): StatusMessage {
  return toStatus[status]
}

function readStatus(status: StatusMessage): SyncStatus {
  const name = fromStatus.get(status)
  if (name === undefined)
    throw new CausewayError('PROTOCOL', `The remote answered with the unknown status ${status}.`)
  return name
}

export function writeSyncHeader(header: SyncHeader): SyncTreeHeader {
  const common = new Uint8Array(Math.ceil(header.common.length / 8))
  for (const [index, bit] of header.common.entries()) if (bit) common[index >> 3]! |= 1 << (index & 7)
  return create(SyncTreeHeaderSchema, {
    status: toStatus[header.status],
    tips: header.tips.map(idToBytes),
    tipsDigest: hexToBytes(header.tipsDigest),
    count: BigInt(header.count),
    common,
    entries: BigInt(header.entries),
    ...(header.want && { want: hexToBytes(header.want.join('')) }),
    ...(header.sketch && { sketch: writeSketch(header.sketch) }),
    ...(header.range && {
      range: {
        spans: header.range.spans.map(({ after, through, prefixes }) => ({
          afterHeight: BigInt(after?.height ?? 0),
          afterId: hexToBytes(after?.id ?? ''),
          throughHeight: BigInt(through?.height ?? 0),
          throughId: hexToBytes(through?.id ?? ''),
          ids: hexToBytes(prefixes.join('')),
        })),
        throughHeight: BigInt(header.range.through?.height ?? 0),
        throughId: hexToBytes(header.range.through?.id ?? ''),
        chunks: (header.range.chunks ?? []).map(writeChunk),
      },
    }),
  })
}

function writeChunk({ last, count, fingerprint }: RangeChunk) {
  return { lastHeight: BigInt(last.height), lastId: last.id, count, fingerprint }
}

/** Reads a header. `requestTips` is the number of tips in the request, and so of the bits of `common` that count. */
export function readSyncHeader(header: SyncTreeHeader, requestTips: number): SyncHeader {
  return {
    status: readStatus(header.status),
    tips: readIds(header.tips, 'tips', limits.answerTips),
    tipsDigest: readDigest(header.tipsDigest, 'tips_digest'),
    count: readCount(header.count, 'count'),
    common: Array.from(
      { length: requestTips },
      (_, index) => ((header.common[index >> 3] ?? 0) & (1 << (index & 7))) !== 0,
    ),
    entries: readCount(header.entries, 'entries'),
    want: readPrefixes(header.want, 'want', limits.wantIds),
    sketch: header.sketch && readSketch(header.sketch),
    range: header.range && {
      spans: header.range.spans.map(({ afterHeight, afterId, throughHeight, throughId, ids }) => ({
        after: readPosition(afterHeight, afterId),
        through: readPosition(throughHeight, throughId),
        prefixes: readPrefixes(ids, 'ids', limits.rangeIds),
      })),
      through: readPosition(header.range.throughHeight, header.range.throughId),
      chunks: readChunks(header.range.chunks),
    },
  }
}

const toNeighbour: Record<NeighbourRequest | 'none', NeighbourMessage> = {
  none: NeighbourMessage.UNSPECIFIED,
  ask: NeighbourMessage.ASK,
  urgent: NeighbourMessage.URGENT,
}
/** Those of a later version ask for nothing. */
const neighbourRequests = new Map<NeighbourMessage, NeighbourRequest>([
  [NeighbourMessage.ASK, 'ask'],
  [NeighbourMessage.URGENT, 'urgent'],
])

export function readWatchRequest(request: WatchRequest): WatchedTree[] {
  return request.trees.map(({ tree, cursor, tipsDigest, neighbour, lazy }) => ({
    tree: readId(tree, 'trees.tree'),
    cursor: readCount(cursor, 'trees.cursor'),
    tipsDigest: readDigest(tipsDigest, 'trees.tips_digest'),
    asks: neighbourRequests.get(neighbour),
    lazy,
  }))
}

export function writeWatchRequest(trees: readonly WatchedTree[]) {
  return {
    trees: trees.map(({ tree, cursor, tipsDigest, asks, lazy }) => ({
      tree: idToBytes(tree),
      cursor: BigInt(cursor),
      tipsDigest: hexToBytes(tipsDigest),
      neighbour: toNeighbour[asks ?? 'none'],
      lazy: lazy ?? false,
    })),
  }
}

export function writeWatchMessage(message: WatchMessage) {
  if (message === undefined) return {}
  if ('addressesChanged' in message) return { addressesChanged: message.addressesChanged.map(idToBytes) }
  return {
    tree: idToBytes(message.tree),
    tipsDigest: hexToBytes(message.tipsDigest),
    count: BigInt(message.count),
    cursor: BigInt(message.cursor),
    entries: [...message.entries],
    tips: message.tips.map(idToBytes),
    refused: message.refused ?? false,
    hops: message.hops ?? 0,
    ...(message.traces && { traces: message.traces.map(writeTrace) }),
  }
}

export function readWatchMessage(message: WatchResponse): WatchMessage {
  if (message.tree.length === 0) {
    const changed = readIds(message.addressesChanged, 'addresses_changed', limits.watchTrees)
    return changed.length === 0 ? undefined : { addressesChanged: changed }
  }
  const event: WatchEvent = {
    tree: readId(message.tree, 'tree'),
    tipsDigest: readDigest(message.tipsDigest, 'tips_digest'),
    count: readCount(message.count, 'count'),
    cursor: readCount(message.cursor, 'cursor'),
    entries: readSigned(message.entries),
    tips: readIds(message.tips, 'tips', limits.watchTips),
    ...(message.refused && { refused: true }),
    hops: message.hops,
    ...(tracing !== undefined &&
      message.traces.length > 0 && { traces: readTraces(tracing, message.traces) }),
  }
  return event
}
