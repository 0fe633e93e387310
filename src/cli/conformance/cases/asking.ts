/**
 * Level `asker`: sessions of the program with a server of the kit. Each request is compared with what the rules say of
 * the entries that the program has, and both sides must be equal at the end.
 */
import type { SyncTreeRequest } from '../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../base/limits.ts'
import { decodeParents } from '../../../dag/body.ts'
import { entryBytes, idOf } from '../../../dag/entry.ts'
import { bytesToHex } from '../../../dag/hex.ts'
import { chunksOf, havesOf, requestOf } from '../asking.ts'
import { type Case, expectSame, Mismatch } from '../case.ts'
import { type OurStand, type Stand, standWith, type Tricks } from '../stand/stand.ts'
import { asksRanges, cutting, inPagesOf, slow, undecodable } from '../stand/tricks.ts'
import { cutShort, forked, type Pair, starred } from '../trees/sets.ts'
import { summaryOf } from '../trees/trees.ts'

export interface Session {
  readonly code: string
  readonly count: number
  readonly digest: string
}

interface Meeting {
  readonly name: string
  readonly rules: readonly string[]
  readonly pair: () => Pair
  readonly tricks?: Tricks
  /** How many sessions one after the other. Default: 1. */
  readonly times?: number
  /** Looks at what was asked, after both sides were found equal. */
  readonly check?: (stand: Stand, pair: Pair, sessions: readonly Session[]) => void
}

/** Lets the program sync, and returns how each session ended. */
export async function meet(
  program: { expect(action: string, fields: object): Promise<{ [field: string]: unknown }> },
  { stand }: OurStand,
  pair: Pair,
  times = 1,
): Promise<readonly Session[]> {
  const entries = pair.asker.map(({ signed }) => ({
    body: bytesToHex(signed.body),
    signature: bytesToHex(signed.signature),
  }))
  const asked = { address: stand.address, tree: pair.server[0]!.id, entries, times }
  return (await program.expect('sync', asked)).sessions as Session[]
}

function meeting({ name, rules, pair: makePair, tricks, times, check }: Meeting): Case {
  return {
    name: `asker: ${name}`,
    level: 'asker',
    rules: [...new Set([...rules, 'S4', 'S5'])],
    async run({ program }) {
      const pair = makePair()
      await using ours = await standWith(pair.server, tricks)
      const sessions = await meet(program, ours, pair, times)
      const { code, count, digest } = sessions.at(-1)!
      expectSame(rules[0]!, 'the code of the last session', '', code)
      const union = new Map([...pair.asker, ...pair.server].map((entry) => [entry.id, entry]))
      const expected = summaryOf([...union.values()])
      expectSame('S4', 'count and digest of the program', [expected.count, expected.digest], [count, digest])
      expectSame('S4', 'count and digest of the server', { count, digest }, await ours.state())
      check?.(ours.stand, pair, sessions)
    },
  }
}

export function askerCases(): Case[] {
  return [...requestCases(), ...wayCases(), ...persistenceCases()].map(meeting)
}

const hexes = (list: readonly Uint8Array[]) => list.map(bytesToHex).sort()

/** What the first request says. */
function expectRequest(stand: Stand, { asker }: Pair): void {
  const request = stand.requests[0]!
  const expected = requestOf(asker)
  const tips = summaryOf(asker).tips as readonly string[]
  if (tips.length <= limits.requestTips) expectSame('S7', 'the tips', tips, hexes(request.tips))
  else {
    expectSame('S7', 'how many tips of many', 8, new Set(hexes(request.tips)).size)
    expectSame(
      'S7',
      'tips that are none',
      [],
      hexes(request.tips).filter((tip) => !tips.includes(tip)),
    )
  }
  expectSame('E10', 'the tips digest', expected.tipsDigest, request.tipsDigest)
  expectSame('S2', 'the count', Number(expected.count), Number(request.count))
  expectSame('S8', 'whether there is a sketch', true, request.sketch !== undefined)
  const [sketch, ours] = [request.sketch!, expected.sketch!]
  expectSame('S8', 'version and first cell', [1, 0], [sketch.version, sketch.from])
  expectSame('S8', 'the cells', ours.cells, sketch.cells)
  expectSame('S8', 'the state of the sketch', ours.state, sketch.state)
  if (sketch.counts.length > 0) expectSame('S8', 'the counts', ours.counts, sketch.counts)
  const [haves, wanted] = [bytesToHex(request.haves), bytesToHex(havesOf(asker))]
  if (haves !== wanted) {
    const sorted = (packed: string) => (packed.match(/.{1,16}/g) ?? []).sort().join('')
    // The same ids in another order break the rule of the order, others that of the heights.
    throw new Mismatch(sorted(haves) === sorted(wanted) ? 'S13' : 'S11', 'the haves', wanted, haves)
  }
}

function requestCases(): Meeting[] {
  const first = (name: string, pair: () => Pair, ...more: string[]): Meeting => ({
    ...{ name: `the first request: ${name}`, pair, check: expectRequest },
    rules: ['S2', 'E10', 'S7', 'S8', 'S10', 'S11', 'S13', 'K1', 'K2', 'K4', 'K5', 'K6', ...more],
  })
  return [
    first('a short chain', () => forked(12, 3, 4)),
    first('a long chain', () => forked(400, 3, 3), 'S12'),
    first('many tips', () => starred(2, 40, 3)),
    first('a wide tree', () => cutShort(31, 300, 300)),
    {
      ...{ name: 'the first request: nothing is there', rules: ['S6', 'R4'] },
      pair: () => ({ asker: [], server: forked(20, 0, 0).server }),
      check({ requests: [request] }) {
        const { tips, haves, sketch, count, want, wantShort } = request!
        const empty = tips.length + haves.length + want.length + wantShort.length + Number(count) === 0
        expectSame('S6', 'whether the request has the tree alone', true, empty && !sketch?.cells.length)
      },
    },
  ]
}

/** The program must have sent just the entries that the server lacked, parents first, in pages within the bounds. */
function expectSent({ sent }: Stand, { asker, server }: Pair): void {
  const there = new Set(server.map(({ id }) => id))
  const lacking = asker.filter(({ id }) => !there.has(id)).map(({ id }) => id)
  // A page that overtook another is sent again.
  const ids = new Set(sent.flatMap(({ entries }) => entries.map(idOf)))
  expectSame('S4', 'the entries that were sent', [...lacking].sort(), [...ids].sort())
  for (const { entries } of sent) {
    const at = new Map(entries.map((signed, index) => [idOf(signed), index]))
    const late = entries.filter(({ body }, index) =>
      decodeParents(body).some((id) => (at.get(id) ?? -1) > index),
    )
    expectSame('S4', 'entries of a page that come before their parents', [], late.map(idOf))
    const bytes = entries.reduce((sum, signed) => sum + entryBytes(signed), 0)
    if (entries.length > limits.pageEntries || (entries.length > 1 && bytes > limits.pageBytes))
      throw new Mismatch(
        'U1',
        'a page',
        'at most 1,024 entries and 256 KiB',
        `${entries.length} entries, ${bytes} bytes`,
      )
  }
}

/** The requests for entries by name must name all that the program lacked, and nothing else. */
function expectWants({ requests }: Stand, { asker, server }: Pair, rule: string): void {
  const mine = new Set(asker.map(({ id }) => id))
  const lacking = server.filter(({ id }) => !mine.has(id)).map(({ id }) => id)
  const named = (request: SyncTreeRequest) => [
    ...(bytesToHex(request.wantShort).match(/.{16}/g) ?? []),
    ...(bytesToHex(request.want).match(/.{32}/g) ?? []),
  ]
  const wants = requests.flatMap(named)
  const covered = lacking.filter((id) => wants.some((prefix) => id.startsWith(prefix)))
  expectSame(rule, 'how many missing entries were asked for by name', lacking.length, covered.length)
  const foreign = wants.filter((prefix) => !lacking.some((id) => id.startsWith(prefix)))
  expectSame(rule, 'names of other entries', [], foreign)
  expectSame(
    'S15',
    'how many requests use short names',
    true,
    requests.filter(({ wantShort }) => wantShort.length > 0).length <= 1,
  )
}

/** The ways to the difference. */
function wayCases(): Meeting[] {
  const way = (
    name: string,
    rules: readonly string[],
    pair: () => Pair,
    check = expectSent,
    tricks: Tricks = {},
  ): Meeting => ({
    ...{ name, rules, pair, tricks },
    check: (stand, both) => {
      expectSent(stand, both)
      if (check !== expectSent) check(stand, both)
    },
  })
  return [
    way('the server names what it lacks', ['R9', 'S4'], () => forked(12, 3, 4)),
    way('the server has nothing to give', ['S4', 'R9'], () => forked(12, 4, 0)),
    way('many entries to send', ['U1', 'S4'], () => forked(5, 1500, 0)),
    way('the tips of the server show what it lacks', ['R11', 'R15', 'S4'], () => forked(300, 70, 70)),
    way(
      'the server names its entries',
      ['G5', 'R12'],
      () => starred(60, 70, 70),
      (stand, pair) => expectWants(stand, pair, 'G5'),
    ),
    way(
      'the cells of the server',
      ['K7', 'R13', 'S15'],
      () => starred(2500, 70, 70),
      (stand, pair) => expectWants(stand, pair, 'K7'),
    ),
    {
      ...{ name: 'cells that cannot be peeled', rules: ['S16', 'G3', 'G1', 'G2'] },
      // What it recovers of them may be anything, so it may send what the server has.
      ...{ pair: () => forked(200, 30, 30), tricks: undecodable(), check: expectFurther },
    },
    way(
      'a server that asks for ranges',
      ['G1', 'G2', 'G3', 'G5', 'R14'],
      () => forked(200, 30, 30),
      expectRanges,
      asksRanges(),
    ),
  ]
}

/** After cells that it cannot peel, the program asks for the next ones, twice at most, and then by ranges. */
function expectFurther(stand: Stand, pair: Pair): void {
  const further = stand.requests.filter(({ sketch }) => (sketch?.from ?? 0) > 0)
  expectSame(
    'S16',
    'whether further cells are asked for, twice at most',
    true,
    further.length >= 1 && further.length <= 2,
  )
  for (const { sketch } of further)
    expectSame('S16', 'the cells of such a request', '', bytesToHex(sketch!.cells))
  expectSame(
    'S16',
    'the state of the first',
    summaryOf(pair.server).digest,
    bytesToHex(further[0]!.sketch!.state),
  )
  expectRanges(stand, pair)
}

/** The first question of ranges describes all that the program has. */
function expectRanges({ requests }: Stand, { asker }: Pair): void {
  const range = requests.find((request) => request.range !== undefined)?.range
  expectSame('G3', 'whether there is a question of ranges', true, range !== undefined)
  expectSame('G3', 'where it begins', '', bytesToHex(range!.afterId))
  const shown = (chunks: readonly object[]) =>
    chunks.map((chunk) => {
      const { lastHeight, lastId, count, fingerprint } = chunk as NonNullable<typeof range>['chunks'][number]
      return [lastHeight, lastId, count, fingerprint]
    })
  expectSame(
    'G1',
    'the ends of the chunks',
    shown(chunksOf(asker)).map(([height, id]) => [height, id]),
    shown(range!.chunks).map(([height, id]) => [height, id]),
  )
  expectSame('G2', 'the chunks', shown(chunksOf(asker)), shown(range!.chunks))
  expectSame('G3', 'whether it says that this is all', true, range!.complete)
}

/** Sessions that are cut, slow, in many parts, or have nothing to do. */
function persistenceCases(): Meeting[] {
  return [
    {
      ...{ name: 'a slow server', rules: ['S3'], pair: () => forked(12, 3, 40) },
      tricks: inPagesOf(10, slow(40)),
    },
    {
      ...{ name: 'a session that is cut goes on where it was', rules: ['S1', 'E7'], times: 2 },
      ...{ pair: () => forked(10, 0, 60), tricks: inPagesOf(10, cutting(1, 3)) },
      check({ requests }, { asker }) {
        const later = requests.slice(1).map(({ count }) => Number(count))
        expectSame(
          'S1',
          'whether what came before the cut is kept',
          true,
          Math.max(...later) >= asker.length + 30,
        )
      },
    },
    {
      ...{ name: 'an answer with a budget', rules: ['S18', 'R16'], pair: () => forked(10, 0, 900) },
      tricks: { syncTree: (request, honest) => honest({ ...request, budgetBytes: 40_000n }) },
    },
    {
      ...{
        name: 'a second session has nothing to do',
        rules: ['R3', 'S1', 'S9'],
        times: 2,
        pair: () => forked(12, 3, 4),
      },
      check(stand, _, sessions) {
        expectSame('R3', 'the sessions', sessions[0], sessions[1])
        const last = stand.requests.at(-1)!
        expectSame(
          'R3',
          'count and digest of the last request',
          [sessions[1]!.count, sessions[1]!.digest],
          [Number(last.count), bytesToHex(last.tipsDigest)],
        )
      },
    },
  ]
}
