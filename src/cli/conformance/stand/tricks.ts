/** The parts that a server of the kit plays: a liar about one thing, one that cuts calls off, and a slow one. */
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  type EntryPage,
  SyncStatus,
  type SyncTreeHeader,
  type SyncTreeResponse,
  SyncTreeResponseSchema,
} from '../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../base/limits.ts'
import { utf8 } from '../../../dag/bytes.ts'
import { sha256Hex } from '../../../dag/crypto.ts'
import { createSketch } from '../../../dag/difference/sketch.ts'
import { encodeCells } from '../../../dag/difference/sketch-codec.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import type { Tricks } from './stand.ts'

/** Changes each honest header, and each honest page; either may return undefined for none, or several. */
export function altering(
  header: (header: SyncTreeHeader) => void,
  page: (page: EntryPage) => EntryPage[] = (honest) => [honest],
): Tricks {
  return {
    async *syncTree(request, honest) {
      for await (const message of honest(request)) {
        const { part } = message
        if (part.case === 'header') header(part.value)
        if (part.case === 'page') for (const each of page(part.value)) yield paged(each)
        else yield message
      }
    },
  }
}

const paged = (value: EntryPage): SyncTreeResponse =>
  create(SyncTreeResponseSchema, { part: { case: 'page', value } })

/** Changes each honest page. */
export const alteringPages = (page: (page: EntryPage) => EntryPage[]): Tricks => altering(() => {}, page)

/** Ends the first calls after some pages, as a connection that is lost does. */
export function cutting(calls: number, pages: number): Tricks {
  return {
    async *syncTree(request, honest, n) {
      let left = pages
      for await (const message of honest(request)) {
        if (message.part.case === 'page' && n < calls && left-- === 0)
          throw new ConnectError('The kit cuts this call off.', Code.Unavailable)
        yield message
      }
    },
  }
}

/** Waits before each page. */
export function slow(ms: number): Tricks {
  return {
    async *syncTree(request, honest) {
      for await (const message of honest(request)) {
        if (message.part.case === 'page') await new Promise((resolve) => setTimeout(resolve, ms))
        yield message
      }
    },
  }
}

/** Cuts each page into ones of some entries, so that small trees have many. */
export function inPagesOf(entries: number, rest: Tricks = {}): Tricks {
  return {
    async *syncTree(request, honest, n) {
      const small = async function* (asked: typeof request) {
        for await (const message of honest(asked)) {
          if (message.part.case !== 'page') {
            yield message
            continue
          }
          const { value } = message.part
          for (let start = 0; start < value.entries.length; start += entries) {
            const isLast = start + entries >= value.entries.length
            const some = value.entries.slice(start, start + entries)
            yield paged({ ...value, entries: some, more: value.more && isLast })
          }
        }
      }
      yield* rest.syncTree === undefined ? small(request) : rest.syncTree(request, small, n)
    },
  }
}

/** Answers a description with RANGE, as a server does whose sketch is too small, so that the program asks by ranges. */
export function asksRanges(): Tricks {
  return {
    async *syncTree(request, honest) {
      const isFirst = request.range === undefined && request.want.length + request.wantShort.length === 0
      for await (const message of honest(request))
        if (!isFirst) yield message
        else if (message.part.case === 'header') {
          const { value } = message.part
          if (value.status !== SyncStatus.EQUAL)
            Object.assign(value, {
              ...{ status: SyncStatus.RANGE, tips: [], want: new Uint8Array(0), sketch: undefined },
            })
          yield message
        }
    },
  }
}

/** Answers with cells of ids that nobody has, so that no asker can peel them. Ranges and names are answered honestly. */
export function undecodable(): Tricks {
  return {
    async *syncTree(request, honest) {
      const isHonest = request.range !== undefined || request.want.length + request.wantShort.length > 0
      for await (const message of honest(request)) {
        if (isHonest) yield message
        else if (message.part.case === 'header') {
          const { count, tipsDigest } = message.part.value
          const sketch = createSketch(limits.sketchMinCells)
          for (let n = 0; n < count; n++) sketch.add(hexToBytes(sha256Hex(utf8(`an id of nobody ${n}`))))
          const from = request.sketch?.from ?? 0
          const to = Math.min(sketch.cellCount, from + 100)
          const cells = from < to ? encodeCells(sketch.cells(from, to)) : new Uint8Array(0)
          const part = { version: 1, from, cells, state: tipsDigest, counts: new Uint8Array(0) }
          const header = { status: SyncStatus.SKETCH, count, tipsDigest, sketch: part }
          yield create(SyncTreeResponseSchema, { part: { case: 'header', value: header } })
        }
      }
    },
  }
}
