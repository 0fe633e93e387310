/** Part of the store's contract: scans, arrivals and single entries. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { EntryId } from '../../../src/dag/id.ts'
import type { StoredEntry } from '../../../src/store/store.ts'
import { prng, shapes, shuffleParentsFirst, TreeBuilder } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'

import { code, type OnStore } from '../expect.ts'

export function readingContract(on: OnStore): void {
  it('scans in pages bounded by number and bytes, in both directions, from any position, as of a snapshot', () =>
    on(async (store) => {
      const builder = new TreeBuilder()
      for (let index = 0; index < 60; index++)
        builder.add(undefined, { payload: new Uint8Array(index % 7 === 0 ? 3000 : 100) })
      const tree = builder.root.id
      await fill(store, builder.entries)
      const ids = builder.entries.map(({ id }) => id)
      await using view = await store.view(tree)
      await fill(store, builder.chain(builder.last, 5))
      for (const [pageEntries, pageBytes] of [
        [1, 1e6],
        [7, 1e6],
        [1000, 1000],
        [1000, 5000],
      ] as const)
        for (const reverse of [false, true])
          for (const from of [undefined, 0, 17, 60]) {
            const after = from === undefined ? undefined : { height: from, id: ids[from]! }
            const options = { pageEntries, pageBytes, reverse, after, snapshot: view!.snapshot }
            const read: EntryId[] = []
            for await (const page of store.scan(tree, options)) {
              const bytes = page.reduce((sum, { signed }) => sum + signed.body.length + 64, 0)
              assert.ok(page.length <= pageEntries && (page.length === 1 || bytes <= pageBytes))
              read.push(...page.map(({ id }) => id))
            }
            if (reverse) assert.deepEqual(read, ids.slice(0, from ?? 61).reverse())
            else assert.deepEqual(read, ids.slice(from === undefined ? 0 : from + 1))
          }
    }))

  it('reads entries that lie side by side, and others, in the order that is asked for', () =>
    on(async (store) => {
      const entries = shapes.random(80, 8, prng(4))
      const tree = entries[0]!.tree
      await fill(store, entries)
      const inOrder: StoredEntry[] = []
      for await (const page of store.scan(tree)) inOrder.push(...page)
      const random = prng(5)
      const chosen = [
        inOrder,
        inOrder.slice(3, 20),
        inOrder.slice(7, 8),
        inOrder.slice(5, 15).reverse(),
        inOrder.filter(() => random() < 0.5),
        [inOrder[4]!, inOrder[4]!],
        [],
      ]
      for (const positions of chosen) assert.deepEqual(await store.readNear(tree, positions), positions)
      const gone = { ...inOrder[9]!, id: 'ab'.repeat(32) as EntryId }
      await assert.rejects(store.readNear(tree, [inOrder[8]!, gone]), code('STORE_CORRUPT'))
    }))

  it('returns arrivals in the order in which they came, from any position', () =>
    on(async (store) => {
      const order = shuffleParentsFirst(shapes.random(80, 8, prng(3)), prng(8))
      const tree = order[0]!.tree
      await fill(store, order, { pageEntries: 9 })
      const expected = order.map(({ id, body }, index) => ({
        sequence: index + 1,
        height: body.height,
        id,
      }))
      assert.deepEqual(await store.arrivals(tree, 0, 1000), expected)
      assert.deepEqual(await store.arrivals(tree, 30, 7), expected.slice(30, 37))
      assert.deepEqual(await store.arrivals(tree, 81, 10), [])
    }))

  it('finds entries of any tree by id, and throws UNKNOWN_TREE', () =>
    on(async (store) => {
      const [one, two] = [shapes.linear(3), shapes.linear(3, { seed: 'two' })]
      await fill(store, one)
      await fill(store, two)
      const nobody = 'ef'.repeat(32) as EntryId
      const found = await store.get([two[1]!.id, nobody, one[3]!.id])
      assert.deepEqual(
        found.map((entry) => entry && [entry.tree, entry.id, entry.height]),
        [[two[0]!.id, two[1]!.id, 1], undefined, [one[0]!.id, one[3]!.id, 3]],
      )
      assert.deepEqual(Buffer.from(found[0]!.signed.body), Buffer.from(two[1]!.signed.body))
      assert.deepEqual(await store.lookupIn(one[0]!.id, [two[1]!.id]), [undefined])
      assert.deepEqual(await store.tips(nobody), [])
      assert.equal(await store.view(nobody), undefined)
      await assert.rejects(store.arrivals(nobody, 0, 1), code('UNKNOWN_TREE'))
      await assert.rejects(store.scan(nobody).next(), code('UNKNOWN_TREE'))
      await assert.rejects(store.read(nobody, []), code('UNKNOWN_TREE'))
    }))
}
