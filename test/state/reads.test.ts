/** What a read waits for, in virtual time: entries that have not come, and a view that is being counted. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { put } from '../../conformance/vectors/state-case.ts'
import { limits } from '../../src/base/limits.ts'
import type { EntryId } from '../../src/dag/id.ts'
import type { ReadOptions } from '../../src/state/api/items.ts'
import { StateReader } from '../../src/state/reads.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

async function start() {
  const clock = new VirtualClock()
  const store = await DagStore.open(await openMemory())
  const views = await Views.open(store, clock)
  const tree = new TreeBuilder()
  await store.append(tree.root.id, [tree.root])
  const reader = new StateReader(views)
  return {
    ...{ clock, store, views, reader, tree },
    /** Begins to wait, and returns what came of it so far: the code of an error, or ready. */
    wait(options: ReadOptions) {
      const outcome = { is: 'waiting', data: {} as Record<string, unknown> }
      reader.ready(tree.root.id, options).then(
        () => (outcome.is = 'ready'),
        ({ code, data }) => Object.assign(outcome, { is: code, data }),
      )
      return outcome
    },
    append: () => store.append(tree.root.id, [tree.last]),
    async [Symbol.asyncDispose]() {
      await views.close()
      await store.close()
    },
  }
}

describe('a read', () => {
  const absent = 'ab'.repeat(32) as EntryId

  for (const [what, waitMs, lasts] of [
    ['by default', undefined, limits.stateWaitMs],
    ['as long as it says', 100, 100],
    ['no longer than a bound', 10 * limits.stateWaitMaxMs, limits.stateWaitMaxMs],
  ] as const)
    it(`waits for an entry ${what}`, async () => {
      await using node = await start()
      const outcome = node.wait({ at: [node.tree.root.id, absent], waitMs })
      await node.clock.advance(lasts - 1)
      assert.equal(outcome.is, 'waiting')
      await node.clock.advance(1)
      assert.equal(outcome.is, 'NOT_HERE_YET')
      assert.deepEqual(outcome.data, { entry: absent, missing: 1, retryAfterMs: limits.stateRetryMs })
      assert.equal(node.clock.pendingTimers, 0)
    })

  it('goes on when the entry comes, and the view counts it', async () => {
    await using node = await start()
    const { id } = node.tree.add(undefined, { changes: [put('a', '1')] })
    const outcome = node.wait({ at: [id] })
    await node.clock.advance(10)
    assert.equal(outcome.is, 'waiting')
    await node.append()
    await node.clock.settle()
    await node.views.count(node.tree.root.id)
    await node.clock.settle()
    assert.equal(outcome.is, 'ready')
    const [item] = await node.reader.get(node.tree.root.id, [{ store: 'notes', key: 'a' }])
    assert.equal(item!.version!.id, id)
    assert.equal(node.clock.pendingTimers, 0)
  })

  it('ends with its signal, and leaves nothing behind', async () => {
    await using node = await start()
    const ended = new AbortController()
    const outcome = node.wait({ at: [absent], signal: ended.signal })
    await node.clock.settle()
    ended.abort()
    await node.clock.settle()
    assert.equal(outcome.is, 'CANCELLED')
    assert.equal(node.clock.pendingTimers, 0)
  })

  it('says how far a view is that is counted for longer than a second', async () => {
    // No page is counted in its own batch, and all are large, so that nothing is counted before the read.
    using _ = limited({ statePageChanges: 0, stateBulkEntries: 1 })
    await using node = await start()
    const tree = node.tree.root.id
    node.tree.add(undefined, { changes: [put('a', '1')] })
    await node.append()
    let release = () => {}
    const held = node.store.settled(tree, () => new Promise<void>((resolve) => (release = resolve)))
    const outcome = node.wait({})
    await node.clock.advance(limits.stateBuildPatienceMs - 1)
    assert.equal(outcome.is, 'waiting')
    await node.clock.advance(1)
    assert.equal(outcome.is, 'VIEW_BUILDING')
    assert.deepEqual(outcome.data, { counted: 1, count: 2, retryAfterMs: limits.stateRetryMs })
    release()
    await held
    await node.reader.ready(tree)
    assert.equal(node.views.counted(tree), 2)
  })

  it('finds small pages counted with their batch, and those of too many entries or changes not', async () => {
    using _ = limited({ stateBulkEntries: 3, statePageChanges: 4 })
    await using node = await start()
    const { store, views, tree } = node
    const append = async (...changes: number[]) => {
      const page = changes.map((count) =>
        tree.add(undefined, { changes: Array.from({ length: count }, (_, at) => put(`${at}`, '1')) }),
      )
      await store.append(tree.root.id, page)
      const isCurrent = views.isCurrent(tree.root.id)
      await views.count(tree.root.id)
      return isCurrent
    }
    assert.deepEqual([await append(1), await append(2, 2)], [true, true])
    assert.deepEqual([await append(2, 3), await append(5), await append(1, 1, 1)], [false, false, false])
    assert.equal(await append(1), true)
  })

  it('leaves large pages that are counted behind the DAG uncounted until no more come, and small ones not', async () => {
    using _ = limited({ statePageChanges: 0, stateBulkEntries: 2 })
    await using node = await start()
    const { store, views, clock, tree } = node
    const page = () => [1, 2].map((n) => tree.add(undefined, { changes: [put('a', String(n))] }))
    await store.append(tree.root.id, page())
    await clock.advance(limits.stateBulkQuietMs - 1)
    await store.append(tree.root.id, page())
    await clock.advance(limits.stateBulkQuietMs - 1)
    assert.equal(views.counted(tree.root.id), 1)
    await clock.advance(1)
    await clock.runUntil(() => views.isCurrent(tree.root.id))
    assert.equal(views.counted(tree.root.id), 5)
    await store.append(tree.root.id, [tree.add(undefined, { changes: [put('a', '3')] })])
    await clock.settle()
    assert.ok(views.isCurrent(tree.root.id))
  })

  it('stops a count that has begun when more large pages come, but not for a read', async () => {
    using _ = limited({ statePageChanges: 0, stateBulkEntries: 2, stateSliceEntries: 1 })
    await using node = await start()
    const { store, views, reader, clock, tree } = node
    const page = () =>
      Array.from({ length: 8 }, (_, n) => tree.add(undefined, { changes: [put('a', String(n))] }))
    await store.append(tree.root.id, page())
    const more: Promise<unknown>[] = []
    const stop = views.subscribe(() => {
      if (more.length === 0) more.push(store.append(tree.root.id, page()))
    })
    await clock.advance(limits.stateBulkQuietMs)
    await clock.settle()
    await Promise.all(more)
    stop()
    await clock.settle()
    const counted = views.counted(tree.root.id)
    assert.ok(counted > 1 && counted < 9, `${counted} arrivals are counted`)
    await reader.ready(tree.root.id)
    assert.ok(views.isCurrent(tree.root.id))
  })
})
