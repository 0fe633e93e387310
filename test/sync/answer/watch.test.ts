/** The serving side of Watch: which events a watcher gets, how large they are, and where a watch resumes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { readEntry, type SignedEntry, type VerifiedEntry } from '../../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import type { WatchEvent } from '../../../src/sync/answer/tree-watch.ts'
import { serveWatch, type WatchMessage } from '../../../src/sync/answer/watch.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import { fill, openPeer } from '../../kit/peers.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const mayRead = async () => true

/** A watch of one tree that knows everything that is there, with its first sign of life taken. */
async function watched(...options: Parameters<typeof openPeer>) {
  const tree = new TreeBuilder()
  const peer = await openPeer([tree.root, ...(options[0] ?? [])])
  const clock = new VirtualClock()
  const stop = new AbortController()
  const from = { tree: tree.root.id, cursor: 0, tipsDigest: await peer.store.tipsDigest(tree.root.id) }
  const watch = serveWatch({ store: peer.store, clock, mayRead }, [from], stop.signal)
  assert.equal((await watch.next()).value, undefined)
  // From here on it has seen that both have the same.
  const pending = next(watch)
  await clock.settle()
  return { tree, peer, clock, watch, stop, pending }
}

async function next(watch: AsyncGenerator<WatchMessage>): Promise<WatchEvent> {
  return (await watch.next()).value as WatchEvent
}

function idsOf({ entries }: WatchEvent): EntryId[] {
  return entries.map((signed) => readEntry(signed).id)
}

test('a change comes whole, with digest, count and tips', async () => {
  const { tree, peer, pending } = await watched()
  const [first, second] = tree.chain(tree.root, 2)
  await fill(peer.store, [tree.root, first!, second!])
  const event = await pending
  assert.deepEqual(idsOf(event), [first!.id, second!.id])
  assertFields(event, { count: 3, tips: [second!.id] })
  assert.equal(event.tipsDigest, await peer.store.tipsDigest(tree.root.id))
})

test('a slow watcher gets events of bounded size, with tips only in the last', async () => {
  const { tree, peer, watch, pending } = await watched()
  tree.chain(tree.root, 600)
  await fill(peer.store, tree.entries)
  const events: WatchEvent[] = [await pending]
  while (events.at(-1)!.cursor < 601) events.push(await next(watch))
  assert.deepEqual(
    events.flatMap(idsOf),
    tree.entries.slice(1).map(({ id }) => id),
  )
  for (const { entries } of events) {
    assert.ok(entries.length <= limits.inlineEntries)
    assert.ok(entries.reduce((sum, { body }) => sum + body.length + 64, 0) <= limits.inlineBytes)
  }
  assert.deepEqual(
    events.map(({ tips }) => tips.length),
    [...events.slice(1).map(() => 0), 1],
  )
})

test('a watcher that lacks so much that a session is faster gets an event without entries', async () => {
  const tree = new TreeBuilder()
  tree.chain(tree.root, limits.watchBehindEntries + 1)
  const { store } = await openPeer([])
  // All of it before the watch begins: told page by page as it is written, the watcher would be behind by a page.
  await fill(store, tree.entries)
  const from = { tree: tree.root.id, cursor: 1, tipsDigest: '' }
  const watch = serveWatch(
    { store, clock: new VirtualClock(), mayRead },
    [from],
    new AbortController().signal,
  )
  await watch.next()
  const event = await next(watch)
  assertFields(event, { entries: [], cursor: limits.watchBehindEntries + 2, tips: [tree.last.id] })
  await watch.return(undefined)
})

test('an entry larger than an event is reported by its tip alone', async () => {
  const { tree, peer, pending } = await watched()
  const large = tree.add([tree.root], { payload: new Uint8Array(limits.inlineBytes) })
  await fill(peer.store, [tree.root, large])
  assertFields(await pending, { entries: [], tips: [large.id] })
})

test('a watch resumes from a cursor, and sends signs of life while nothing happens', async () => {
  const { tree, peer, clock, watch, stop, pending } = await watched()
  tree.chain(tree.root, 3)
  await fill(peer.store, tree.entries)
  const { cursor } = await pending
  const last = tree.add()
  await fill(peer.store, [tree.root, ...tree.entries.slice(1)])
  const again = serveWatch(
    { store: peer.store, clock, mayRead },
    [{ tree: tree.root.id, cursor, tipsDigest: '' }],
    stop.signal,
  )
  assert.equal((await again.next()).value, undefined)
  assert.deepEqual(idsOf(await next(again)), [last.id])
  const silent = again.next()
  await clock.advance(limits.watchHeartbeatMs)
  assert.deepEqual(await silent, { done: false, value: undefined })
  const ended = again.next()
  stop.abort()
  assert.equal((await ended).done, true)
  await watch.return(undefined)
  assert.equal(clock.pendingTimers, 0)
})

/** Follows two trees: one that the watcher may read, and one whose changes it may not notice. */
async function beside(allowed: (tree: EntryId) => boolean) {
  const shown = new TreeBuilder()
  const hidden = new TreeBuilder({ seed: 'hidden' })
  const peer = await openPeer([shown.root])
  await fill(peer.store, [hidden.root])
  const clock = new VirtualClock()
  const stop = new AbortController()
  const trees = [shown, hidden].map(({ root }) => ({ tree: root.id, cursor: 1, tipsDigest: '' }))
  const parts = { store: peer.store, clock, mayRead: async (tree: EntryId) => allowed(tree) }
  const watch = serveWatch(parts, trees, stop.signal)
  return { shown, hidden, peer, clock, stop, watch }
}

/** Returns when messages come to a watcher while a tree that it may not read changes so many times, once a second. */
async function timesBeside(changes: number): Promise<number[]> {
  let secret: EntryId | undefined
  const { shown, hidden, peer, clock, stop, watch } = await beside((tree) => tree !== secret)
  secret = hidden.root.id
  const times: number[] = []
  const reading = (async () => {
    for await (const message of watch) {
      times.push(clock.monotonic())
      assert.ok(message === undefined || ('tree' in message && message.tree === shown.root.id))
    }
  })()
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000)
    if (second >= changes) continue
    hidden.add()
    await fill(peer.store, hidden.entries)
  }
  stop.abort()
  await reading
  assert.equal(clock.pendingTimers, 0)
  return times
}

test('a change that is withheld moves no sign of life', async () => {
  // The beginning, the event that says what is there, and a sign of life each 15 seconds.
  const expected = [0, 0, 15_000, 30_000, 45_000, 60_000]
  for (const changes of [0, 1, 10, 60]) assert.deepEqual(await timesBeside(changes), expected)
})

test('a question for rights that takes long delays no sign of life, and no other watcher', async () => {
  const tree = new TreeBuilder()
  const peer = await openPeer([tree.root])
  const clock = new VirtualClock()
  const stop = new AbortController()
  const parts = { store: peer.store, clock, mayRead: () => new Promise<never>(() => {}) }
  const watch = serveWatch(parts, [{ tree: tree.root.id, cursor: 0, tipsDigest: '' }], stop.signal)
  assert.equal((await watch.next()).value, undefined)
  const second = watch.next()
  await clock.advance(limits.watchHeartbeatMs)
  assert.deepEqual(await second, { done: false, value: undefined })
  const third = watch.next()
  stop.abort()
  assert.equal((await third).done, true)
  assert.equal(clock.pendingTimers, 0)
})

test('a watcher that takes an event late gets nothing of a tree that it may not read any more', async () => {
  let allowed = true
  const { shown, hidden, peer, clock, stop, watch } = await beside(
    (tree) => allowed || tree === shown.root.id,
  )
  assert.equal((await watch.next()).value, undefined)
  const seen: EntryId[] = [(await next(watch)).tree]
  // Both trees have changed and may be read, but the watcher takes nothing yet.
  hidden.add()
  await fill(peer.store, hidden.entries)
  await clock.settle()
  allowed = false
  shown.add()
  await fill(peer.store, shown.entries)
  seen.push((await next(watch)).tree)
  assert.deepEqual(seen, [shown.root.id, shown.root.id])
  const last = watch.next()
  stop.abort()
  assert.equal((await last).done, true)
})

test('a watcher is told of new addresses of members, together and not too often, if it may know', async () => {
  const [one, two, other] = [1, 2, 3].map((seed) => new TreeBuilder({ seed }).root) as [
    VerifiedEntry,
    VerifiedEntry,
    VerifiedEntry,
  ]
  const { store } = await openPeer()
  const clock = new VirtualClock()
  const stop = new AbortController()
  let tell = (_: EntryId) => {}
  const parts = {
    ...{ store, clock, mayRead },
    onNews: (listener: typeof tell) => {
      tell = listener
      return () => {
        tell = () => assert.fail('It is not told any more.')
      }
    },
    mayLearn: async (tree: EntryId) => tree !== two.id,
  }
  const trees = [one, two].map(({ id: tree }) => ({ tree, cursor: 0, tipsDigest: '' }))
  const told: [number, WatchMessage][] = []
  const reading = (async () => {
    for await (const message of serveWatch(parts, trees, stop.signal)) told.push([clock.monotonic(), message])
  })()
  await clock.settle()
  for (let second = 0; second < 4; second++) {
    // One that it does not watch, and one of which it may not know.
    for (const { id } of [other, two, one, one]) tell(id)
    await clock.advance(1_000)
  }
  tell(two.id)
  await clock.advance(60_000)
  const news = { addressesChanged: [one.id] }
  const heartbeat = limits.watchHeartbeatMs
  assert.deepEqual(told.slice(0, 4), [
    [0, undefined],
    [0, news],
    [limits.recordNewsMs, news],
    [limits.recordNewsMs + heartbeat, undefined],
  ])
  assert.ok(told.slice(3).every(([, message]) => message === undefined))
  stop.abort()
  await reading
})

test('a watcher that asks to be a neighbour is refused once, at first or later, and other trees go on', async () => {
  const tree = new TreeBuilder()
  const other = new TreeBuilder({ seed: 2 })
  const peer = await openPeer([tree.root])
  await fill(peer.store, [other.root])
  const stop = new AbortController()
  let isNeighbour = true
  let drop = (_tree: TreeId) => {}
  const asked: unknown[] = []
  const neighbours = {
    admit: async (id: TreeId, urgent: boolean) => {
      asked.push([id, urgent])
      return id === tree.root.id
    },
    holds: () => isNeighbour,
    select: (_: TreeId, entries: readonly SignedEntry[]) => ({ entries, hops: 0 }),
    onDrop: (listener: (tree: TreeId) => void) => {
      drop = listener
      return () => {}
    },
  }
  const trees = [
    { tree: tree.root.id, cursor: 0, tipsDigest: '', asks: 'urgent' as const },
    { tree: other.root.id, cursor: 0, tipsDigest: '', asks: 'ask' as const },
  ]
  const clock = new VirtualClock()
  const watch = serveWatch({ store: peer.store, clock, mayRead, neighbours }, trees, stop.signal)
  assert.equal(await next(watch), undefined)
  const [admitted, refused] = [await next(watch), await next(watch)]
  assertFields(admitted, { tree: tree.root.id, count: 1 })
  assertFields(refused, { tree: other.root.id, count: 0, cursor: 0, refused: true })
  assert.deepEqual(asked, [
    [tree.root.id, true],
    [other.root.id, false],
  ])
  const [news, silent] = [tree.chain(tree.root, 1), other.chain(other.root, 1)]
  await fill(peer.store, [other.root, ...silent])
  await fill(peer.store, [tree.root, ...news])
  assert.deepEqual(idsOf(await next(watch)), [news[0]!.id])
  isNeighbour = false
  drop(tree.root.id)
  assertFields(await next(watch), { tree: tree.root.id, refused: true })
  stop.abort()
})
