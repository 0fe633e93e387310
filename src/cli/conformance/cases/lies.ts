/** Level `asker`: servers that lie in a session. The program ends it, and stores nothing that is not valid. */
import { SyncStatus, type SyncTreeHeader } from '../../../../gen/causeway/v1/sync_pb.ts'
import { type Case, expectSame } from '../case.ts'
import { standWith, type Tricks } from '../stand/stand.ts'
import { altering, alteringPages } from '../stand/tricks.ts'
import { forked } from '../trees/sets.ts'
import { Grown, summaryOf } from '../trees/trees.ts'
import { meet } from './asking.ts'

const pair = () => forked(40, 3, 30)

/** Returns a case in which the session must fail with PROTOCOL, and leave a valid store. */
function lie(name: string, rule: string, tricks: Tricks): Case {
  return {
    name: `asker: a server that ${name}`,
    level: 'asker',
    rules: [rule],
    async run({ program }) {
      const both = pair()
      await using ours = await standWith(both.server, tricks)
      const [session] = await meet(program, ours, both)
      expectSame(rule, 'the code of the session', 'PROTOCOL', session!.code)
      expectSame('S4', 'whether entries were lost', true, session!.count >= both.asker.length)
      const union = both.asker.length + 30
      expectSame('S4', 'whether entries of nobody are stored', true, session!.count <= union)
    },
  }
}

/** Makes the first answer one about ranges, and lets the liar change those that follow. */
function aboutRanges(change: (header: SyncTreeHeader) => void): Tricks {
  return {
    async *syncTree(request, honest) {
      for await (const message of honest(request)) {
        const isQuestion = request.range === undefined
        if (isQuestion && message.part.case === 'page') continue
        if (message.part.case === 'header' && isQuestion)
          Object.assign(message.part.value, {
            status: SyncStatus.RANGE,
            tips: [],
            want: new Uint8Array(0),
            sketch: undefined,
          })
        else if (message.part.case === 'header') change(message.part.value)
        yield message
      }
    },
  }
}

export function lieCases(): Case[] {
  return [...pageLies(), ...headerLies()]
}

function pageLies(): Case[] {
  return [
    lie(
      'sends a signature with a bit flipped',
      'E5',
      alteringPages((page) => {
        page.entries[5]!.signature[40]! ^= 1
        return [page]
      }),
    ),
    lie(
      'sends a body with a bit flipped',
      'E1',
      alteringPages((page) => {
        page.entries[5]!.body[60]! ^= 1
        return [page]
      }),
    ),
    lie(
      'sends an entry of another tree',
      'E6',
      alteringPages((page) => {
        page.entries.unshift({ ...page.entries[0]!, ...new Grown('another').root.signed })
        return [page]
      }),
    ),
    lie(
      'sends more entries than it says it has',
      'E11',
      altering((header) => {
        header.count = 5n
      }),
    ),
    lie(
      'sends an empty page between others',
      'R16',
      alteringPages((page) => [{ ...page, entries: [] }, page]),
    ),
  ]
}

function headerLies(): Case[] {
  return [
    lie(
      'says that both sides are equal',
      'R3',
      altering(
        (header) => {
          header.status = SyncStatus.EQUAL
        },
        () => [],
      ),
    ),
    lie('sends two headers', 'S3', {
      async *syncTree(request, honest) {
        for await (const message of honest(request)) {
          yield message
          if (message.part.case === 'header') yield message
        }
      },
    }),
    lie('sends no header', 'S3', {
      async *syncTree(request, honest) {
        for await (const message of honest(request)) if (message.part.case === 'page') yield message
      },
    }),
    lie('takes nothing, and says so again and again', 'L3', {
      ...altering(
        () => {},
        () => [],
      ),
      async sendEntries(request, honest) {
        const answer = await honest({ ...request, entries: [] })
        return { ...answer, added: 0, known: 0 }
      },
    }),
    lie(
      'answers about ranges with spans that overlap',
      'G6',
      aboutRanges(({ range }) => {
        const [span] = range?.spans ?? []
        if (span !== undefined) range!.spans.push(span)
      }),
    ),
    lie(
      'answers about ranges past the last chunk',
      'G6',
      aboutRanges(({ range }) => {
        const [span] = range?.spans ?? []
        if (span !== undefined)
          Object.assign(span, { throughHeight: 1_000_000n, throughId: new Uint8Array(32).fill(1) })
      }),
    ),
    lie(
      'answers about ranges and does not move forward',
      'G7',
      aboutRanges(({ range }) => {
        if (range !== undefined)
          Object.assign(range, { spans: [], throughHeight: 0n, throughId: summaryId() })
      }),
    ),
  ]
}

/** The root, before which nothing is. */
function summaryId(): Uint8Array {
  const { asker } = pair()
  return new Uint8Array(Buffer.from(summaryOf(asker.slice(0, 1)).tips[0]!, 'hex'))
}
