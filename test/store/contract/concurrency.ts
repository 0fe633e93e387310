/** Part of the store's contract: concurrent views and trees, one writer for each tree, failed writes, and closing. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { digestTips, type EntryId } from '../../../src/dag/id.ts'
import { interceptWrites } from '../../kit/database.ts'
import { prng, shapes, tipsOf } from '../../kit/entries.ts'
import { fill, idsOf } from '../../kit/peers.ts'

import { assertHolds, code, type OnStore } from '../expect.ts'

export function concurrencyContract(on: OnStore): void {
  it('resolves only once the page is flushed, if asked to', () =>
    on(async (store) => {
      const asked: unknown[] = []
      interceptWrites(store, (write, { sync }) => {
        asked.push(sync)
        return write()
      })
      const entries = shapes.linear(2)
      await store.append(entries[0]!.id, entries.slice(0, 1), { sync: true })
      await store.append(entries[0]!.id, entries.slice(1), { sync: false })
      await store.append(entries[0]!.id, entries)
      assert.deepEqual(asked, [true, false])
    }))

  it('returns views that are consistent while writes go on', () =>
    on(async (store) => {
      const entries = shapes.random(400, 8, prng(6))
      const tree = entries[0]!.id
      await fill(store, entries.slice(0, 1))
      let writing = true
      const writes = fill(store, entries.slice(1), { pageEntries: 7 }).finally(() => {
        writing = false
      })
      let views = 0
      for (; writing; views++) {
        await using view = await store.view(tree)
        assert.ok(view)
        const here = entries.slice(0, view.count)
        assert.deepEqual(view.tips, tipsOf(here))
        assert.equal(view.tipsDigest, digestTips(view.tips))
        const ids: EntryId[] = []
        for await (const page of store.scan(tree, { snapshot: view.snapshot }))
          ids.push(...page.map(({ id }) => id))
        assert.deepEqual(ids.sort(), here.map(({ id }) => id).sort())
        const summary = await store.summary(tree)
        assert.deepEqual(summary.tips, tipsOf(entries.slice(0, summary.count)))
      }
      await writes
      assert.ok(views > 3)
    }))

  it('gives trees that are created concurrently different numbers, and lets none wait for another', () =>
    on(async (store) => {
      const trees = Array.from({ length: 20 }, (_, seed) => shapes.linear(10, { seed }))
      await Promise.all(trees.map((entries) => fill(store, entries, { pageEntries: 3 })))
      assert.equal(store.trees().length, 20)
      for (const entries of trees) await assertHolds(store, entries)
    }))

  it('writes the pages of one tree one after another', () =>
    on(async (store) => {
      let [running, most] = [0, 0]
      interceptWrites(store, async (write) => {
        most = Math.max(most, ++running)
        await write()
        running--
      })
      const entries = shapes.linear(50)
      await Promise.all(entries.map((entry) => store.append(entries[0]!.id, [entry])))
      assert.equal(most, 1)
      await assertHolds(store, entries)
    }))

  for (const fresh of [false, true])
    it(`is unchanged after a failed batch, for ${fresh ? 'a new tree' : 'a stored one'}`, () =>
      on(async (store) => {
        const entries = shapes.random(40, 5, prng(2))
        const tree = entries[0]!.id
        const here = fresh ? [] : entries.slice(0, 20)
        await fill(store, here)
        const told: number[] = []
        store.subscribe((_, added) => told.push(added.length))
        const before = [store.tree(tree), await store.summary(tree), store.trees()]
        const restore = interceptWrites(store, async () => {
          restore()
          const cause = new Error('ENOSPC: /store/000012.log: No space left on device')
          throw Object.assign(new Error('IO error', { cause }), { code: 'LEVEL_IO_ERROR' })
        })
        await assert.rejects(store.append(tree, entries), code('STORE_FULL'))
        assert.deepEqual([store.tree(tree), await store.summary(tree), store.trees()], before)
        assert.deepEqual(told, [])
        assert.equal((await idsOf(store, tree)).length, here.length)
        await fill(store, entries)
        await assertHolds(store, entries)
        assert.deepEqual(told, [entries.length - here.length])
      }))

  it("writes a contributor's records with the page, and nothing if it throws or the write fails", () =>
    on(async (store) => {
      const entries = shapes.linear(4)
      const tree = entries[0]!.id
      let failing = false
      const calls: string[] = []
      store.subscribe((_, added) => calls.push(`listener ${added.length}`))
      store.addContributor(() => undefined)
      store.addContributor((_, added, info) => {
        if (failing) throw new Error('not now')
        const operations = added.map(({ id }) => ({
          type: 'put' as const,
          key: Buffer.from(`!${id}`),
          value: Buffer.from(String(info.count)),
        }))
        return { operations, stored: () => calls.push(`stored ${added.length}`) }
      })
      await fill(store, entries.slice(0, 3))
      assert.equal((await store.db.get(Buffer.from(`!${entries[2]!.id}`)))?.toString(), '3')
      assert.deepEqual(calls.splice(0), ['stored 3', 'listener 3'])
      failing = true
      await assert.rejects(store.append(tree, entries), /not now/)
      failing = false
      const batch = store.db.batch
      Object.assign(store.db, {
        batch: () => {
          Object.assign(store.db, { batch })
          return Promise.reject(new Error('no room'))
        },
      })
      await assert.rejects(store.append(tree, entries), /no room/)
      assert.deepEqual(calls, [])
      await fill(store, entries)
      assert.deepEqual(calls, ['stored 2', 'listener 2'])
      await assertHolds(store, entries)
    }))

  it('has exact tips of more trees than stay in memory', () =>
    on(async (store) => {
      const many = limits.storeTreesInMemory + 50
      const trees = Array.from({ length: many }, (_, seed) => shapes.concurrentTips(2, { seed }))
      for (const entries of trees) await fill(store, entries.slice(0, 2))
      await Promise.all(
        trees.map(async (entries) => {
          const tips = store.tips(entries[0]!.id)
          await Promise.all([
            fill(store, entries.slice(2)),
            store.view(entries[0]!.id).then((view) => view![Symbol.asyncDispose]()),
          ])
          assert.ok([1, 2].includes((await tips).length))
        }),
      )
      for (const entries of trees) assert.deepEqual(await store.tips(entries[0]!.id), tipsOf(entries))
    }))

  it('throws CLOSED once it is closed', () =>
    on(async (store) => {
      const entries = shapes.linear(2)
      const tree = entries[0]!.id
      await fill(store, entries.slice(0, 1))
      const last = store.append(tree, entries.slice(1))
      await store.close()
      assert.equal((await last).added.length, 2)
      await assert.rejects(store.append(tree, shapes.linear(3)), code('CLOSED'))
      await assert.rejects(store.lookup([tree]), code('CLOSED'))
      await assert.rejects(store.view(tree), code('CLOSED'))
      await assert.rejects(store.scan(tree).next(), code('CLOSED'))
      await assert.rejects(store.arrivals(tree, 0, 1), code('CLOSED'))
      await store.close()
    }))
}
