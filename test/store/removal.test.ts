/**
 * Removing a tree: it is gone for everybody from the first batch on, nothing of it is left at the end, its number is
 * never used again, other trees are untouched, and a removal that was cut goes on after the next opening.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../src/base/limits.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import * as layout from '../../src/store/database/layout.ts'
import { type Database, openFolder, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { interceptWrites } from '../kit/database.ts'
import { shapes, TreeBuilder, testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { fill, tempFolder } from '../kit/peers.ts'
import { grant, policyChange, revoke, write } from '../kit/policy.ts'
import { assertHolds, code } from './expect.ts'

const ada = testIdentity(1)

/** A tree that has records of every kind: several policy entries and points, void entries, tips, and a sketch. */
function richHistory(): VerifiedEntry[] {
  const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE, seed: 'rich' })
  const granted = tree.add([tree.root], { changes: policyChange([grant(ada, write)]) })
  const [first] = tree.chain(granted, 3, { author: ada })
  const revoked = tree.add([first!], { changes: policyChange([revoke(ada, first!)]) })
  const tips = limits.sketchMinCells * limits.sketchEntriesPerCell * 2
  for (let index = 0; index < tips; index++) tree.add([revoked], { payload: `tip ${index}` })
  return tree.entries
}

const other = shapes.linear(30, { seed: 'other' })
const rich = richHistory()
const tree = rich[0]!.id

/** Returns all records of a database, but that of the least unused number. */
async function recordsOf(db: Database): Promise<Map<string, string>> {
  const records = new Map<string, string>()
  for await (const [key, value] of db.iterator())
    if (!key.equals(layout.unusedKey)) records.set(key.toString('hex'), value.toString('hex'))
  return records
}

/** Fills a store with the tree, and with what is derived from it. */
async function fillRich(store: DagStore): Promise<void> {
  await fill(store, rich)
  await store.voidAmong(
    tree,
    rich.map(({ id, body }) => ({ id, height: body.height })),
  )
  await store.sketches.of(tree)
}

/** Holds the first removal of a store until `release` is called. */
function holdRemoval(store: DagStore): { begun: Promise<void>; release: () => void } {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const begun = new Promise<void>((resolve) => {
    store.removals.onRemove(async () => {
      resolve()
      await gate
    })
  })
  return { begun, release }
}

describe('removing a tree', () => {
  it('leaves no record of it, and every record of other trees', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    await fill(store, other)
    await store.sketches.of(other[0]!.id)
    const before = await recordsOf(db)
    await fillRich(store)
    const added = [...(await recordsOf(db)).keys()].filter((key) => !before.has(key))
    const kinds = new Set(added.map((key) => String.fromCharCode(Number.parseInt(key.slice(0, 2), 16))))
    assert.deepEqual([...kinds].sort().join(''), '!AEGIOPTV', 'the test has records of every kind')
    assert.equal(await store.removals.remove(tree), rich.length)
    assert.deepEqual(await recordsOf(db), before)
    await assertHolds(store, other)
    await assert.rejects(store.removals.remove(tree), code('UNKNOWN_TREE'))
    await store.close()
  })

  it('takes the tree away from everybody before anything is deleted', async () => {
    const store = await DagStore.open(await openMemory())
    await fill(store, other)
    await fillRich(store)
    await using view = await store.view(tree)
    const { begun, release } = holdRemoval(store)
    const removal = store.removals.remove(tree)
    await begun
    assert.deepEqual(
      store.trees().map((info) => info.tree),
      [other[0]!.id],
    )
    assert.equal(store.tree(tree), undefined)
    assert.equal(await store.policy(tree), undefined)
    assert.equal((await store.summary(tree)).count, 0)
    assert.equal(await store.view(tree), undefined)
    assert.equal(await store.sketches.of(tree), undefined)
    const ids = rich.slice(0, 5).map(({ id }) => id)
    assert.deepEqual(
      await store.lookup(ids),
      ids.map(() => undefined),
    )
    assert.deepEqual(
      await store.get(ids),
      ids.map(() => undefined),
    )
    await assert.rejects(store.arrivals(tree, 0, 10), code('UNKNOWN_TREE'))
    await assert.rejects(store.scan(tree, { snapshot: view!.snapshot }).next(), code('UNKNOWN_TREE'))
    await assert.rejects(auditTree(store, tree), code('UNKNOWN_TREE'))
    // It cannot come back before the removal has ended, and its room is not free yet. Other trees go on.
    await assert.rejects(store.append(tree, rich.slice(0, 1)), code('RESOURCE_EXHAUSTED'))
    assert.ok(store.bytes > view!.bytes)
    await fill(store, shapes.linear(5, { seed: 'new' }))
    release()
    await removal
    assert.ok(store.bytes < view!.bytes)
    await store.close()
  })

  it('lets the tree come back whole, under a number that no tree has had', async () => {
    await using folder = await tempFolder()
    let store = await DagStore.open(await openFolder(folder.path))
    const numberOf = async (which: TreeId) =>
      layout.decodeTree(which, (await store.db.get(layout.treeKey(which)))!).number
    await fill(store, other)
    await fillRich(store)
    const number = await numberOf(tree)
    await store.removals.remove(tree)
    await store.close()
    store = await DagStore.open(await openFolder(folder.path))
    await fill(store, rich)
    assert.ok((await numberOf(tree)) > number)
    await assertHolds(store, rich)
    assert.equal((await store.sketches.of(tree))!.total, rich.length)
    await assertHolds(store, other)
    await store.close()
  })

  it('deletes in batches between which others get their turn', async () => {
    using _ = limited({ removalEntries: 100 })
    await using folder = await tempFolder()
    const store = await DagStore.open(await openFolder(folder.path))
    await fill(store, rich)
    const removed: number[] = []
    let largest = 0
    const batch = store.db.batch.bind(store.db) as (...args: unknown[]) => Promise<void>
    Object.assign(store.db, {
      batch: (...args: unknown[]) => {
        if (Array.isArray(args[0])) largest = Math.max(largest, args[0].length)
        return batch(...args)
      },
    })
    let turns = 0
    let turn = setImmediate(function take() {
      turns++
      turn = setImmediate(take)
    })
    const count = await store.removals.remove(tree, (progress) => {
      assert.equal(progress.count, rich.length)
      removed.push(progress.removed)
    })
    clearImmediate(turn)
    assert.ok(turns >= removed.length, `${turns} turns of others beside ${removed.length} batches`)
    assert.equal(count, rich.length)
    assert.equal(removed.length, Math.ceil(rich.length / 100))
    assert.equal(removed.at(-1), rich.length)
    assert.equal(largest, 300)
    await store.close()
  })

  it('goes on after it was cut at any batch, and joins a removal that has begun', async () => {
    using _ = limited({ removalEntries: 400 })
    const db = await openMemory()
    let store = await DagStore.open(db)
    await fill(store, other)
    const before = await recordsOf(db)
    await fillRich(store)
    Object.assign(db, { close: async () => {} })
    for (let cut = 1; ; cut++) {
      let left = cut
      const stop = interceptWrites(store, async (batch) => {
        if (left-- <= 0) throw new Error('the process ended')
        await batch()
      })
      await store.removals.resume()
      const begun = store.tree(tree) === undefined
      const ended = await Promise.all([store.removals.remove(tree), store.removals.remove(tree)]).then(
        ([one, two]) => one === rich.length && two === rich.length,
        () => false,
      )
      stop()
      if (ended) break
      if (begun) await assert.rejects(store.append(tree, rich.slice(0, 1)), code('RESOURCE_EXHAUSTED'))
      store = await DagStore.open(db)
      assert.equal(store.tree(tree), undefined, 'the first batch takes the tree away')
      await assertHolds(store, other)
      assert.ok(cut < 20, 'each run gets further')
    }
    assert.deepEqual(await recordsOf(db), before)
  })

  it('stops when the store closes, and goes on by itself after a failed write', async () => {
    using _ = limited({ removalEntries: 100 })
    await using folder = await tempFolder()
    let store = await DagStore.open(await openFolder(folder.path))
    await fill(store, other)
    await fillRich(store)
    let closing: Promise<void> | undefined
    const removal = store.removals.remove(tree, () => {
      closing ??= store.close()
    })
    await assert.rejects(removal, code('CLOSED'))
    await closing
    store = await DagStore.open(await openFolder(folder.path))
    assert.equal(store.tree(tree), undefined)
    const stop = interceptWrites(store, () => Promise.reject(new Error('no space left on device')))
    await assert.rejects(store.removals.remove(tree), code('STORE_FULL'))
    stop()
    // The next page reopens the database, and the removal goes on.
    await fill(store, shapes.linear(5, { seed: 'new' }))
    await store.removals.remove(tree).catch((error) => assert.equal(error.code, 'UNKNOWN_TREE'))
    const left = (await store.db.keys(layout.removalRange).all()).length
    assert.equal(left, 0)
    await assertHolds(store, other)
    await store.close()
  })

  it('removes a damaged tree too, whose arrivals do not name every entry', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    await fill(store, other)
    const before = await recordsOf(db)
    await fillRich(store)
    const { number } = layout.decodeTree(tree, (await db.get(layout.treeKey(tree)))!)
    await db.del(layout.arrivalKey(number, 3))
    await db.put(layout.arrivalKey(number, 4), Buffer.from('short'))
    await db.del(layout.indexKey(rich[6]!.id))
    await db.del(layout.entryKey(number, { id: rich[7]!.id, height: rich[7]!.body.height }))
    await store.removals.remove(tree)
    assert.deepEqual(await recordsOf(db), before)
    await store.close()
  })

  it('does not count an index record without a tree as a stored entry', async () => {
    const store = await DagStore.open(await openMemory())
    await fill(store, other)
    const index = { number: 77, height: 0, sequence: 1, size: 100, after: 0, parents: [] }
    await store.db.put(layout.indexKey(tree), layout.encodeIndex(tree, index))
    assert.deepEqual(await store.lookup([tree]), [undefined])
    assert.deepEqual(await store.get([tree]), [undefined])
    await fill(store, rich)
    await assertHolds(store, rich)
    await store.close()
  })
})
