/**
 * Level `server`: what a server answers to SyncTree. Each case asks the program and our own node, which have the same
 * entries, the same question, and compares header and pages.
 */
import { create } from '@bufbuild/protobuf'
import {
  SyncStatus,
  type SyncTreeHeader,
  type SyncTreeRequest,
  SyncTreeRequestSchema,
} from '../../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../../base/limits.ts'
import { encodeCells } from '../../../../dag/difference/sketch-codec.ts'
import { bytesToHex } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { chunksOf, ordered, requestOf, sketchOf } from '../../asking.ts'
import { call } from '../../calls.ts'
import { type Case, expectSame, Mismatch } from '../../case.ts'
import { type Heard, hear, reference, serve } from '../../serving.ts'
import { type Pair, type PairSpec, pairOf } from '../../trees/sets.ts'
import { summaryOf } from '../../trees/trees.ts'

interface Question {
  readonly name: string
  /** The rule that decides the answer comes first. */
  readonly rules: readonly string[]
  /** The shape of both sides' entries, and its numbers. */
  readonly set: PairSpec
  readonly request: (pair: Pair) => SyncTreeRequest
  readonly status: keyof typeof SyncStatus
  /** Whether the pages may have more than what the asker lacks. */
  readonly loose?: true
  /** Whether it takes a large tree. */
  readonly isLong?: true
}

/** A request for the tree with these fields alone. */
const bare =
  (fields: (pair: Pair) => Partial<SyncTreeRequest>) =>
  (pair: Pair): SyncTreeRequest =>
    create(SyncTreeRequestSchema, { tree: idToBytes(pair.server[0]!.tree), ...(fields(pair) as object) })

const prefixes = (ids: readonly string[], digits: number) =>
  new Uint8Array(Buffer.from(ids.map((id) => id.slice(0, digits)).join(''), 'hex'))

const range = (query: (pair: Pair) => object) => bare((pair) => ({ range: query(pair) as never }))

const lastOf = ({ server }: Pair) => ordered(server).at(-1)!

const further = (from: number, state: (pair: Pair) => string) =>
  bare((pair) => ({
    ...{ tips: requestOf(pair.asker).tips, tipsDigest: requestOf(pair.asker).tipsDigest },
    count: BigInt(pair.asker.length),
    sketch: { version: 1, from, state: new Uint8Array(Buffer.from(state(pair), 'hex')) } as never,
  }))

/** The questions, in the order of the rules. */
export const questions: readonly Question[] = [
  {
    ...{ name: 'wanted entries', rules: ['R1'], set: ['forked', 12, 0, 6], status: 'PARTIAL' },
    request: bare(({ server }) => ({
      want: prefixes([...server.slice(-3).map(({ id }) => id), 'ff'.repeat(32)], 32),
    })),
  },
  {
    ...{
      name: 'wanted entries by short prefixes',
      rules: ['R1', 'S15'],
      set: ['forked', 12, 0, 6],
      status: 'PARTIAL',
    },
    request: bare(({ server }) => ({
      wantShort: prefixes(
        server.slice(2, 9).map(({ id }) => id),
        16,
      ),
    })),
  },
  {
    ...{
      name: 'chunks that are alike',
      rules: ['R2', 'G1', 'G2'],
      set: ['forked', 40, 0, 0],
      status: 'RANGE',
    },
    request: range(({ asker }) => ({ chunks: chunksOf(asker), complete: true })),
  },
  {
    ...{
      name: 'chunks that differ',
      rules: ['G4', 'G1', 'G2', 'G6', 'R2'],
      set: ['forked', 2200, 5, 7],
      status: 'RANGE',
    },
    request: range(({ asker }) => ({ chunks: chunksOf(asker), complete: true })),
  },
  {
    ...{
      name: 'chunks of the beginning',
      rules: ['G4', 'G7'],
      set: ['cutShort', 11, 300, 120],
      status: 'RANGE',
    },
    request: range(({ asker }) => ({ chunks: chunksOf(asker), complete: true })),
  },
  {
    ...{ name: 'no chunks', rules: ['G7', 'R2'], set: ['forked', 12, 0, 3], status: 'RANGE' },
    request: range(() => ({ complete: false })),
  },
  {
    ...{
      name: 'an outline',
      rules: ['G9', 'G8', 'G1', 'G2'],
      set: ['forked', 30, 0, 3000],
      status: 'RANGE',
    },
    request: range(({ asker }) => ({ chunks: chunksOf(asker), complete: true, outline: true })),
  },
  {
    ...{ name: 'one chunk of an outline', rules: ['G10'], set: ['forked', 30, 0, 60], status: 'RANGE' },
    request: range(({ server }) => ({
      ...{ afterHeight: 40n, afterId: idToBytes(server[40]!.id), complete: true },
      ...{ throughHeight: 50n, throughId: idToBytes(server[50]!.id) },
    })),
  },
  {
    ...{ name: 'the count alone', rules: ['G14'], set: ['forked', 30, 0, 10], status: 'RANGE' },
    request: range((pair) => ({
      ...{
        afterHeight: BigInt(lastOf(pair).body.height),
        afterId: idToBytes(lastOf(pair).id),
        complete: true,
      },
    })),
  },
  {
    ...{ name: 'equal sides', rules: ['R3', 'E11'], set: ['forked', 12, 0, 0], status: 'EQUAL' },
    request: ({ asker }) => requestOf(asker),
  },
  {
    ...{
      name: 'the same tips and another count',
      rules: ['E11', 'R3'],
      set: ['forked', 12, 0, 0],
      status: 'DELTA',
    },
    request: ({ asker }) =>
      create(SyncTreeRequestSchema, { ...requestOf(asker, { sketch: 'none' }), count: 12n }),
    loose: true,
  },
  {
    ...{
      name: 'an asker that has nothing',
      rules: ['R4', 'S6', 'R15', 'R16'],
      set: ['forked', 1500, 0, 0],
      status: 'DELTA',
    },
    request: bare(() => ({})),
  },
  {
    ...{ name: 'a budget', rules: ['R16', 'S18'], set: ['forked', 1200, 0, 0], status: 'DELTA' },
    request: bare(() => ({ budgetBytes: 20_000n })),
    loose: true,
  },
  {
    ...{
      name: 'further cells',
      rules: ['R5', 'K4', 'K5', 'K6'],
      set: ['forked', 100, 3, 4],
      status: 'SKETCH',
    },
    request: further(80, ({ server }) => summaryOf(server).digest),
  },
  {
    ...{
      name: 'further cells of another state',
      rules: ['R5'],
      set: ['forked', 100, 3, 4],
      status: 'SKETCH',
    },
    request: further(80, () => 'ab'.repeat(32)),
  },
  {
    ...{
      name: 'further cells that are not there',
      rules: ['R5', 'K2', 'K3'],
      set: ['forked', 100, 3, 4],
      status: 'RANGE',
    },
    request: further(256, ({ server }) => summaryOf(server).digest),
  },
  {
    ...{ name: 'no sketch', rules: ['R6', 'R15', 'R16'], set: ['forked', 12, 2, 5], status: 'DELTA' },
    request: ({ asker }) => requestOf(asker, { sketch: 'none', haves: false }),
  },
  {
    ...{ name: 'all tips are there', rules: ['R7', 'R16'], set: ['forked', 12, 0, 4], status: 'DELTA' },
    request: ({ asker }) => requestOf(asker),
  },
  {
    ...{
      name: 'a probe',
      rules: ['R8', 'S9', 'R15', 'K4', 'K5', 'K6'],
      set: ['forked', 100, 2, 3],
      status: 'SKETCH',
    },
    request: ({ asker }) => requestOf(asker, { sketch: 'probe', haves: false }),
  },
  {
    ...{
      name: 'cells that decode',
      rules: ['R9', 'K1', 'K6', 'K7'],
      set: ['forked', 12, 3, 4],
      status: 'DELTA',
    },
    request: ({ asker }) => requestOf(asker),
  },
  {
    ...{
      name: 'the beginning of the order',
      rules: ['R10', 'K8'],
      set: ['cutShort', 12, 600, 400],
      status: 'DELTA',
    },
    request: ({ asker }) => requestOf(asker),
  },
  {
    ...{
      name: 'haves that leave few candidates',
      rules: ['R11', 'K8'],
      set: ['forked', 300, 70, 70],
      status: 'DELTA',
    },
    request: ({ asker }) => requestOf(asker),
    loose: true,
  },
  {
    ...{
      name: 'names that are cheaper than cells',
      rules: ['R12'],
      set: ['starred', 60, 70, 70],
      status: 'RANGE',
    },
    request: ({ asker }) => requestOf(asker),
  },
  {
    ...{
      name: 'cells of the server',
      rules: ['R13', 'K2', 'K4', 'K5', 'K6', 'K8'],
      set: ['starred', 2500, 70, 70],
      status: 'SKETCH',
    },
    request: ({ asker }) => requestOf(asker),
  },
  {
    // Past 16,384 entries it names no more of them, and 1.7 times as many cells as they differ by, it does not have.
    ...{
      name: 'a difference past the sketch',
      rules: ['R14', 'R15'],
      set: ['broom', 16_400, 1, 40],
      status: 'RANGE',
    },
    request: ({ asker }) => requestOf(asker),
    isLong: true,
  },
]

/** The rules that every answer is checked by, and those of answers about ranges. */
const common = ['S3', 'E10', 'E11', 'R15', 'R16']
const ofRanges = ['G6', 'G7', 'G9']

/** Returns the cases of all questions. */
export function answerCases(): Case[] {
  return questions.map((question) => ({
    name: `server: answers: ${question.name}`,
    level: 'server',
    rules: [...new Set([...question.rules, ...common, ...(question.status === 'RANGE' ? ofRanges : [])])],
    ...(question.isLong && { isLong: true as const }),
    async run(stage) {
      const pair = pairOf(question.set)
      const request = question.request(pair)
      await using serving = await serve(stage, pair.server)
      await using ours = await reference(pair.server)
      const expected = await hear(ours.sync, request)
      const rule = question.rules[0]!
      expectSame(rule, 'the status of our own answer', question.status, SyncStatus[expected.header.status])
      for (const transport of stage.transports) {
        await using calling = await call(serving, { transport })
        compare(question, pair, expected, await hear(calling.sync, request))
      }
    },
  }))
}

/** Throws the rule that an answer breaks. */
function compare({ rules: [rule = 'S3'], loose }: Question, pair: Pair, expected: Heard, got: Heard): void {
  const [ours, theirs] = [expected.header, got.header]
  expectSame(rule, 'the status', SyncStatus[ours.status], SyncStatus[theirs.status])
  expectSame('E10', 'the tips digest in the header', ours.tipsDigest, theirs.tipsDigest)
  expectSame('E11', 'the count in the header', Number(ours.count), Number(theirs.count))
  compareTips(pair, ours, theirs)
  expectSame('R16', 'the bits of the tips that both have', trimmed(ours.common), trimmed(theirs.common))
  expectSame('R9', 'what the server wants', split(ours.want), split(theirs.want))
  compareSketch(pair, ours, theirs)
  compareRange(rule, ours, theirs)
  comparePages(rule, loose === true, expected, got)
}

/** Bits that are missing count as 0. */
const trimmed = (bytes: Uint8Array) => bytesToHex(bytes).replace(/(00)+$/, '')

const split = (packed: Uint8Array) => (bytesToHex(packed).match(/.{1,32}/g) ?? []).sort()

function compareTips({ server }: Pair, ours: SyncTreeHeader, theirs: SyncTreeHeader): void {
  const all = summaryOf(server).tips as readonly string[]
  const named = theirs.tips.map(bytesToHex)
  const foreign = named.filter((id) => !all.includes(id))
  expectSame('R15', "named tips that are not the server's", [], foreign)
  if (ours.tips.length > 0 && all.length <= limits.requestTips)
    expectSame('R15', "the server's tips", all, [...named].sort())
}

/** The cells must be a run of the server's own, however many they are. */
function compareSketch({ server }: Pair, ours: SyncTreeHeader, theirs: SyncTreeHeader): void {
  expectSame('K3', 'whether there is a sketch', ours.sketch !== undefined, theirs.sketch !== undefined)
  if (ours.sketch === undefined || theirs.sketch === undefined) return
  expectSame('R5', 'the first cell', ours.sketch.from, theirs.sketch.from)
  expectSame('K6', 'the state of the sketch', ours.sketch.state, theirs.sketch.state)
  const sketch = sketchOf(server)
  const whole = bytesToHex(encodeCells(sketch.cells(ours.sketch.from, sketch.cellCount)))
  const cells = bytesToHex(theirs.sketch.cells)
  const least = Math.min(ours.sketch.cells.length, limits.sketchRequestCells * 20)
  if (!whole.startsWith(cells)) throw new Mismatch('K6', 'the cells', whole.slice(0, cells.length), cells)
  if (theirs.sketch.cells.length < least)
    throw new Mismatch('R13', 'the bytes of cells', `at least ${least}`, theirs.sketch.cells.length)
}

function compareRange(rule: string, ours: SyncTreeHeader, theirs: SyncTreeHeader): void {
  const shown = ({ range: answer }: SyncTreeHeader) => {
    if (answer === undefined) return 'none'
    const { spans, throughHeight, throughId, chunks } = answer
    return {
      spans: spans.map((span) => [
        span.afterHeight,
        span.afterId,
        span.throughHeight,
        span.throughId,
        split(span.ids),
      ]),
      through: throughId.length === 0 ? 'everything' : [throughHeight, throughId],
      chunks: chunks.map(({ lastHeight, lastId, count, fingerprint }) => [
        lastHeight,
        lastId,
        count,
        fingerprint,
      ]),
    }
  }
  const [expected, got] = [shown(ours), shown(theirs)]
  if (typeof expected !== 'string' && typeof got !== 'string') {
    expectSame('G6', 'the spans', expected.spans, got.spans)
    expectSame('G7', 'how far the answer reaches', expected.through, got.through)
    expectSame('G9', 'the chunks of the outline', expected.chunks, got.chunks)
  } else expectSame(rule, 'the answer about ranges', expected, got)
}

function comparePages(rule: string, loose: boolean, expected: Heard, got: Heard): void {
  expectSame('S3', 'whether parents come first', true, got.parentsFirst)
  for (const { entries, bytes } of got.pages)
    if (entries > limits.pageEntries || (entries > 1 && bytes > limits.pageBytes))
      throw new Mismatch(
        'R16',
        'the size of a page',
        'at most 1,024 entries and 256 KiB',
        `${entries} entries, ${bytes} bytes`,
      )
  if (!loose) {
    const lacks = expected.ids.filter((id) => !got.ids.includes(id))
    const extra = got.ids.filter((id) => !expected.ids.includes(id))
    expectSame(rule, 'the entries that are missing in the pages', [], lacks)
    expectSame(rule, 'the entries that the asker has, or that nobody asked for', [], extra)
  }
  expectSame('R16', 'whether more follows', expected.more, got.more)
}
