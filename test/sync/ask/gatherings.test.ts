/**
 * The first syncs of a node: all who want a tree share one, each with the peers that it can ask. Sources come while it runs,
 * and go with the share that brought them.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { Source } from '../../../src/sync/ask/gather-sources.ts'
import { Gatherings } from '../../../src/sync/ask/gatherings.ts'
import type { SessionProgress } from '../../../src/sync/ask/transfer.ts'
import { prng, shapes, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { assertSame, openPeer } from '../../kit/peers.ts'

const entries = shapes.random(3000, 30, prng(7))
const tree = entries[0]!.id
const full = await openPeer(entries)
const part = await openPeer(entries.slice(0, 1500))

type LocalSource = Source & { readonly remote: LocalRemote }

function source(index: number, hooks: RemoteHooks = {}, of = full): LocalSource {
  return { peer: testIdentity(60 + index).peer, remote: new LocalRemote(of, hooks) }
}

/** Runs `act` once, when the first page of a chunk has come. */
function onFirstPage(act: () => void): RemoteHooks {
  let done = false
  return {
    pages: async function* (pages) {
      for await (const page of pages) {
        yield page
        if (!done) act()
        done = true
      }
    },
  }
}

describe('those who want one tree', () => {
  it('share one first sync: a source that comes later takes a share, and nothing is fetched twice', async () => {
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const late = source(2)
    const progress: SessionProgress[] = []
    let second: Promise<void> | undefined
    let secondGave = 0
    const early = source(
      1,
      onFirstPage(() => {
        assert.ok(gatherings.isRunning(tree))
        const share = gatherings.share(tree, { onProgress: (each) => progress.push(each) })!
        share.join(late)
        second = share.run().then(() => {
          secondGave = share.given
        })
      }),
    )
    const first = gatherings.share(tree)!
    first.join(early)
    await first.run()
    await second
    await assertSame(tree, empty.store, full.store)
    assert.ok(early.remote.entriesPulled > 0 && late.remote.entriesPulled > 0)
    assert.equal(early.remote.entriesPulled + late.remote.entriesPulled, entries.length)
    assert.deepEqual([first.received, first.redundant], [entries.length, 0])
    assert.equal(first.given, early.remote.entriesPulled)
    assert.equal(secondGave, late.remote.entriesPulled)
    assert.ok(progress.length > 0 && progress.at(-1)!.received <= entries.length)
    assert.equal(gatherings.isRunning(tree), false)
  })

  it('go on without one that leaves; when the last has left, the next one begins where it ended', async () => {
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const leaving = new AbortController()
    const reason = new CausewayError('CANCELLED', 'The link was ended.')
    const gone = source(
      1,
      onFirstPage(() => leaving.abort(reason)),
    )
    const stays = source(2)
    const [first, second] = [gatherings.share(tree, { signal: leaving.signal })!, gatherings.share(tree)!]
    first.join(gone)
    second.join(stays)
    await Promise.all([assert.rejects(first.run(), { code: 'CANCELLED' }), second.run()])
    await assertSame(tree, empty.store, full.store)
    assert.deepEqual([gone.remote.open, stays.remote.open], [0, 0])

    await using other = await openPeer()
    const alone = new Gatherings(other)
    const last = new AbortController()
    const share = alone.share(tree, { signal: last.signal })!
    let pages = 0
    const cut = source(1, {
      pages: async function* (all) {
        for await (const page of all) {
          if (++pages === 4) last.abort(reason)
          yield page
        }
      },
    })
    share.join(cut)
    const ended = assert.rejects(share.run(), { code: 'CANCELLED' })
    await ended
    assert.deepEqual([alone.isRunning(tree), cut.remote.open], [false, 0])
    const stored = other.store.tree(tree)?.count ?? 0
    assert.ok(stored > 0 && stored < entries.length, `${stored}`)
    const again = alone.share(tree)!
    const next = source(2)
    again.join(next)
    await again.run()
    await assertSame(tree, other.store, full.store)
    assert.equal(next.remote.entriesPulled, entries.length - stored)
  })

  it('hear at once that their own source is lost, and may come again', async () => {
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const back = source(1)
    let again: Promise<void> | undefined
    const [first, second] = [gatherings.share(tree)!, gatherings.share(tree)!]
    first.join(source(1, { cutAfterPage: 1 }))
    second.join(source(2))
    const lost = first.run().catch((error) => {
      assert.equal(error.code, 'DISCONNECTED')
      assert.ok(gatherings.isRunning(tree), 'The other one goes on.')
      const share = gatherings.share(tree)!
      share.join(back)
      again = share.run()
    })
    await Promise.all([lost, second.run()])
    await again
    await assertSame(tree, empty.store, full.store)
  })

  it('do not take a source for lost that has other entries, or is slow: a session with it follows', async () => {
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const [first, second] = [gatherings.share(tree)!, gatherings.share(tree)!]
    first.join(source(1))
    const behind = source(2, {}, part)
    second.join(behind)
    await Promise.all([first.run(), second.run()])
    await assertSame(tree, empty.store, full.store)
    assert.deepEqual(second.usableSources, [behind])
    // It has lost what its own outline named.
    await using other = await openPeer()
    const alone = new Gatherings(other)
    const share = alone.share(tree)!
    share.join(
      source(3, {
        pages: async function* (pages) {
          for await (const { entries: all } of pages) yield { entries: all.slice(1), more: false }
        },
      }),
    )
    await share.run()
    assert.equal(share.usableSources.length, 1)
    assert.equal(share.reports()[0]!.error?.code, 'PROTOCOL')
  })

  it('wait for a place when there are too many sources, and take that of one that is lost', async () => {
    using _ = limited({ gatherSources: 1 })
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const [first, second, third] = [1, 2, 3].map(() => gatherings.share(tree)!)
    const next = source(2)
    const never = source(3)
    first!.join(source(1, { cutAfterPage: 1 }))
    second!.join(next)
    third!.join(never)
    await Promise.all([assert.rejects(first!.run(), { code: 'DISCONNECTED' }), second!.run(), third!.run()])
    await assertSame(tree, empty.store, full.store)
    assert.ok(next.remote.entriesPulled > 0)
    assert.equal(never.remote.requests.length, 0)
  })

  it('are told if there are too many first syncs, of which each has its bound', async () => {
    using _ = limited({ gatheringsAtOnce: 1 })
    await using empty = await openPeer()
    const gatherings = new Gatherings(empty)
    const share = gatherings.share(tree)!
    const other = 'ab'.repeat(32) as TreeId
    assert.equal(gatherings.share(other), undefined)
    assert.ok(gatherings.share(tree) !== undefined)
    share.join(source(1))
    await share.run()
    await assertSame(tree, empty.store, full.store)
    assert.equal(limits.gatheringsAtOnce, 1)
  })

  it('fail together if the store fails', async () => {
    await using empty = await openPeer()
    const failure = new CausewayError('STORE_FULL', 'The disk is full.')
    const ingest = { page: () => Promise.reject(failure) } as unknown as typeof empty.ingest
    const gatherings = new Gatherings({ store: empty.store, ingest, clock: empty.clock })
    const shares = [1, 2].map((index) => {
      const share = gatherings.share(tree)!
      share.join(source(index))
      return share
    })
    const outcomes = await Promise.allSettled(shares.map((share) => share.run()))
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason),
      [failure, failure],
    )
  })
})
