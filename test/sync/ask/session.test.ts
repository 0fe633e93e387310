/**
 * Sessions between stores in one process, for every way in which two sides can differ and with a cut at every page.
 * Each time both sides end with the same entries, and only the difference has crossed.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { entryBytes, idOf, type VerifiedEntry } from '../../../src/dag/entry.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { runSession, type SessionProgress } from '../../../src/sync/ask/session.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { prng, shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { assertSame, fill, idsOf, openPeer, type TestPeer } from '../../kit/peers.ts'

function sync(from: TestPeer, to: TestPeer, tree: EntryId, hooks: RemoteHooks = {}) {
  const remote = new LocalRemote(to, hooks)
  return runSession(from, remote, tree).then((result) => {
    assert.equal(remote.open, 0, 'every answer is read to the end or returned')
    return { ...result, remote }
  })
}

/** A tree with some history, and what two sides wrote on it afterwards without each other. */
function forked(shared = 50, each = 20) {
  const tree = new TreeBuilder()
  tree.chain(tree.root, shared)
  const base = [...tree.entries]
  const left = tree.chain(base.at(-1)!, each, { author: testIdentity(1) })
  const right = tree.chain(base.at(-1)!, each, { author: testIdentity(2) })
  return { tree: tree.root.id, base, left, right }
}

/** A history of several pages. */
const long = shapes.linear(limits.pageEntries * 3)

const code = (expected: string) => (error: unknown) =>
  error instanceof CausewayError && error.code === expected

describe('a session', () => {
  for (const [name, entries] of Object.entries<VerifiedEntry[]>({
    linear: shapes.linear(300),
    diamond: shapes.diamond(),
    'two long branches': shapes.twoBranches(200),
    'many tips': shapes.concurrentTips(1500),
    'an old fork': shapes.oldFork(300),
    'merge heavy': shapes.mergeHeavy(60),
    'shared root': shapes.sharedRoot(20),
    random: shapes.random(800, 12, prng(7)),
  }))
    it(`brings ${name} to an empty store`, async () => {
      await using full = await openPeer(entries)
      await using empty = await openPeer()
      const tree = entries[0]!.id
      const result = await sync(empty, full, tree)
      assertFields(result, { received: entries.length, sent: 0, redundant: 0, roundTrips: 1, equal: true })
      await assertSame(tree, full.store, empty.store)
    })

  it('receives full pages except for the last, however the other side reads them', async () => {
    await using full = await openPeer(long)
    await using empty = await openPeer()
    const pages: number[] = []
    await sync(empty, full, long[0]!.id, {
      async *pages(answered) {
        for await (const page of answered) {
          pages.push(page.entries.reduce((sum, signed) => sum + entryBytes(signed), 0))
          yield page
        }
      },
    })
    const largest = Math.max(...long.map(({ signed }) => entryBytes(signed)))
    assert.ok(pages.length > 5, `${pages.length} pages`)
    assert.ok(Math.max(...pages) <= limits.answerPageBytes, `${pages}`)
    assert.ok(Math.min(...pages.slice(0, -1)) > limits.answerPageBytes - largest, `${pages}`)
  })

  it('is one exchange without entries between equal sides', async () => {
    const entries = shapes.random(200, 8, prng(2))
    await using a = await openPeer(entries)
    await using b = await openPeer(entries)
    const result = await sync(a, b, entries[0]!.id)
    assertFields(result, { statuses: ['equal'], equal: true })
    assertFields(result.remote, { pagesPulled: 0, sends: 0 })
  })

  it('moves only the difference, both ways, in one exchange', async () => {
    const { tree, base, left, right } = forked(3000, 30)
    await using a = await openPeer([...base, ...left])
    await using b = await openPeer([...base, ...right])
    const result = await sync(a, b, tree)
    assert.equal(result.received, 30)
    assert.equal(result.sent, 30)
    assert.equal(result.equal, true)
    await assertSame(tree, a.store, b.store)
  })

  it('moves only what one side has more if that side is ahead', async () => {
    const { tree, base, left } = forked(3000, 30)
    for (const ahead of ['asker', 'answerer']) {
      await using a = await openPeer([...base, ...left])
      await using b = await openPeer(base)
      const result = ahead === 'asker' ? await sync(a, b, tree) : await sync(b, a, tree)
      const moved = ahead === 'asker' ? { received: 0, sent: 30 } : { received: 30, sent: 0 }
      assertFields(result, { ...moved, equal: true })
      assert.equal(ahead === 'asker' ? result.remote.entriesSent : result.remote.entriesPulled, 30)
      assert.ok(result.storeReads < 200, `${result.storeReads} reads`)
      await assertSame(tree, a.store, b.store)
    }
  })

  it('works after any number of incremental writes on both sides', async () => {
    const builder = new TreeBuilder()
    await using a = await openPeer([builder.root])
    await using b = await openPeer([builder.root])
    let [mine, theirs] = [[builder.root], [builder.root]]
    for (let round = 0; round < 5; round++) {
      mine = builder.chain(round % 2 === 0 ? mine.at(-1)! : theirs.at(-1)!, 7, { author: testIdentity(1) })
      theirs = builder.chain(theirs.at(-1)!, 5, { author: testIdentity(2) })
      await fill(a.store, mine)
      await fill(b.store, theirs)
      const result = await sync(a, b, builder.root.id)
      assertFields(result, { received: 5, sent: 7, equal: true })
    }
  })

  it('resumes after a cut at any page, and only the rest is sent', async () => {
    const entries = long
    const tree = entries[0]!.id
    await using full = await openPeer(entries)
    const sizes: number[] = []
    await using other = await openPeer()
    await sync(other, full, tree, {
      pages: async function* (pages) {
        for await (const page of pages) {
          sizes.push(page.entries.length)
          yield page
        }
      },
    })
    const pages = sizes.length
    assert.ok(pages > 5, String(pages))
    for (let cut = 0; cut <= pages; cut++) {
      await using empty = await openPeer()
      const run = sync(empty, full, tree, { cutAfterPage: cut })
      if (cut < pages) await assert.rejects(run, code('DISCONNECTED'))
      else await run
      const kept = empty.store.tree(tree)?.count ?? 0
      assert.equal(
        kept,
        sizes.slice(0, cut).reduce((sum, size) => sum + size, 0),
      )
      const result = await sync(empty, full, tree)
      assertFields(result, { received: entries.length - kept, redundant: 0 })
      await assertSame(tree, full.store, empty.store)
    }
  })

  it('sends only the rest after a push was cut at any page', async () => {
    const entries = long
    const tree = entries[0]!.id
    const root = Buffer.from(entries[0]!.signed.signature)
    await using full = await openPeer(entries)
    for (let cut = 0; cut < 3; cut++) {
      await using other = await openPeer([entries[0]!])
      let sent = 0
      let delivered = 0
      const failing: RemoteHooks = {
        send: async (entries, deliver) => {
          if (sent++ >= cut) throw new CausewayError('DISCONNECTED', 'The call was cut by the test.')
          delivered += entries.filter(({ signature }) => !root.equals(signature)).length
          return deliver()
        },
      }
      await assert.rejects(sync(full, other, tree, failing), code('DISCONNECTED'))
      const kept = other.store.tree(tree)!.count
      assert.equal(kept, 1 + delivered)
      const result = await sync(full, other, tree)
      assert.equal(result.sent, entries.length - kept)
      assert.equal(result.remote.entriesSent, entries.length - kept)
      await assertSame(tree, full.store, other.store)
    }
  })

  it('takes as many exchanges as the budget requires', async () => {
    const entries = shapes.linear(limits.pageEntries)
    await using full = await openPeer(entries)
    await using empty = await openPeer()
    const result = await sync(empty, full, entries[0]!.id, {
      request: (request) => ({ ...request, budgetBytes: 1 }),
      // One entry in each answer's only page.
      pages: async function* (pages) {
        for await (const page of pages) yield { ...page, entries: page.entries.slice(0, 40) }
      },
    })
    assert.ok(result.roundTrips > limits.sessionRounds)
    assertFields(result, { received: entries.length, redundant: 0, equal: true })
  })

  it('runs twice at once for one tree', async () => {
    const { tree, base, left, right } = forked(500, 1100)
    await using a = await openPeer([...base, ...left])
    await using b = await openPeer([...base, ...right])
    const results = await Promise.all([sync(a, b, tree), sync(a, b, tree), sync(b, a, tree)])
    assert.ok(results.some((result) => result.equal))
    await assertSame(tree, a.store, b.store)
  })

  it('converges while both sides write', async () => {
    const { tree, base, left, right } = forked(100, 400)
    await using a = await openPeer(base)
    await using b = await openPeer(base)
    const write = async (peer: TestPeer, entries: readonly VerifiedEntry[]) => {
      for (const entry of entries) await fill(peer.store, [entry])
    }
    const syncs = async (from: TestPeer, to: TestPeer) => {
      for (let times = 0; times < 10; times++) await sync(from, to, tree)
    }
    await Promise.all([write(a, left), write(b, right), syncs(a, b), syncs(b, a)])
    await sync(a, b, tree)
    await assertSame(tree, a.store, b.store)
  })

  it('brings three peers to identical tips', async () => {
    const builder = new TreeBuilder()
    builder.chain(builder.root, 20)
    const base = [...builder.entries]
    const peers = await Promise.all([0, 1, 2].map(() => openPeer(base)))
    for (const [author, peer] of peers.entries())
      await fill(peer.store, builder.chain(base[author * 5]!, 10, { author: testIdentity(author) }))
    const [a, b, c] = peers as [TestPeer, TestPeer, TestPeer]
    await sync(a, b, builder.root.id)
    await sync(b, c, builder.root.id)
    await sync(c, a, builder.root.id)
    await assertSame(builder.root.id, b.store, c.store, a.store)
    assert.equal((await a.store.tips(builder.root.id)).length, 4)
    for (const peer of peers) await peer[Symbol.asyncDispose]()
  })

  it('relays from A through B to C, which never meets A', async () => {
    const entries = shapes.random(500, 6, prng(3))
    await using a = await openPeer(entries)
    await using b = await openPeer()
    await using c = await openPeer()
    await sync(a, b, entries[0]!.id).catch(() => {})
    await sync(b, a, entries[0]!.id)
    await sync(c, b, entries[0]!.id)
    await assertSame(entries[0]!.id, a.store, c.store)
  })

  it('converges if each side uses a new store after a fork', async () => {
    const builder = new TreeBuilder()
    builder.chain(builder.root, 5)
    const base = [...builder.entries]
    const begin = (store: string, author: number) =>
      builder.add([base.at(-1)!], {
        author: testIdentity(author),
        changes: [{ store, kind: 'add', payload: new Uint8Array([author]) }],
      })
    await using a = await openPeer([...base, begin('notes', 1)])
    await using b = await openPeer([...base, begin('tasks', 2)])
    const result = await sync(a, b, builder.root.id)
    assertFields(result, { received: 1, sent: 1, equal: true })
    await assertSame(builder.root.id, a.store, b.store)
  })

  it('fails with UNKNOWN_TREE if the remote does not have the tree', async () => {
    const entries = shapes.linear(3)
    await using a = await openPeer(entries)
    await using b = await openPeer()
    await assert.rejects(sync(a, b, entries[0]!.id), code('UNKNOWN_TREE'))
  })

  it('sends again pages that overtook their parents', async () => {
    const entries = long
    await using a = await openPeer(entries)
    await using b = await openPeer([entries[0]!])
    // After a small one that goes alone, the first page arrives after the third, so the second and third come too
    // early.
    let release = () => {}
    const third = new Promise<void>((resolve) => {
      release = resolve
    })
    let pages = 0
    // However busy the machine is, the link looks fast.
    const hurried = { ...a, clock: { ...a.clock, monotonic: () => 0 } }
    const result = await sync(hurried, b, entries[0]!.id, {
      async send(_, deliver) {
        const page = pages++
        if (page === 1) await third
        const outcome = await deliver()
        if (page < 4) assert.equal(outcome.refused.length > 0, page > 1)
        if (page === 3) release()
        return outcome
      },
    })
    assert.ok(pages > 5)
    assert.equal(result.sent, entries.length - 1)
    await assertSame(entries[0]!.id, a.store, b.store)
  })

  it('sends again only the entries of a page that came too early', async () => {
    const builder = new TreeBuilder()
    for (let count = 0; count < 20; count++) builder.add([builder.root])
    const parent = builder.last
    const child = builder.add([parent])
    await using a = await openPeer(builder.entries)
    await using b = await openPeer([builder.root])
    const sizes: number[] = []
    const result = await sync(a, b, builder.root.id, {
      async send(entries, deliver) {
        sizes.push(entries.length)
        if (sizes.length > 1) return deliver()
        // As if the parent were on its way with another page.
        const index = entries.findIndex((signed) => idOf(signed) === parent.id)
        const outcome = await deliver(entries.toSpliced(index, 1))
        const early = { code: 'ENTRY_MISSING_PARENT', message: 'It is still to come.' } as const
        return {
          ...outcome,
          refused: [
            { ...early, id: parent.id, index },
            { ...early, id: child.id, index: entries.length - 1 },
          ],
        }
      },
    })
    assert.deepEqual(sizes, [21, 2])
    assertFields(result, { sent: 21, redundant: 0, equal: true })
  })

  it('ends with CANCELLED when its signal fires, and keeps the entries received', async () => {
    const entries = long
    const tree = entries[0]!.id
    await using full = await openPeer(entries)
    await using empty = await openPeer()
    const controller = new AbortController()
    const remote = new LocalRemote(full, {
      // More pages than may be in flight.
      pages: async function* (pages) {
        for await (const { entries: all, more } of pages)
          for (let start = 0; start < all.length; start += 100)
            yield { entries: all.slice(start, start + 100), more }
      },
    })
    const onProgress = ({ received }: SessionProgress) => received > 0 && controller.abort()
    await assert.rejects(
      runSession(empty, remote, tree, { signal: controller.signal, onProgress }),
      code('CANCELLED'),
    )
    assert.equal(remote.open, 0)
    const { count } = empty.store.tree(tree)!
    assert.ok(count >= 100 && count < entries.length)
    await assert.rejects(runSession(empty, remote, tree, { signal: controller.signal }), code('CANCELLED'))
    assert.equal(remote.requests.length, 1)
  })

  it('reports progress up to all entries', async () => {
    const { tree, base, left, right } = forked(50, 1100)
    await using a = await openPeer([...base, ...left])
    await using b = await openPeer([...base, ...right])
    const steps: SessionProgress[] = []
    await runSession(a, new LocalRemote(b), tree, { onProgress: (step) => steps.push(step) })
    const last = steps.at(-1)!
    assertFields(last, { received: 1100, sent: 1100 })
    for (const [index, step] of steps.slice(1).entries())
      assert.ok(step.received >= steps[index]!.received && step.sent >= steps[index]!.sent)
    assert.equal((await idsOf(a.store, tree)).length, 51 + 2200)
  })
})
