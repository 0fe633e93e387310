/**
 * The outbox on disk: settled marks are removed soon, several in one write, and a newer mark is never lost with them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { Outbox } from '../../src/dispatcher/outbox.ts'
import { defaultSettings, Links } from '../../src/peer/links.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const { peer } = testIdentity(1)
const built = new TreeBuilder()
const [first, second] = built.chain(built.root, 2)
const { root } = built

/** Returns a linked tree with one entry, which the peer has. */
async function linked() {
  const db = await openMemory()
  const clock = new VirtualClock()
  const store = await DagStore.open(db)
  const links = await Links.open(db)
  await links.set(root.id, peer, defaultSettings)
  const outbox = await Outbox.open(db, store, links, clock)
  await store.append(root.id, [root])
  await outbox.settle(root.id, peer, 1)
  await clock.advance(limits.outboxSettleMs)
  const writes = { count: 0 }
  const batch = db.batch.bind(db) as (...args: unknown[]) => unknown
  // A page always puts a record; saving settled marks only deletes.
  const counted = (...args: [{ type: string }[]?]) => {
    if (args[0]?.every(({ type }) => type === 'del')) writes.count++
    return batch(...args)
  }
  Object.assign(db, { batch: counted })
  return { db, clock, store, outbox, writes }
}

/** Returns the mark that a new process would find. */
async function onDisk(db: Database) {
  const store = await DagStore.open(db)
  return (await Outbox.open(db, store, await Links.open(db), new VirtualClock())).mark(root.id, peer)
}

test('settled marks are removed from disk soon, in one write', async () => {
  const { db, clock, store, outbox, writes } = await linked()
  for (const [index, entry] of [first!, second!].entries()) {
    await store.append(root.id, [entry])
    await outbox.settle(root.id, peer, index + 2)
    assert.equal(outbox.mark(root.id, peer), undefined)
  }
  assert.deepEqual([writes.count, (await onDisk(db))!.from], [0, 3])
  await clock.advance(limits.outboxSettleMs)
  assert.deepEqual([writes.count, await onDisk(db)], [1, undefined])
})

test('a mark that was set again meanwhile stays', async () => {
  const { db, clock, store, outbox } = await linked()
  await store.append(root.id, [first!])
  await outbox.settle(root.id, peer, 2)
  await store.append(root.id, [second!])
  await clock.advance(limits.outboxSettleMs)
  assert.equal((await onDisk(db))!.from, 3)
})

test('closing writes what is left', async () => {
  const { db, store, outbox } = await linked()
  await store.append(root.id, [first!, second!])
  await outbox.settle(root.id, peer, 2)
  await outbox.close()
  assert.equal((await onDisk(db))!.from, 3)
})
