/**
 * Checks what the other side lacks against the set difference by brute force, for random DAGs and random tips, by the
 * walk and by the sweep, with honest and false counts. Also checks that a small difference costs few reads.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../src/base/limits.ts'
import type { Entry, VerifiedEntry } from '../../src/dag/entry.ts'
import { comparePositions, type EntryId } from '../../src/dag/id.ts'
import { findMissing } from '../../src/sync/missing.ts'
import { assertFields } from '../kit/assert-fields.ts'
import { prng, shapes, TreeBuilder, testIdentity } from '../kit/entries.ts'
import { openPeer } from '../kit/peers.ts'

/** The ancestors of some entries, and these. */
function closure(entries: readonly Entry[], from: readonly EntryId[]): Set<EntryId> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const reached = new Set<EntryId>()
  const stack = [...from]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    stack.push(...byId.get(id)!.body.parents)
  }
  return reached
}

function inOrder(entries: readonly Entry[]): EntryId[] {
  return entries
    .map(({ id, body }) => ({ id, height: body.height }))
    .sort(comparePositions)
    .map(({ id }) => id)
}

async function find(
  entries: readonly VerifiedEntry[],
  tips: readonly EntryId[],
  count?: number,
  walkReads?: number,
): Promise<{ ids: EntryId[]; count: number | undefined; reads: number }> {
  await using peer = await openPeer(entries)
  await using view = await peer.store.view(entries[0]!.tree)
  const missing = await findMissing(peer.store, view!, tips, {
    theirCount: count,
    ...(walkReads !== undefined && { walkReads }),
  })
  const ids: EntryId[] = []
  for await (const page of missing.pages()) {
    assert.ok(page.length > 0 && page.length <= limits.pageEntries)
    ids.push(...page.map((entry) => entry.id))
  }
  return { ids, count: missing.count, reads: missing.reads }
}

const drawn = fc.record({
  size: fc.integer({ min: 1, max: 120 }),
  width: fc.integer({ min: 1, max: 12 }),
  seed: fc.integer(),
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
})

describe('what the other side lacks', () => {
  for (const [way, walkReads] of [
    ['walk', limits.walkReads],
    ['sweep', 0],
    ['walk or sweep', 40],
  ] as const)
    it(`is the set difference in order, by ${way}`, async () => {
      await fc.assert(
        fc.asyncProperty(drawn, fc.boolean(), async ({ size, width, seed, picks }, counted) => {
          const entries = shapes.random(size, width, prng(seed))
          const tips = picks.map((pick) => entries[pick % entries.length]!.id)
          const theirs = closure(entries, tips)
          const found = await find(entries, tips, counted ? theirs.size : undefined, walkReads)
          assert.deepEqual(
            found.ids,
            inOrder(entries).filter((id) => !theirs.has(id)),
          )
          assert.equal(found.count, found.ids.length)
        }),
        { numRuns: 100 },
      )
    })

  it('is never more than the set difference, whatever count it claims', async () => {
    await fc.assert(
      fc.asyncProperty(
        drawn,
        fc.integer({ min: -10, max: 300 }),
        fc.constantFrom(0, limits.walkReads),
        async ({ size, width, seed, picks }, count, walkReads) => {
          const entries = shapes.random(size, width, prng(seed))
          const tips = picks.map((pick) => entries[pick % entries.length]!.id)
          const theirs = closure(entries, tips)
          const { ids } = await find(entries, tips, count, walkReads)
          assert.ok(ids.every((id) => !theirs.has(id)))
          assert.equal(new Set(ids).size, ids.length)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('is everything if none of its tips is known', async () => {
    const entries = shapes.random(100, 5, prng(1))
    assert.deepEqual((await find(entries, [])).ids, inOrder(entries))
  })

  it('is nothing if it has our tips', async () => {
    const entries = shapes.mergeHeavy(50)
    await using peer = await openPeer(entries)
    assertFields(await find(entries, await peer.store.tips(entries[0]!.id)), { ids: [], reads: 4 })
  })

  it('takes a constant number of reads for one new entry, however long the tree', async () => {
    for (const length of [10, 100, 4000]) {
      const entries = shapes.linear(length)
      const found = await find(entries, [entries.at(-2)!.id])
      assertFields(found, { ids: [entries.at(-1)!.id], reads: 2 })
    }
  })

  it('takes a constant number of reads for one new entry on an old one, if the count is known', async () => {
    for (const length of [10, 100, 4000]) {
      const entries = shapes.oldFork(length)
      const found = await find(entries, [entries.at(-2)!.id], entries.length - 1)
      assertFields(found, { ids: [entries.at(-1)!.id], reads: 2 })
    }
  })

  it('takes reads in proportion to the difference if both sides went on', async () => {
    const builder = new TreeBuilder()
    builder.chain(builder.root, 3000)
    const base = builder.last
    const left = builder.chain(base, 20)
    const right = builder.chain(base, 30, { author: testIdentity(1) })
    const { ids, reads } = await find(builder.entries, [left.at(-1)!.id])
    assert.deepEqual(ids, inOrder(right))
    assert.ok(reads <= 60, `${reads} reads`)
  })

  it('never reads more single records than its bound', async () => {
    const wide = shapes.concurrentTips(500)
    for (const walkReads of [0, 1, 10, 499, 501, 502])
      assert.ok((await find(wide, [wide[1]!.id], undefined, walkReads)).reads <= walkReads)
    const merged = shapes.mergeHeavy(30, 20)
    for (const walkReads of [0, 10, 100]) {
      const { ids, reads } = await find(merged, [merged[0]!.id], undefined, walkReads)
      assert.ok(reads <= walkReads)
      assert.equal(ids.length, merged.length - 1)
    }
  })

  it('comes in pages of bounded bytes', async () => {
    const builder = new TreeBuilder()
    const payload = new Uint8Array(limits.pageBytes / 4)
    for (let index = 0; index < 20; index++) builder.add(undefined, { payload })
    builder.add(undefined, { payload: new Uint8Array(limits.pageBytes * 2) })
    for (const walkReads of [0, limits.walkReads]) {
      await using peer = await openPeer(builder.entries)
      await using view = await peer.store.view(builder.root.id)
      const missing = await findMissing(peer.store, view!, [builder.root.id], { walkReads })
      const sizes: number[] = []
      for await (const page of missing.pages()) {
        sizes.push(page.length)
        const bytes = page.reduce((sum, { signed }) => sum + signed.body.length + 64, 0)
        assert.ok(page.length === 1 || bytes <= limits.pageBytes)
      }
      assert.deepEqual(sizes, [3, 3, 3, 3, 3, 3, 2, 1])
    }
  })
})
