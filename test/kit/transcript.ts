/**
 * Writes down what crosses between an asker, A, and its remote, B: a line for each message, with its size and the fields
 * that matter. Entries are numbered by their place in the tree and digests are cut short, so that a reader can follow it.
 * The same trees and seeds give the same text.
 */
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  SendEntriesRequestSchema,
  SendEntriesResponseSchema,
  SyncTreeRequestSchema,
  SyncTreeResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { unpackHaves } from '../../src/dag/difference/haves.ts'
import type { RangeChunk } from '../../src/dag/difference/ranges.ts'
import { type Entry, idOf, type SignedEntry } from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { comparePositions, idFromBytes, idToBytes, type Position, type TreeId } from '../../src/dag/id.ts'
import { writeSyncHeader, writeSyncRequest } from '../../src/rpc/convert-sync.ts'
import type { SessionResult } from '../../src/sync/ask/session.ts'
import { readCells, readCounts, shortPrefixDigits } from '../../src/sync/cells.ts'
import type {
  RangeAnswer,
  RangeQuery,
  Remote,
  SendOutcome,
  SketchPart,
  SyncAnswer,
  SyncHeader,
  SyncPage,
  SyncRequest,
} from '../../src/sync/remote.ts'
import { tipsOf } from './entries.ts'

const columns = 110
const shortDigits = 8
const toB = 'A → B'
const toA = 'B → A'
const legend =
  'Entries are numbered in (height, id) order from the root, e0. Digests are cut short. Bytes are those of the encoded message.'

/** A field of a message, or a false value in its place if the message leaves the field out. */
type Field = string | false | undefined

export class Transcript {
  private readonly names: EntryNames
  private readonly lines: string[] = []

  /** Begins with the paragraphs of `head`, then with what each side has. */
  constructor(head: readonly string[], a: readonly Entry[], b: readonly Entry[]) {
    this.names = new EntryNames([...a, ...b])
    for (const paragraph of [...head, legend]) this.note(paragraph)
    for (const [side, entries] of Object.entries({ A: a, B: b })) {
      const ids = this.names.ordered(entries.map(({ id }) => id))
      const tips = this.names.ordered(tipsOf(entries))
      this.row(
        `${side}: `,
        entries.length > 0 ? [`${entries.length} entries ${ids}`, `tips ${tips}`] : ['nothing'],
      )
    }
    this.lines.push('')
    this.row(messageHead('', 'bytes', 'message'), ['fields'])
  }

  /** Returns a remote that passes calls on and adds a line for every message that crosses. */
  record(remote: Remote): Remote {
    return {
      syncTree: async (request, options) => {
        this.request(request)
        const answer = await this.failing(remote.syncTree(request, options))
        this.header(request, answer.header)
        return { header: answer.header, pages: this.pages(answer) }
      },
      sendEntries: async (tree, entries, options) => {
        this.send(tree, entries)
        const outcome = await this.failing(remote.sendEntries(tree, entries, options))
        this.taken(outcome)
        return outcome
      },
    }
  }

  /** Adds a sentence between the messages. */
  note(text: string): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('')
    this.row('', [text])
    this.lines.push('')
  }

  /** Adds how a session ended. */
  ended({ equal, received, sent, redundant, roundTrips }: SessionResult): void {
    this.note(
      `The session ends ${equal ? 'equal' : 'unequal'}: received ${received}, sent ${sent}, redundant ${redundant}, round trips ${roundTrips}.`,
    )
  }

  toString(): string {
    return `${this.lines.join('\n').trimEnd()}\n`
  }

  private request(request: SyncRequest): void {
    const { tips, tipsDigest, count, haves, sketch, want, range, budgetBytes = 0 } = request
    const { names } = this
    const wantName = want?.[0]?.length === shortPrefixDigits ? 'want_short' : 'want'
    this.message(toB, encodedBytes(SyncTreeRequestSchema, writeSyncRequest(request)), 'SyncTree', [
      tips.length > 0 && `tips ${names.list(tips)}`,
      tipsDigest !== '' && `digest ${shortened(tipsDigest)}`,
      count > 0 && `count ${count}`,
      sketch !== undefined && describeSketch(sketch, tipsDigest, count),
      haves !== undefined && haves.length > 0 && `haves ${names.list(unpackHaves(haves).map(bytesToHex))}`,
      want !== undefined && `${wantName} ${names.list(want)}`,
      ...(range === undefined ? [] : this.rangeQuery(range)),
      budgetBytes > 0 && `budget_bytes ${budgetBytes}`,
    ])
  }

  private header(request: SyncRequest, header: SyncHeader): void {
    const { status, tips, tipsDigest, count, common, entries, want = [], sketch, range } = header
    const { names } = this
    const bytes = encodedBytes(SyncTreeResponseSchema, {
      part: { case: 'header', value: writeSyncHeader(header) },
    })
    this.message(toA, bytes, status.toUpperCase(), [
      `digest ${shortened(tipsDigest)}`,
      `count ${count}`,
      common.length > 0 && `common ${names.list(request.tips.filter((_, index) => common[index]))}`,
      tips.length > 0 && `tips ${names.list(tips)}`,
      entries > 0 && `entries ${entries}`,
      want.length > 0 && `want ${names.list(want)}`,
      sketch !== undefined && describeSketch(sketch, tipsDigest, count),
      ...(range === undefined ? [] : this.rangeAnswer(range)),
    ])
  }

  /** Adds a line for each page when A takes it, and one if A takes fewer entries than the header announces. */
  private pages({ header, pages }: SyncAnswer): AsyncIterable<SyncPage> {
    const source = pages[Symbol.asyncIterator]()
    let unread = header.entries
    let ended = false
    const recorded: AsyncIterableIterator<SyncPage> = {
      next: async () => {
        const step = await this.failing(source.next()).catch((error: unknown) => {
          ended = true
          throw error
        })
        if (step.done) ended = true
        else {
          unread -= step.value.entries.length
          ended ||= step.value.more
          this.page(step.value)
        }
        return step
      },
      return: async () => {
        if (!ended && unread > 0) this.message(toB, undefined, 'cancel', [`entries ${unread} unread`])
        ended = true
        return (await source.return?.()) ?? { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => recorded,
    }
    return recorded
  }

  private page({ entries, more }: SyncPage): void {
    const bytes = encodedBytes(SyncTreeResponseSchema, {
      part: { case: 'page', value: { entries: [...entries], more } },
    })
    this.message(toA, bytes, 'page', [this.names.list(entries.map(idOf)), more && 'more'])
  }

  private send(tree: TreeId, entries: readonly SignedEntry[]): void {
    const bytes = encodedBytes(SendEntriesRequestSchema, { tree: idToBytes(tree), entries: [...entries] })
    this.message(toB, bytes, 'SendEntries', [this.names.list(entries.map(idOf))])
  }

  private taken(outcome: SendOutcome): void {
    const { added, known, refused, tipsDigest, count } = outcome
    const bytes = encodedBytes(SendEntriesResponseSchema, {
      added,
      known,
      refused: refused.map(({ id, index, code, message }) => ({ id: hexToBytes(id), index, code, message })),
      tipsDigest: hexToBytes(tipsDigest),
      count: BigInt(count),
    })
    this.message(toA, bytes, 'taken', [
      `added ${added}`,
      known > 0 && `known ${known}`,
      ...refused.map(({ id, code }) => `refused ${this.names.of(id)} ${code}`),
      `digest ${shortened(tipsDigest)}`,
      `count ${count}`,
    ])
  }

  /** Passes a call's result on, with a line if it fails. */
  private async failing<Result>(call: Promise<Result>): Promise<Result> {
    return call.catch((error: unknown) => {
      const { code } = CausewayError.from(error)
      this.message(toA, undefined, code === 'DISCONNECTED' ? 'cut' : 'error', [code])
      throw error
    })
  }

  private rangeQuery({ after, chunks, complete, outline, through }: RangeQuery): Field[] {
    return [
      `range (${this.place(after, 'start')}, ${this.place(through, 'end')}]`,
      chunks.length > 0 && this.chunks(chunks),
      complete && 'complete',
      outline && 'outline',
    ]
  }

  private rangeAnswer({ spans, through, chunks = [] }: RangeAnswer): Field[] {
    return [
      ...spans.map(
        (span) =>
          `span (${this.place(span.after, 'start')}, ${this.place(span.through, 'end')}] ids ${this.names.list(span.prefixes)}`,
      ),
      chunks.length > 0 && this.chunks(chunks),
      through !== undefined && `through ${this.place(through, '')}`,
    ]
  }

  private place(position: Position | undefined, otherwise: string): string {
    return position === undefined ? otherwise : this.names.of(position.id)
  }

  /** Names each chunk by its last entry, and says how many it has. */
  private chunks(chunks: readonly RangeChunk[]): string {
    const each = chunks.map(({ last, count }) => `${this.names.of(idFromBytes(last.id))} (${count})`)
    return `chunks to ${each.join(', ')}`
  }

  private message(
    direction: string,
    bytes: number | undefined,
    kind: string,
    fields: readonly Field[],
  ): void {
    const present = fields.filter((field): field is string => typeof field === 'string')
    this.row(messageHead(direction, String(bytes ?? '-'), kind), present)
  }

  /** Adds a line that begins with `head`; what does not fit goes on below, between fields where it can. */
  private row(head: string, fields: readonly string[]): void {
    const indent = ' '.repeat(head.length)
    let line = head
    const add = (text: string, separator: string) => {
      const begun = line.length > head.length
      if (begun && line.length + separator.length + text.length > columns) {
        this.lines.push(`${line}${separator.trimEnd()}`)
        line = indent
      } else if (begun) line += separator
      line += text
    }
    for (const field of fields) {
      const [first, ...words] = head.length + field.length <= columns ? [field] : field.split(' ')
      add(first!, ' · ')
      for (const word of words) add(word, ' ')
    }
    this.lines.push(line.trimEnd())
  }
}

function messageHead(direction: string, bytes: string, kind: string): string {
  return `${direction.padEnd(toB.length)}  ${bytes.padStart(5)}  ${kind.padEnd(11)}  `
}

/** Names entries by their place in (height, id) order. */
class EntryNames {
  private readonly ids: readonly string[]

  constructor(entries: readonly Entry[]) {
    const heights = new Map(entries.map(({ id, body }) => [id, body.height]))
    const positions = [...heights].map(([id, height]) => ({ id, height }))
    this.ids = positions.sort(comparePositions).map(({ id }) => id)
  }

  /** Returns `e7`, or the first digits if no entry's id begins with this prefix. */
  of(prefix: string): string {
    const index = this.ids.findIndex((id) => id.startsWith(prefix))
    return index === -1 ? shortened(prefix) : `e${index}`
  }

  /** Returns the names in the given order, with `e3–e7` for three or more that follow each other. */
  list(prefixes: readonly string[]): string {
    const names = prefixes.map((prefix) => this.of(prefix))
    const runs: string[][] = []
    for (const name of names) {
      const run = runs.at(-1)
      if (run !== undefined && name === `e${Number(run.at(-1)!.slice(1)) + 1}`) run.push(name)
      else runs.push([name])
    }
    const shown = runs.flatMap((run) => (run.length < 3 ? run : [`${run[0]}–${run.at(-1)}`]))
    return shown.join(' ') || 'none'
  }

  /** Returns the names of these entries in (height, id) order. */
  ordered(ids: readonly string[]): string {
    const wanted = new Set(ids)
    return this.list(this.ids.filter((id) => wanted.has(id)))
  }
}

function describeSketch(part: SketchPart, tipsDigest: string, count: number): string {
  const state = part.state === tipsDigest ? '' : ` of ${shortened(part.state)}`
  if (part.cells.length === 0) return part.from === 0 ? 'no cells' : `cells from ${part.from}${state}`
  const cells = readCells(part, count, limits.sketchMaxCells)
  const end = part.from + cells.cellCount
  const counts = readCounts(part, cells)?.length ?? 0
  const further = counts === 0 ? '' : ` · counts [${end}, ${end + counts})`
  return `cells [${part.from}, ${end})${state}${further}`
}

function shortened(hex: string): string {
  return hex.slice(0, shortDigits)
}

function encodedBytes<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): number {
  return toBinary(schema, create(schema, message)).length
}
