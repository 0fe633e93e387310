/**
 * A remote that lies about ranges or chunks: each lie ends the session with PROTOCOL after few requests, and no lie makes
 * us read or send a stretch of the tree again and again.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { fingerprintOf } from '../../../src/dag/difference/ranges.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { Fetch } from '../../../src/sync/ask/gather-fetch.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import { keyOf, sha256 } from '../../../src/sync/ranges.ts'
import type { RangeAnswer, RangeQuery, RangeSpan } from '../../../src/sync/remote.ts'
import { shapes } from '../../kit/entries.ts'
import { LocalRemote } from '../../kit/local-remote.ts'
import { openPeer } from '../../kit/peers.ts'

const shared = shapes.linear(20)
const tree = shared[0]!.id
const whole: RangeSpan = { after: undefined, through: undefined, prefixes: [] }
const at = (height: number, id: string = 'ff'.repeat(32)) => ({ height, id: id as EntryId })

/** Runs a session with a remote that compares by ranges and answers each question about one like this. */
async function against(answer: (query: RangeQuery, index: number) => RangeAnswer) {
  await using a = await openPeer(shared)
  await using b = await openPeer(shared.slice(0, 15))
  let asked = 0
  let query: RangeQuery | undefined
  const remote = new LocalRemote(b, {
    request: (request) => {
      query = request.range
      // The lie would go on for ever; the test does not.
      if (query !== undefined && ++asked > 50)
        throw new CausewayError('INTERNAL', 'The session does not end.')
      return request
    },
    header: (header) => ({
      ...header,
      status: 'range',
      range: query === undefined ? undefined : answer(query, asked),
      tipsDigest: 'ab'.repeat(32),
      tips: [],
    }),
    pages: async function* () {},
    send: async (entries) => ({
      ...{ added: 0, known: entries.length, refused: [] },
      ...{ tipsDigest: 'ab'.repeat(32), count: 15 },
    }),
  })
  const error = await runSession(a, remote, tree).then(
    () => undefined,
    (error: CausewayError) => error,
  )
  return { code: error?.code, asked, sent: remote.entriesSent }
}

describe('a remote that lies about ranges', () => {
  const last = at(19, shared.at(-1)!.id)
  const lies: Record<string, (query: RangeQuery, index: number) => RangeAnswer> = {
    'reaches further each time, past what was asked for': (_, index) => ({
      spans: [],
      through: at(1_000 + index),
    }),
    'says that a question without chunks has an end': ({ chunks }, index) =>
      chunks.length > 0 ? { spans: [], through: last } : { spans: [], through: at(1_000 + index) },
    'answers a question without chunks with a span': ({ chunks }) =>
      chunks.length > 0 ? { spans: [], through: last } : { spans: [whole], through: undefined },
    'names the whole tree in each of many spans': () => ({
      spans: Array(1_000).fill(whole),
      through: undefined,
    }),
    'sends spans that overlap': () => ({
      spans: [
        { after: undefined, through: at(10), prefixes: [] },
        { after: at(5), through: at(12), prefixes: [] },
      ],
      through: undefined,
    }),
    'sends spans that go backwards': () => ({
      spans: [{ after: at(10), through: at(5), prefixes: [] }],
      through: undefined,
    }),
    'sends a span past the last chunk': () => ({
      spans: [{ after: undefined, through: at(1_000), prefixes: [] }],
      through: undefined,
    }),
    'ends an answer before its last span': () => ({
      spans: [{ after: undefined, through: at(10), prefixes: [] }],
      through: at(5),
    }),
    'names more ids than an answer may': () => ({
      spans: [
        { after: undefined, through: at(10), prefixes: Array(limits.rangeIds + 1).fill('ab'.repeat(16)) },
      ],
      through: undefined,
    }),
  }
  for (const [name, answer] of Object.entries(lies))
    it(`is refused if it ${name}`, async () => {
      const { code, asked, sent } = await against(answer)
      assert.equal(code, 'PROTOCOL')
      assert.ok(asked <= 3, `${asked} requests`)
      assert.equal(sent, 0)
    })
})

describe('a remote that lists its ids', () => {
  it('is refused if it lists them in several spans', async () => {
    await using a = await openPeer(shared)
    await using b = await openPeer(shared.slice(0, 15))
    const remote = new LocalRemote(b, {
      header: (header) => ({
        ...header,
        status: 'range',
        tips: [],
        tipsDigest: 'ab'.repeat(32),
        range: { spans: Array(1_000).fill(whole), through: undefined },
      }),
      pages: async function* () {},
    })
    await assert.rejects(runSession(a, remote, tree), { code: 'PROTOCOL' })
    assert.equal(remote.entriesSent, 0)
  })
})

describe('the fetch of a chunk', () => {
  it('ends at a page after the last one, also if all of them are empty', async () => {
    await using b = await openPeer(shared)
    let pages = 0
    const remote = new LocalRemote(b, {
      pages: async function* () {
        for (; pages < 10_000; pages++) yield { entries: [], more: false }
      },
    })
    const ids = Buffer.concat(shared.map(({ id }) => Buffer.from(id, 'hex')))
    const last = { height: 19, id: shared.at(-1)!.id }
    const chunk = { last: keyOf(last), count: shared.length, fingerprint: fingerprintOf(ids, sha256) }
    const parts = { remote, clock: b.clock, tree, after: undefined, chunk, signal: undefined }
    const fetch = new Fetch(parts)
    await fetch.done
    await assert.rejects(
      async () => {
        for (let page = 0; page < 20_000; page++) if ((await fetch.next()) === undefined) return
      },
      { code: 'PROTOCOL' },
    )
    assert.ok(pages <= 2, `${pages} pages`)
  })
})
