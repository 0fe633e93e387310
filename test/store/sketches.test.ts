/**
 * The live sketch counts exactly the stored entries at every moment: through pages, growth, restarts, crashes and
 * damaged snapshots. A caller that asks while any of that happens gets a sketch that does.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { createSketch, sketchCellsFor } from '../../src/dag/difference/sketch.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import type { TreeId } from '../../src/dag/id.ts'
import * as layout from '../../src/store/database/layout.ts'
import { type Database, openFolder, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { interceptWrites, replays } from '../kit/database.ts'
import { prng, shapes, TreeBuilder } from '../kit/entries.ts'
import { fill, idsOf, tempFolder } from '../kit/peers.ts'
import { code } from './expect.ts'

/** Asserts that the tree's sketch is that of its ids. */
async function assertExact(store: DagStore, tree: TreeId): Promise<void> {
  const sketch = await store.sketches.of(tree)
  const expected = createSketch(sketch!.cellCount)
  expected.addAll((await idsOf(store, tree)).map(hexToBytes))
  assert.deepEqual(sketch!.words, expected.words)
  assert.ok(sketch!.cellCount >= sketchCellsFor(sketch!.total))
}

const snapshotRecords = (db: Database) =>
  db.sublevel<string, Buffer>('sketch', { keyEncoding: 'utf8', valueEncoding: 'buffer' })

describe('the sketch of a tree', () => {
  it('is read again if it is ahead of the disk, which lost pages before a reopening', async () => {
    await using folder = await tempFolder()
    const store = await DagStore.open(await openFolder(folder.path))
    const entries = shapes.linear(30)
    const tree = entries[0]!.id
    await fill(store, entries.slice(0, 20))
    const before = new Map<string, Buffer>()
    for await (const [key, value] of store.db.iterator()) before.set(key.toString('hex'), value)
    await fill(store, entries.slice(20))
    assert.equal((await store.sketches.of(tree))!.total, entries.length)
    // The disk falls back to the earlier state, and a failed write makes the store read it.
    for await (const [key] of store.db.iterator())
      if (!before.has(key.toString('hex'))) await store.db.del(key)
    for (const [key, value] of before) await store.db.put(Buffer.from(key, 'hex'), value)
    const stop = interceptWrites(store, () => Promise.reject(new Error('no space left on device')))
    await assert.rejects(fill(store, shapes.linear(2, { seed: 'x' })), code('STORE_FULL'))
    stop()
    await fill(store, shapes.linear(2, { seed: 'x' }))
    assert.equal(store.tree(tree)!.count, 20)
    assert.equal((await store.sketches.of(tree))!.total, 20)
    await assertExact(store, tree)
    await store.close()
  })

  it('exists from the first page on, and for no unknown tree', async () => {
    const store = await DagStore.open(await openMemory())
    const entries = shapes.linear(20)
    assert.equal(await store.sketches.of(entries[0]!.id), undefined)
    for (const [index, entry] of entries.entries()) {
      await store.append(entry.tree, [entry])
      assert.equal((await store.sketches.of(entry.tree))!.total, index + 1)
    }
    await assertExact(store, entries[0]!.id)
    await store.close()
  })

  it('grows with its tree while pages are stored', async () => {
    const store = await DagStore.open(await openMemory())
    const entries = shapes.concurrentTips(limits.sketchMinCells * limits.sketchEntriesPerCell * 2)
    const tree = entries[0]!.id
    const asked: Promise<void>[] = []
    for (let start = 0; start < entries.length; start += 100) {
      await store.append(tree, entries.slice(start, start + 100))
      asked.push(
        store.sketches.of(tree).then((sketch) => {
          assert.ok(sketch!.total >= Math.min(start + 100, entries.length))
        }),
      )
    }
    await Promise.all(asked)
    await assertExact(store, tree)
    assert.ok((await store.sketches.of(tree))!.cellCount > limits.sketchMinCells)
    await store.close()
  })

  it('ends growing although each read of the arrivals finds new ones', async () => {
    const store = await DagStore.open(await openMemory())
    const few = limits.sketchMinCells * limits.sketchEntriesPerCell
    const entries = shapes.concurrentTips(few + 600)
    const tree = entries[0]!.id
    await fill(store, entries.slice(0, few))
    await store.sketches.of(tree)
    const rest = entries.slice(few)
    const arrivals = store.arrivals.bind(store)
    let looks = 0
    Object.assign(store, {
      arrivals: async (...args: Parameters<typeof arrivals>) => {
        looks++
        const found = await arrivals(...args)
        await store.append(tree, rest.splice(0, 100))
        return found
      },
    })
    await store.append(tree, rest.splice(0, 100))
    await assertExact(store, tree)
    assert.equal(looks, 1)
    assert.ok(rest.length > 0)
    await store.close()
  })

  it('is restored from its snapshot, and counts what came after it', async () => {
    await using folder = await tempFolder()
    const entries = shapes.linear(600)
    const tree = entries[0]!.id
    const first = await DagStore.open(await openFolder(folder.path))
    await fill(first, entries.slice(0, 400))
    await first.close()
    const second = await DagStore.open(await openFolder(folder.path))
    await fill(second, entries.slice(0, 500))
    // As if killed: the snapshot stays that of the first close.
    await second.db.close()
    const third = await DagStore.open(await openFolder(folder.path))
    await assertExact(third, tree)
    await fill(third, entries)
    await assertExact(third, tree)
    await third.close()
  })

  it('is rebuilt if its snapshot is damaged, missing, or ahead of the store', async () => {
    const entries = shapes.random(500, 20, prng(1))
    const tree = entries[0]!.id
    const flipped = (at: number) => (value: Buffer) =>
      Buffer.from(value.map((byte, index) => (index === at ? byte ^ 1 : byte)))
    const cut = (value: Buffer) => value.subarray(0, 5)
    const gone = () => undefined
    const damages: [key: string, (value: Buffer) => Buffer | undefined][] = [
      ...[gone, cut, () => Buffer.alloc(0), flipped(7), flipped(8), flipped(9), flipped(12)].map(
        (damage): (typeof damages)[0] => [tree, damage],
      ),
      ...[gone, cut, flipped(100)].map((damage): (typeof damages)[0] => [`${tree}.0.0`, damage]),
    ]
    for (const [key, damage] of damages) {
      await using folder = await tempFolder()
      const store = await DagStore.open(await openFolder(folder.path))
      await fill(store, entries)
      await store.close()
      const db = await openFolder(folder.path)
      const records = snapshotRecords(db)
      const value = damage((await records.get(key))!)
      if (value === undefined) await records.del(key)
      else await records.put(key, value)
      const again = await DagStore.open(db)
      const replayed = replays(again)
      await assertExact(again, tree)
      assert.ok(replayed.count > 0, key)
      await again.close()
    }
  })

  it('is STORE_CORRUPT if the last arrivals are missing, and lets the store close', async () => {
    const db = await openMemory()
    const entries = shapes.linear(100)
    await fill(await DagStore.open(db), entries)
    await db.del(layout.arrivalKey(0, entries.length))
    const store = await DagStore.open(db)
    await assert.rejects(store.sketches.of(entries[0]!.id), code('STORE_CORRUPT'))
    await store.close()
  })

  it('keeps the last snapshot if a new one was not written whole', async () => {
    await using folder = await tempFolder()
    const entries = shapes.linear(600)
    const tree = entries[0]!.id
    for (const upTo of [400, 500]) {
      const store = await DagStore.open(await openFolder(folder.path))
      await fill(store, entries.slice(0, upTo))
      await store.close()
    }
    const db = await openFolder(folder.path)
    // As if killed after the parts were written and before the record that names them.
    await snapshotRecords(db).put(`${tree}.0.0`, Buffer.from('torn'))
    const again = await DagStore.open(db)
    const replayed = replays(again)
    await assertExact(again, tree)
    assert.equal(replayed.count, 0)
    await again.close()
  })

  it('is made large enough for the expected entries, and then not rebuilt', async () => {
    const store = await DagStore.open(await openMemory())
    const entries = shapes.linear(limits.sketchMinCells * limits.sketchEntriesPerCell * 2)
    const tree = entries[0]!.id
    const replayed = replays(store)
    {
      using _ = store.sketches.expect(tree, entries.length)
      await fill(store, entries.slice(0, 10))
      assert.equal((await store.sketches.of(tree))!.cellCount, sketchCellsFor(entries.length))
    }
    await fill(store, entries)
    await assertExact(store, tree)
    assert.equal(replayed.count, 0)
    // A wrong guess costs no more than the largest sketch.
    const others = shapes.linear(1, { seed: 2 })
    using _ = store.sketches.expect(others[0]!.id, Number.MAX_SAFE_INTEGER)
    await fill(store, others)
    assert.equal((await store.sketches.of(others[0]!.id))!.cellCount, limits.sketchMaxCells)
    await store.close()
  })

  it('counts pages that are stored while it is loaded', async () => {
    await using folder = await tempFolder()
    const builder = new TreeBuilder()
    builder.chain(builder.root, 800)
    const tree = builder.root.id
    const store = await DagStore.open(await openFolder(folder.path))
    await fill(store, builder.entries.slice(0, 400))
    await store.db.close()
    const again = await DagStore.open(await openFolder(folder.path))
    const asked = [again.sketches.of(tree)]
    for (let start = 400; start < builder.entries.length; start += 7) {
      await again.append(tree, builder.entries.slice(start, start + 7))
      asked.push(again.sketches.of(tree))
    }
    await Promise.all(asked)
    await assertExact(again, tree)
    await again.close()
  })
})
