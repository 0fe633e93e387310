/**
 * The repair of a damaged tree: it keeps what is whole together with all of its ancestors, makes every other record anew,
 * survives a kill at any batch, and a sync with a whole peer then brings the rest back.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entryBytes, type VerifiedEntry } from '../../../src/dag/entry.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { Outbox } from '../../../src/dispatcher/outbox.ts'
import { defaultSettings, Links } from '../../../src/peer/links.ts'
import { auditTree } from '../../../src/store/audit/audit.ts'
import { repairStore, repairTree, type TreeRepair } from '../../../src/store/damage/repair.ts'
import * as layout from '../../../src/store/database/layout.ts'
import { type Database, openMemory } from '../../../src/store/database/open.ts'
import { Records } from '../../../src/store/database/records.ts'
import { Quota } from '../../../src/store/quota.ts'
import { DagStore } from '../../../src/store/store.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import { viewWithSketch } from '../../../src/sync/cells.ts'
import { Ingest } from '../../../src/sync/ingest.ts'
import { interceptWrites } from '../../kit/database.ts'
import { prng, shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { LocalRemote } from '../../kit/local-remote.ts'
import { assertSame, fill, openPeer } from '../../kit/peers.ts'
import { grant, policyChange, revoke, write } from '../../kit/policy.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'
import { assertHolds, code } from '../expect.ts'

const ada = testIdentity(1)
const whole = shapes.linear(40, { seed: 'whole' })

/** A tree with branches, policy entries, entries of another author, and void ones. */
function richTree(): VerifiedEntry[] {
  const builder = new TreeBuilder({ seed: 'rich' })
  const granted = builder.add([builder.root], { changes: policyChange([grant(ada, write)]) })
  const line = builder.chain(granted, 60, { author: ada })
  const revoked = builder.add([line[30]!], { changes: policyChange([revoke(ada, line[30]!)]) })
  builder.chain(revoked, 40)
  const random = prng(3)
  for (let index = 0; index < 60; index++)
    builder.add([builder.entries[Math.floor(random() * 30) + 62]!], { payload: `leaf ${index}` })
  return builder.entries
}

const rich = richTree()
const tree = rich[0]!.id
const positionOf = ({ id, body }: VerifiedEntry) => ({ id, height: body.height })

/** Runs a repair in pages of a few entries. */
async function inSmallPages<Result>(task: () => Promise<Result>): Promise<Result> {
  using _ = limited({ pageEntries: 16 })
  return await task()
}

/** Returns the entries that are not among `lost` and have no ancestor among them. */
function closedWithout(lost: ReadonlySet<EntryId>): VerifiedEntry[] {
  const gone = new Set(lost)
  for (const { id, body } of rich) if (body.parents.some((parent) => gone.has(parent))) gone.add(id)
  return rich.filter(({ id }) => !gone.has(id))
}

type Damage = (db: Database, number: number) => Promise<unknown>

/** Opens a store whose tree was damaged while nobody had it open. */
async function damaged(damage: Damage, db?: Database): Promise<DagStore> {
  const database = db ?? (await openMemory())
  const store = await DagStore.open(database)
  await fill(store, whole)
  await fill(store, rich)
  await store.sketches.of(tree)
  await damage(database, store.numberOfStored(tree)!)
  return DagStore.open(database)
}

async function assertSound(store: DagStore, entries: readonly VerifiedEntry[]): Promise<void> {
  await assertHolds(store, entries)
  assert.equal((await viewWithSketch(store, tree))!.sketch.total, entries.length)
  const voids = await store.voidAmong(tree, entries.map(positionOf))
  const fresh = await openPeer(entries)
  assert.deepEqual(voids, await fresh.store.voidAmong(tree, entries.map(positionOf)))
  await fresh[Symbol.asyncDispose]()
  await assertHolds(store, whole)
}

/** Syncs a store with one that has everything. Both must be equal then. */
async function assertHeals(store: DagStore): Promise<void> {
  await using peer = await openPeer(rich)
  const clock = new VirtualClock()
  const local = { store, ingest: new Ingest(store), clock }
  const { equal } = await runSession(local, new LocalRemote(peer), tree)
  assert.equal(equal, true)
  await assertSame(tree, store, peer.store)
  assert.deepEqual((await auditTree(store, tree)).problems, [])
}

const middle = rich[20]!
const leaf = rich.at(-1)!
const policyEntry = rich[1]!

const damages: Record<string, { damage: Damage; lost: readonly VerifiedEntry[] }> = {
  'an arrival is gone': { damage: (db, number) => db.del(layout.arrivalKey(number, 9)), lost: [] },
  'the last arrival is gone': {
    damage: (db, number) => db.del(layout.arrivalKey(number, rich.length)),
    lost: [],
  },
  'tips are gone': { damage: (db, number) => db.clear(layout.tipRange(number)), lost: [] },
  'the policy is gone': {
    damage: async (db, number) => {
      await db.clear(layout.policyRange(number))
      await db.clear(layout.pointRange(number))
    },
    lost: [],
  },
  'an index record is gone': { damage: (db) => db.del(layout.indexKey(middle.id)), lost: [] },
  'an index record is damaged': {
    damage: (db) => db.put(layout.indexKey(middle.id), Buffer.alloc(60)),
    lost: [],
  },
  'the record of the tree is damaged': {
    damage: (db) => db.put(layout.treeKey(tree), Buffer.alloc(64)),
    lost: [],
  },
  'a leaf is gone': {
    damage: (db, number) => db.del(layout.entryKey(number, positionOf(leaf))),
    lost: [leaf],
  },
  'an entry in the middle is gone': {
    damage: (db, number) => db.del(layout.entryKey(number, positionOf(middle))),
    lost: [middle],
  },
  'an entry has a flipped bit': {
    damage: async (db, number) => {
      const value = layout.encodeEntry(middle.signed)
      value[100]! ^= 1
      await db.put(layout.entryKey(number, positionOf(middle)), value)
    },
    lost: [middle],
  },
  'a policy entry is gone': {
    damage: (db, number) => db.del(layout.entryKey(number, positionOf(policyEntry))),
    lost: [policyEntry],
  },
  'a page is gone with all of its records': {
    damage: async (db, number) => {
      for (let sequence = 21; sequence <= 25; sequence++) {
        const { id, body } = rich[sequence - 1]!
        await db.del(layout.arrivalKey(number, sequence))
        await db.del(layout.entryKey(number, { id, height: body.height }))
        await db.del(layout.indexKey(id))
      }
    },
    lost: rich.slice(20, 25),
  },
}

describe('a repair', () => {
  for (const [name, { damage, lost }] of Object.entries(damages))
    it(`makes a tree sound if ${name}, and a sync brings back the rest`, async () => {
      const store = await damaged(damage)
      const expected = closedWithout(new Set(lost.map(({ id }) => id)))
      const { problems, kept, dropped } = await inSmallPages(() => repairTree(store, tree))
      assert.ok(problems.length > 0)
      assert.equal(kept, expected.length)
      assert.ok(dropped <= rich.length - expected.length)
      await assertSound(store, expected)
      assert.deepEqual(store.notes.list(), [])
      const again = await DagStore.open(store.db)
      await assertSound(again, expected)
      // Nothing is left under the old number.
      const number = again.numberOfStored(tree)!
      const numbers = (await again.db.keys(layout.allEntries).all()).map(layout.numberOfKey)
      assert.deepEqual([...new Set(numbers)].sort(), [again.numberOfStored(whole[0]!.id)!, number].sort())
      const indexes = (await again.db.keys(layout.indexRange).all()).length
      assert.equal(indexes, expected.length + whole.length)
      await assertHeals(again)
      assert.deepEqual(await repairTree(again, tree), {
        ...{ tree, problems: [], kept: rich.length, dropped: 0 },
      })
      await again.close()
    })

  it('goes on after it was cut at any batch', async () => {
    const { damage, lost } = damages['an entry in the middle is gone']!
    const db = await openMemory()
    let store = await damaged(damage, db)
    Object.assign(db, { close: async () => {} })
    const expected = closedWithout(new Set(lost.map(({ id }) => id)))
    let cuts = 0
    // The first batch notes that the tree is set aside.
    for (let cut = 1; ; cut++) {
      let left = cut
      const stop = interceptWrites(store, async (batch) => {
        if (left-- <= 0) throw new Error('the process ended')
        await batch()
      })
      const ended = await inSmallPages(() => repairTree(store, tree)).then(
        () => true,
        () => false,
      )
      stop()
      store = await DagStore.open(db)
      await assertHolds(store, whole)
      if (ended) break
      cuts++
      assert.ok(cuts < 40, 'each run gets further')
      // Until it is whole, nobody sees a part of it.
      const summary = await store.summary(tree).catch((error) => error)
      assert.equal(summary.code, 'STORE_CORRUPT')
    }
    assert.ok(cuts > 4, `it was cut ${cuts} times`)
    await assertSound(store, expected)
    await assertHeals(store)
    await store.close()
  })

  it('refuses the tree to others until it ends, and is joined by a second one', async () => {
    using _ = limited({ pageEntries: 16 })
    const store = await damaged(damages['tips are gone']!.damage)
    let asked: Promise<unknown> | undefined
    const first = repairTree(store, tree, {
      onProgress: (done) => {
        if (store.damageOf(tree) === undefined || done > 100) return
        asked ??= Promise.all([
          assert.rejects(store.append(tree, rich.slice(0, 1)), code('STORE_CORRUPT')),
          assert.rejects(store.view(tree), code('STORE_CORRUPT')),
          fill(store, shapes.linear(3, { seed: 'meanwhile' })),
        ])
      },
    })
    const second = repairTree(store, tree)
    assert.deepEqual((await first).kept, rich.length)
    assert.deepEqual((await second).kept, rich.length)
    await asked
    assert.ok(asked !== undefined)
    await assertSound(store, rich)
    await store.close()
  })

  it('stops when the store closes', async () => {
    using _ = limited({ pageEntries: 16 })
    const store = await damaged(damages['tips are gone']!.damage)
    let closing: Promise<void> | undefined
    const repair = repairTree(store, tree, {
      onProgress: () => {
        if (store.damageOf(tree) !== undefined) closing ??= store.close()
      },
    })
    await assert.rejects(repair, code('CLOSED'))
    await closing
  })

  it('leaves nothing of a tree whose root is lost, which can come back', async () => {
    const store = await damaged((db, number) => db.del(layout.entryKey(number, positionOf(rich[0]!))))
    const { kept, dropped } = await repairTree(store, tree)
    assert.deepEqual([kept, dropped], [0, rich.length - 1])
    assert.equal(store.tree(tree), undefined)
    await assertHeals(store)
    await store.close()
  })

  it('finds a tree whose record is lost', async () => {
    const store = await damaged((db) => db.del(layout.treeKey(tree)))
    assert.equal(store.tree(tree), undefined)
    const results: TreeRepair[] = []
    for await (const result of repairStore(store)) results.push(result)
    assert.deepEqual(results.map(({ tree: which, kept }) => [which, kept]).sort(), [
      ...[
        [tree, rich.length],
        [whole[0]!.id, whole.length],
      ].sort(),
    ])
    await assertSound(store, rich)
    await store.close()
  })

  it('of the store forgets what LevelDB dropped, and what it says of it again', async () => {
    const store = await damaged(async () => {})
    await store.notes.addLog(['one: dropping 7 bytes', 'two: dropping 8 bytes'])
    assert.equal(store.notes.list().length, 2)
    for await (const { problems } of repairStore(store)) assert.deepEqual(problems, [])
    assert.deepEqual(store.notes.list(), [])
    await store.notes.addLog(['two: dropping 8 bytes', 'three: dropping 9 bytes'])
    assert.match(store.notes.list()[0]!.message, /three/)
    await store.close()
  })

  it('marks the links of the tree, and counts authors anew', async () => {
    const db = await openMemory()
    const first = await DagStore.open(db)
    await Quota.open(db, first, testIdentity(9).peer, {})
    const links = await Links.open(db)
    const peers = [testIdentity(2).peer, testIdentity(3).peer]
    for (const peer of peers) await links.set(tree, peer, defaultSettings)
    await fill(first, rich)
    const entryKey = layout.entryKey(first.numberOfStored(tree)!, positionOf(rich[40]!))
    await db.del(entryKey)
    const store = await DagStore.open(db)
    await Quota.open(db, store, testIdentity(9).peer, {})
    const outbox = await Outbox.open(db, store, links, new VirtualClock())
    await repairTree(store, tree)
    const kept = closedWithout(new Set([rich[40]!.id]))
    for (const peer of peers) assert.equal(outbox.mark(tree, peer)?.from, 0)
    const accounts = await Records.open<{ bytes: number }>(db, 'quota')
    for (const { peer } of [ada, testIdentity(0)]) {
      const own = kept.filter(({ body }) => body.author === peer)
      const bytes = own.reduce((sum, { signed }) => sum + entryBytes(signed), 0)
      assert.equal(accounts.get(`${tree} ${peer}`)?.bytes, bytes)
    }
    await store.close()
  })
})

describe('damaged records', () => {
  /** Flips a bit in every record of a kind. */
  async function flipAll(db: Database, name: string): Promise<void> {
    const sublevel = db.sublevel<Buffer, Buffer>(name, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    for (const [key, value] of await sublevel.iterator().all()) {
      value[0]! ^= 1
      await sublevel.put(key, value)
    }
  }

  it('of the outbox mark every link', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    const links = await Links.open(db)
    const peers = [testIdentity(2).peer, testIdentity(3).peer]
    for (const peer of peers) await links.set(tree, peer, defaultSettings)
    await Outbox.open(db, store, links, new VirtualClock())
    await fill(store, rich)
    await flipAll(db, 'outbox')
    const again = await DagStore.open(db)
    const outbox = await Outbox.open(db, again, await Links.open(db), new VirtualClock())
    for (const peer of peers) assert.equal(outbox.mark(tree, peer)?.from, 0)
    await store.close()
  })

  it('of a quota are counted again, and then not reported', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    await Quota.open(db, store, testIdentity(9).peer, {})
    await fill(store, rich)
    const before = [...(await Records.open(db, 'quota')).entries()]
    await flipAll(db, 'quota')
    const again = await DagStore.open(db)
    await Quota.open(db, again, testIdentity(9).peer, {})
    assert.deepEqual([...(await Records.open(db, 'quota')).entries()], before)
    assert.deepEqual(again.notes.list(), [])
    await store.close()
  })
})

describe('removing a tree that is set aside', () => {
  it('leaves nothing of it, also in the middle of a repair', async () => {
    using _ = limited({ pageEntries: 16, removalEntries: 16 })
    for (const isBegun of [false, true]) {
      const db = await openMemory()
      Object.assign(db, { close: async () => {} })
      let store = await damaged(damages['an entry in the middle is gone']!.damage, db)
      await store.summary(tree).catch(() => {})
      if (isBegun) {
        let left = 5
        const stop = interceptWrites(store, async (batch) => {
          if (left-- <= 0) throw new Error('the process ended')
          await batch()
        })
        await assert.rejects(repairTree(store, tree))
        stop()
        store = await DagStore.open(db)
        assert.ok((store.notes.ofTree(tree)?.sources?.length ?? 0) > 0)
      }
      await store.removals.remove(tree)
      assert.equal(store.tree(tree), undefined)
      assert.deepEqual(store.notes.list(), [])
      const numbers = new Set((await db.keys(layout.allEntries).all()).map(layout.numberOfKey))
      assert.equal(numbers.size, 1)
      assert.equal((await db.keys(layout.indexRange).all()).length, whole.length)
      await fill(store, rich)
      await assertSound(store, rich)
      await store.close()
    }
  })

  it('goes on if the record of the removal is damaged', async () => {
    const db = await openMemory()
    Object.assign(db, { close: async () => {} })
    let store = await damaged(async () => {}, db)
    let left = 1
    const stop = interceptWrites(store, async (batch) => {
      if (left-- <= 0) throw new Error('the process ended')
      await batch()
    })
    await assert.rejects(store.removals.remove(tree))
    stop()
    await db.put(layout.removalKey(tree), Buffer.alloc(10))
    store = await DagStore.open(db)
    await assertHolds(store, whole)
    assert.equal(store.tree(tree), undefined)
    await store.removals.remove(tree)
    assert.equal((await db.keys(layout.indexRange).all()).length, whole.length)
    assert.equal((await db.keys(layout.removalRange).all()).length, 0)
    await store.close()
  })
})
