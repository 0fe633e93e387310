/** Part of the store's contract: appending pages of every shape and in every order, valid and invalid. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { CausewayError } from '../../../src/base/errors.ts'
import { signEntry, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { prng, shapes, shuffleParentsFirst, TreeBuilder, testIdentity, tipsOf } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'

import { assertHolds, type OnStore } from '../expect.ts'

const allShapes: Record<string, () => VerifiedEntry[]> = {
  linear: () => shapes.linear(200),
  diamond: () => shapes.diamond(),
  'two long branches': () => shapes.twoBranches(150),
  'thousands of concurrent tips': () => shapes.concurrentTips(3000),
  'an old fork': () => shapes.oldFork(200),
  'merge heavy': () => shapes.mergeHeavy(30),
  'shared root': () => shapes.sharedRoot(12),
  random: () => shapes.random(300, 10, prng(4)),
}

export function arrivalContract(on: OnStore): void {
  for (const [shape, entriesOf] of Object.entries(allShapes))
    it(`holds ${shape}`, () =>
      on(async (store) => {
        const entries = entriesOf()
        await fill(store, entries, { pageEntries: 100 })
        await assertHolds(store, entries)
      }))

  it('has exact tips after every order of arrival that keeps parents first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (seed, size, pageEntries) => {
          const entries = shapes.random(size, 6, prng(seed))
          const order = shuffleParentsFirst(entries, prng(seed + 1))
          await on(async (store) => {
            for (let start = 0; start < order.length; start += pageEntries) {
              await fill(store, order.slice(start, start + pageEntries))
              const here = order.slice(0, start + pageEntries)
              assert.deepEqual(await store.tips(entries[0]!.id), tipsOf(here))
            }
            await assertHolds(store, entries)
          })
        },
      ),
      { numRuns: 25 },
    )
  })

  it('changes nothing if the same page comes twice', () =>
    on(async (store) => {
      const entries = shapes.random(100, 5, prng(1))
      const tree = entries[0]!.id
      await fill(store, entries)
      const before = await store.summary(tree)
      for (const again of [entries, [...entries].reverse(), [entries[5]!, entries[5]!]]) {
        const { added, known, refused } = await store.append(tree, again)
        assert.deepEqual([added, known, refused], [[], again.length, []])
      }
      assert.deepEqual(await store.summary(tree), before)
      await assertHolds(store, entries)
      assert.equal((await store.append(tree, [])).known, 0)
    }))

  it('stores an entry once that a page has twice', () =>
    on(async (store) => {
      const entries = shapes.linear(3)
      const { added, known } = await store.append(entries[0]!.id, [...entries, ...entries])
      assert.deepEqual([added.length, known], [4, 4])
      await assertHolds(store, entries)
    }))

  it('refuses an entry whose parent is missing and names the parent', () =>
    on(async (store) => {
      const entries = shapes.linear(5)
      const tree = entries[0]!.id
      await fill(store, entries.slice(0, 2))
      const { refused, added } = await store.append(tree, entries.slice(3))
      assert.deepEqual(added, [])
      assert.deepEqual(
        refused.map(({ index, id, error }) => [index, id, error.code, error.data]),
        [
          [0, entries[3]!.id, 'ENTRY_MISSING_PARENT', { parent: entries[2]!.id }],
          [1, entries[4]!.id, 'ENTRY_MISSING_PARENT', { parent: entries[3]!.id }],
          [2, entries[5]!.id, 'ENTRY_MISSING_PARENT', { parent: entries[4]!.id }],
        ],
      )
      await assertHolds(store, entries.slice(0, 2))
      const orphan = shapes.linear(1, { seed: 'orphan' })[1]!
      assert.equal((await store.append(orphan.tree, [orphan])).refused.length, 1)
      assert.equal(store.tree(orphan.tree), undefined)
    }))

  it('stores the entries of a page that do not descend from a refused one', () =>
    on(async (store) => {
      const builder = new TreeBuilder()
      const tree = builder.root.id
      const lost = builder.add([builder.root])
      const onLost = builder.add([lost])
      const good = builder.add([builder.root])
      const both = builder.add([onLost, good])
      const onGood = builder.add([good])
      const { added, refused } = await store.append(tree, [builder.root, onLost, good, both, onGood])
      assert.deepEqual(
        refused.map(({ id }) => id),
        [onLost.id, both.id],
      )
      assert.deepEqual(added, [builder.root, good, onGood])
      await assertHolds(store, [builder.root, good, onGood])
      // Once the missing entry is stored, the others fit.
      await fill(store, [lost, onLost, both])
      await assertHolds(store, builder.entries)
    }))

  it("refuses another tree's entries, and tells parents in another tree from missing ones by nothing", () =>
    on(async (store) => {
      const [mine, theirs] = [shapes.linear(3), shapes.linear(3, { seed: 'theirs' })]
      const tree = mine[0]!.id
      const crossed = signEntry(testIdentity(0), {
        tree,
        parents: [theirs[2]!.id],
        height: 3,
        createdAtMs: 1,
      })
      await fill(store, mine)
      const answers: CausewayError[] = []
      for (let round = 0; round < 2; round++) {
        const { refused } = await store.append(tree, theirs)
        assert.ok(refused.length === 4 && refused.every(({ error }) => error.code === 'ENTRY_TREE'))
        const outcome = await store.append(tree, [crossed])
        answers.push(outcome.refused[0]!.error)
        // The second time they are stored, in their own tree.
        if (round === 0) await fill(store, theirs)
      }
      const told = answers.map(({ code, message, data }) => ({ code, message, data }))
      assert.equal(told[0]!.code, 'ENTRY_MISSING_PARENT')
      assert.deepEqual(told[1], told[0])
      await assertHolds(store, mine)
      await assertHolds(store, theirs)
    }))

  it('refuses a wrong height', () =>
    on(async (store) => {
      const entries = shapes.linear(3)
      const tree = entries[0]!.id
      await fill(store, entries)
      for (const height of [1, 3, 5, 1e9]) {
        const draft = { tree, parents: [entries[3]!.id], height, createdAtMs: 1 }
        const { refused } = await store.append(tree, [signEntry(testIdentity(0), draft)])
        assert.equal(refused[0]?.error.code, 'ENTRY_HEIGHT')
      }
      await assertHolds(store, entries)
    }))
}
