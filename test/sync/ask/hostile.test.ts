/**
 * Sessions with a remote that lies, repeats itself, or sends invalid entries: each fails with a typed error in bounded
 * time, and nothing unverified is stored.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { SignedEntry } from '../../../src/dag/entry.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import type { SyncHeader, SyncPage } from '../../../src/sync/remote.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { fill, idsOf, openPeer, signedOf, type TestPeer } from '../../kit/peers.ts'

const unknownId = 'ab'.repeat(32) as EntryId

async function fails(
  asker: TestPeer,
  answerer: TestPeer,
  tree: EntryId,
  hooks: RemoteHooks,
  code = 'PROTOCOL',
): Promise<{ error: CausewayError; remote: LocalRemote }> {
  const remote = new LocalRemote(answerer, hooks)
  const error = await runSession(asker, remote, tree).then(
    () => assert.fail('The session should have failed.'),
    (error: unknown) => error as CausewayError,
  )
  assert.ok(error instanceof CausewayError, String(error))
  assert.equal(error.code, code, error.message)
  assert.equal(remote.open, 0)
  return { error, remote }
}

async function* streamOf(...pages: SignedEntry[][]): AsyncGenerator<SyncPage> {
  for (const entries of pages) yield { entries, more: false }
}

function flipped(signed: SignedEntry): SignedEntry {
  return { body: signed.body, signature: signed.signature.with(5, signed.signature[5]! ^ 1) }
}

describe('a session with a remote that sends invalid entries', () => {
  const entries = shapes.linear(20)
  const tree = entries[0]!.id
  const other = shapes.linear(5, { seed: 'another' })
  const wrongHeight = (() => {
    const builder = new TreeBuilder()
    builder.chain(builder.root, 2)
    return builder.entries
  })()
  const cases: Record<string, { pages: SignedEntry[][]; code: string; stored: number }> = {
    'a bad signature': {
      pages: [signedOf(entries).with(10, flipped(entries[10]!.signed))],
      code: 'ENTRY_SIGNATURE',
      stored: 10,
    },
    'bytes that are no entry': {
      pages: [
        [...signedOf(entries.slice(0, 5)), { body: new Uint8Array(40), signature: new Uint8Array(64) }],
      ],
      code: 'ENTRY_MALFORMED',
      stored: 5,
    },
    'a truncated body': {
      pages: [[{ ...entries[0]!.signed, body: entries[0]!.signed.body.slice(0, -1) }]],
      code: 'ENTRY_MALFORMED',
      stored: 0,
    },
    "another tree's entries": { pages: [signedOf(other)], code: 'ENTRY_TREE', stored: 0 },
    'entries without their parents': {
      pages: [signedOf(entries.slice(5))],
      code: 'ENTRY_MISSING_PARENT',
      stored: 0,
    },
  }
  for (const [name, { pages, code, stored }] of Object.entries(cases))
    it(`refuses ${name}`, async () => {
      await using a = await openPeer()
      await using b = await openPeer(entries)
      const { error } = await fails(a, b, tree, { pages: () => streamOf(...pages) })
      assert.deepEqual({ ...error.data, entry: '' }, { entry: '', code })
      assert.deepEqual(
        await idsOf(a.store, tree),
        entries.slice(0, stored).map(({ id }) => id),
      )
    })

  it('refuses pages beyond the limits', async () => {
    await using a = await openPeer()
    await using b = await openPeer(entries)
    const many = Array.from({ length: limits.pageEntries + 1 }, () => entries[0]!.signed)
    await fails(a, b, tree, { pages: () => streamOf(many) })
    const large = Array.from({ length: 3 }, () => ({
      body: new Uint8Array(limits.pageBytes / 2),
      signature: new Uint8Array(64),
    }))
    await fails(a, b, tree, { pages: () => streamOf(large) })
    assert.equal(a.store.tree(tree), undefined)
  })

  it('keeps valid entries, and a later session with an honest remote brings the rest', async () => {
    await using a = await openPeer(wrongHeight.slice(0, 1))
    await using b = await openPeer(wrongHeight)
    const page = [wrongHeight[1]!.signed, flipped(wrongHeight[2]!.signed)]
    await fails(a, b, wrongHeight[0]!.id, { pages: () => streamOf(page) })
    assert.equal(a.store.tree(wrongHeight[0]!.id)!.count, 2)
    const result = await runSession(a, new LocalRemote(b), wrongHeight[0]!.id)
    assertFields(result, { received: 1, redundant: 0, equal: true })
  })
})

describe('a session with a remote that lies', () => {
  const entries = shapes.linear(200)
  const tree = entries[0]!.id
  const lie = (change: (header: SyncHeader) => Partial<SyncHeader>): RemoteHooks => ({
    header: (header) => ({ ...header, ...change(header) }),
  })

  it('fails if EQUAL comes with a wrong digest', async () => {
    await using a = await openPeer(entries.slice(0, 100))
    await using b = await openPeer(entries)
    await fails(
      a,
      b,
      tree,
      lie(() => ({ status: 'equal', tipsDigest: 'ff'.repeat(32) })),
    )
    await fails(
      a,
      b,
      tree,
      lie(() => ({ status: 'equal' })),
    )
    await using empty = await openPeer()
    await fails(
      empty,
      b,
      tree,
      lie(() => ({ status: 'equal', tipsDigest: '' })),
    )
  })

  it('fails if the remote says that it has more and never sends it', async () => {
    for (const start of [entries.slice(0, 100), []]) {
      await using a = await openPeer(start)
      await using b = await openPeer(entries)
      const { remote } = await fails(a, b, tree, { pages: () => streamOf(), send: silent })
      assert.ok(remote.requests.length <= 3)
    }
  })

  it('fails if the budget is spent again and again without an entry', async () => {
    await using a = await openPeer(entries.slice(0, 100))
    await using b = await openPeer(entries)
    const { remote } = await fails(a, b, tree, {
      pages: async function* () {
        yield { entries: [], more: true }
      },
    })
    assert.ok(remote.requests.length <= 3)
  })

  it('ends if the remote claims another state each time', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer(entries.slice(0, 100))
    let claims = 0
    const remote = new LocalRemote(b, {
      ...lie(() => ({ status: 'delta', tipsDigest: String(claims++).padStart(64, '0') })),
      pages: () => streamOf(),
      send: silent,
    })
    const result = await runSession(a, remote, tree)
    assert.equal(result.equal, false)
    assert.equal(remote.requests.length, limits.sessionRounds)
  })

  it('cuts an endless stream of duplicates', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer([...entries, ...more()])
    let pages = 0
    await fails(a, b, tree, {
      pages: async function* () {
        for (;;) {
          pages++
          yield { entries: signedOf(entries), more: false }
        }
      },
    })
    assert.ok(pages <= limits.sessionPagesTakenIn + 5, `${pages} pages`)
  })

  it('cuts an endless stream of empty pages', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer([...entries, ...more()])
    await fails(a, b, tree, {
      pages: async function* () {
        for (;;) yield { entries: [], more: false }
      },
    })
  })

  it('cuts a stream that goes on after its last page', async () => {
    await using a = await openPeer()
    await using b = await openPeer(entries)
    await fails(a, b, tree, {
      pages: async function* () {
        for (const { signed } of entries) yield { entries: [signed], more: true }
      },
    })
  })

  it('neither loops nor resends common entries when the remote names tips that do not exist', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer(entries.slice(0, 100))
    const result = await runSession(
      a,
      new LocalRemote(
        b,
        lie(() => ({ tips: [unknownId] })),
      ),
      tree,
    )
    assertFields(result, { equal: true, sent: 101 })
    const tips = Array.from({ length: limits.answerTips + 1 }, () => unknownId)
    await fails(
      a,
      b,
      tree,
      lie(() => ({ tips, tipsDigest: unknownId })),
    )
  })

  it('refuses an impossible outcome of a page', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer(entries.slice(0, 100))
    await fails(a, b, tree, {
      send: async (_, deliver) => ({ ...(await deliver()), added: 1e6 }),
    })
  })

  it('reports why the remote refused an entry', async () => {
    await using a = await openPeer(entries)
    await using b = await openPeer(entries.slice(0, 100))
    const hooks: RemoteHooks = {
      send: async () => ({
        added: 0,
        known: 0,
        refused: [{ id: entries[100]!.id, index: 0, code: 'ENTRY_FORBIDDEN', message: 'no' }],
        tipsDigest: '',
        count: 0,
      }),
    }
    const { error } = await fails(a, b, tree, hooks, 'ENTRY_FORBIDDEN')
    assert.deepEqual(error.data, { entry: entries[100]!.id })
  })

  it('sends an asker with a wrong count at most a part of the difference', async () => {
    await using b = await openPeer(entries)
    for (const count of [0, 1, 99, 101, 150, 199, 201, 500]) {
      await using a = await openPeer(entries.slice(0, 100))
      const remote = new LocalRemote(b, { request: (request) => ({ ...request, count }) })
      await runSession(a, remote, tree).catch((error: CausewayError) => assert.equal(error.code, 'PROTOCOL'))
      assert.ok(remote.entriesPulled <= 101 * remote.requests.length)
    }
  })

  function more() {
    const builder = new TreeBuilder()
    return builder.chain(builder.root, 3, { author: testIdentity(3) })
  }
})

describe('backpressure', () => {
  it('pulls at most one page more than may be in flight', async () => {
    const entries = shapes.linear(400)
    const tree = entries[0]!.id
    await using a = await openPeer()
    await using b = await openPeer(entries)
    let [pulled, taken, most] = [0, 0, 0]
    const slow = {
      ...a,
      ingest: {
        page: async (...page: Parameters<typeof a.ingest.page>) => {
          const outcome = await a.ingest.page(...page)
          taken++
          return outcome
        },
      } as typeof a.ingest,
    }
    const remote = new LocalRemote(b, {
      pages: async function* () {
        for (const { signed } of entries) {
          pulled++
          most = Math.max(most, pulled - taken)
          yield { entries: [signed], more: false }
        }
      },
    })
    await runSession(slow, remote, tree)
    assert.equal(taken, entries.length)
    assert.ok(most <= limits.sessionPagesTakenIn + 1, `${most} pages at once`)
    assert.ok(most > 1)
  })

  it('sends no more pages than may be in flight', async () => {
    const entries = shapes.linear(limits.pageEntries * 3)
    await using a = await openPeer()
    await fill(a.store, entries)
    await using b = await openPeer(entries.slice(0, 1))
    let [sending, most] = [0, 0]
    // As over a link that carries any page at once: how many are under way follows how long they take.
    const clock = { ...a.clock, monotonic: () => 0 }
    await runSession(
      { ...a, clock },
      new LocalRemote(b, {
        send: async (_, deliver) => {
          most = Math.max(most, ++sending)
          const outcome = await deliver()
          sending--
          return outcome
        },
      }),
      entries[0]!.id,
    )
    assert.ok(most > 1 && most <= limits.sessionPagesInFlight, `${most} pages at once`)
  })
})

async function silent() {
  return { added: 0, known: 0, refused: [], tipsDigest: '', count: 0 }
}
