/** Landmarks are the same ids as the store returns when asked each time, and take few seeks while a tree grows. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { haveHeights } from '../../src/dag/difference/haves.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { Landmarks } from '../../src/store/landmarks.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder } from '../kit/entries.ts'
import { fill } from '../kit/peers.ts'

describe('Landmarks', () => {
  async function ask(store: DagStore, builder: TreeBuilder, landmarks = store.landmarks) {
    await using view = (await store.view(builder.root.id))!
    const heights = haveHeights(view.height)
    const asked = await landmarks.at(view, heights, 2)
    assert.deepEqual(asked.ids, await store.idsAt(builder.root.id, heights, 2, view.snapshot))
    return { ...asked, heights }
  }

  it('are read only at new heights', async () => {
    const store = await DagStore.open(await openMemory())
    const builder = new TreeBuilder()
    while (builder.entries.length < 600) builder.add([builder.last])
    await fill(store, builder.entries)
    const first = await ask(store, builder)
    assert.equal(first.reads, first.heights.length)
    assert.equal((await ask(store, builder)).reads, 0)
    builder.add([builder.last])
    await fill(store, builder.entries.slice(-1))
    const next = await ask(store, builder)
    assert.ok(next.reads < next.heights.length * 0.7, `${next.reads} of ${next.heights.length}`)
    await store.close()
  })

  it('are kept for a bounded number of trees, those asked for last', async () => {
    const store = await DagStore.open(await openMemory())
    const landmarks = new Landmarks(store)
    const builders = Array.from(
      { length: limits.landmarkTrees + 1 },
      (_, n) => new TreeBuilder({ seed: `${n}` }),
    )
    for (const builder of builders) {
      builder.add([builder.last])
      await fill(store, builder.entries)
      assert.equal((await ask(store, builder, landmarks)).reads, 1)
    }
    assert.equal((await ask(store, builders.at(-1)!, landmarks)).reads, 0)
    assert.equal((await ask(store, builders[0]!, landmarks)).reads, 1)
    await store.close()
  })
})
