/** How entries spread among neighbours: what is remembered of each, what goes inline to whom, and what is fetched. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { WatchResponseSchema } from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { Spreading } from '../../../src/dispatcher/mesh/spreading.ts'
import type { DagStore } from '../../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { fill, openPeer } from '../../kit/peers.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [a, b, c] = [1, 2, 3].map((index) => testIdentity(index).peer) as [PeerId, PeerId, PeerId]
const neighbour = { isNeighbour: true, lazy: false }
const lazyNeighbour = { isNeighbour: true, lazy: true }

describe('how entries spread among neighbours', () => {
  let tree: TreeBuilder
  let store: DagStore
  let clock: VirtualClock
  let spreading: Spreading
  let isMesh: boolean
  let happened: string[]

  beforeEach(async () => {
    tree = new TreeBuilder({ author: testIdentity(1) })
    store = (await openPeer([tree.root])).store
    clock = new VirtualClock()
    isMesh = true
    happened = []
    spreading = new Spreading({
      ...{ clock, store, self: testIdentity(50).peer },
      isMesh: () => isMesh,
      memberCount: () => 1_000,
      onDirection: (peer) => happened.push(`direction ${nameOf(peer)}`),
      fetch: (_, peer) => happened.push(`fetch ${nameOf(peer)}`),
      onEqual: (_, peer) => happened.push(`equal ${nameOf(peer)}`),
      onError: (error) => assert.fail(String(error)),
    })
    store.subscribe((id, added) => spreading.added(id, added))
  })

  const nameOf = (peer: PeerId) => ['a', 'b', 'c'][[a, b, c].indexOf(peer)]
  const event = (entries: readonly VerifiedEntry[], hops = 0, tipsDigest = '') => ({
    ...{ tree: tree.root.id, tipsDigest, count: 2, cursor: 1, hops },
    entries: entries.map(({ signed }) => signed),
    tips: entries.map(({ id }) => id),
  })
  const selected = (watcher: PeerId, entries: readonly VerifiedEntry[], kind = neighbour) => {
    const all = entries.map(({ signed }) => signed)
    return spreading.select(tree.root.id, watcher, all, kind).entries.length
  }

  it('an entry does not go back to who sent it, and is one step older', async () => {
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    await spreading.receive(a, event([entry], 4))
    assert.equal(spreading.stepsOf(entry.id), 5)
    assert.deepEqual([selected(a, [entry]), selected(b, [entry])], [0, 1])
    assert.equal(selected(a, [entry], { isNeighbour: false, lazy: false }), 1, 'No neighbour of this tree.')
  })

  it('a direction in which an entry came twice is lazy, and gets young entries all the same', async () => {
    const [young, old] = tree.chain(tree.root, 2) as [VerifiedEntry, VerifiedEntry]
    await spreading.receive(a, event([young], 1))
    await spreading.receive(a, event([young], 1))
    assert.deepEqual(happened, [], 'Twice from one neighbour, as after a lost watch.')
    await spreading.receive(b, event([young], 1))
    assert.deepEqual(happened, ['direction b'])
    assert.ok(spreading.isLazy(tree.root.id, b) && !spreading.isLazy(tree.root.id, a))
    await spreading.receive(a, event([old], 5))
    assert.deepEqual([selected(c, [young], lazyNeighbour), selected(c, [old], lazyNeighbour)], [1, 0])
    spreading.forget(tree.root.id, b)
    assert.equal(spreading.isLazy(tree.root.id, b), false)
  })

  it('what is sent again changes no direction: not by a peer that is not its author and tells no steps, nor as a watch begins', async () => {
    const entries = tree.chain(tree.root, 2)
    const [entry, later] = entries as [VerifiedEntry, VerifiedEntry]
    await spreading.receive(a, event([entry], 3))
    assert.equal(spreading.stepsOf(entry.id), 4)
    await spreading.receive(b, event([entry], 0))
    assert.deepEqual(happened, ['direction b'], 'It came twice, and the first path stays.')
    assert.equal(spreading.isLazy(tree.root.id, a), false)
    await spreading.receive(a, event([later], 3))
    await spreading.receive(c, event([entry, later], 1), true)
    assert.deepEqual(happened, ['direction b'])
    const own = tree.add([later], { author: testIdentity(2) })
    await spreading.receive(a, event([own], 3))
    await spreading.receive(b, event([own], 0))
    assert.ok(spreading.isLazy(tree.root.id, a), 'From its author it came the shortest way.')
  })

  it('tips that are not here after a while are fetched from one neighbour after the other', async () => {
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    spreading.announced(a, event([entry], 2))
    spreading.announced(b, event([entry], 2))
    await clock.advance(limits.lazyWaitMs - 1)
    assert.deepEqual(happened, [])
    await clock.advance(1)
    assert.deepEqual(happened, ['fetch a'])
    await fill(store, [tree.root, entry])
    assert.equal(spreading.stepsOf(entry.id), 3, 'As many as the neighbour said, and one.')
    await clock.advance(10 * limits.lazyWaitMs)
    assert.deepEqual(happened, ['fetch a'], 'It is here, so the other one is not asked.')
  })

  it('what comes in time is not fetched', async () => {
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    spreading.announced(a, event([entry]))
    await clock.advance(limits.lazyWaitMs / 2)
    await fill(store, [tree.root, entry])
    await clock.advance(limits.lazyWaitMs)
    assert.deepEqual(happened, [])
  })

  it('a number of steps that a neighbour makes up fits into the messages to others', async () => {
    const [sent, fetched] = tree.chain(tree.root, 2) as [VerifiedEntry, VerifiedEntry]
    await spreading.receive(a, event([sent], 0xffff_ffff))
    spreading.announced(a, event([fetched], 0xffff_ffff))
    await clock.advance(limits.lazyWaitMs)
    await fill(store, [tree.root, sent, fetched])
    const { entries, hops } = spreading.select(tree.root.id, b, [sent.signed, fetched.signed], neighbour)
    const { length } = toBinary(WatchResponseSchema, create(WatchResponseSchema, { hops }))
    assert.ok(entries.length === 2 && length <= 2, `Steps: ${hops}.`)
  })

  it('nothing that is announced after the end, or in a tree with few members, is waited for', async () => {
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    isMesh = false
    spreading.announced(a, event([entry]))
    isMesh = true
    spreading.close()
    spreading.announced(b, event([entry]))
    await clock.advance(2 * limits.lazyWaitMs)
    assert.deepEqual(happened, [])
  })

  it('a neighbour that told of a state is known to be equal when that state is reached', async () => {
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    const other = await openPeer([tree.root, entry])
    await spreading.receive(a, event([], 0, await other.store.tipsDigest(tree.root.id)))
    await fill(store, [tree.root, entry])
    await clock.settle()
    assert.deepEqual(happened, ['equal a'])
  })

  it('own entries, and those that a peer sends unasked, are young', async () => {
    const [own, sent] = [
      tree.add([tree.root], { author: testIdentity(50) }),
      tree.add([tree.root], { author: testIdentity(9) }),
    ]
    spreading.sent(tree.root.id, c, [sent.signed])
    await fill(store, [tree.root, own, sent])
    assert.deepEqual([spreading.stepsOf(own.id), spreading.stepsOf(sent.id)], [0, 1])
    assert.equal(selected(a, [own, sent], lazyNeighbour), 2)
  })

  it('nothing is remembered of trees with few members, and only so much of others', async () => {
    isMesh = false
    const [entry] = tree.chain(tree.root, 1) as [VerifiedEntry]
    await spreading.receive(a, event([entry]))
    assert.equal(spreading.stepsOf(entry.id), undefined)
    isMesh = true
    await spreading.receive(a, event([entry]))
    const more = tree.chain(entry, limits.sendersKept)
    for (let from = 0; from < more.length; from += 256)
      await spreading.receive(a, event(more.slice(from, from + 256)))
    assert.equal(spreading.stepsOf(entry.id), undefined)
    assert.equal(spreading.stepsOf(more.at(-1)!.id), 1)
  })
})
