/** A view of a tree with its sketch: found between two pages, and given up with a typed error if there is none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { createSketch } from '../../src/dag/difference/sketch.ts'
import type { TreeReader } from '../../src/store/read/tree-reader.ts'
import { viewWithSketch } from '../../src/sync/cells.ts'
import { shapes } from '../kit/entries.ts'
import { openPeer } from '../kit/peers.ts'

const entries = shapes.linear(10)
const tree = entries[0]!.id

/** A store that changes as often as it is looked at, or whose sketch counts other entries than it has. */
async function looking(store: TreeReader, change: { sketch?: boolean; busy?: boolean }) {
  let [turns, open, busy] = [0, 0, 0]
  const sketch = createSketch(limits.sketchMinCells)
  const looked = {
    view: async () => {
      // The bug would go on for ever; the test does not.
      if (++turns > 1_000) throw new Error('It does not end.')
      const view = (await store.view(tree))!
      open++
      const sequence = view.sequence + busy
      return {
        ...view,
        sequence,
        [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]().then(() => open--),
      }
    },
    summary: async () => {
      if (change.busy) busy++
      const summary = await store.summary(tree)
      return { ...summary, sequence: summary.sequence + busy }
    },
    sketches: { of: async () => (change.sketch ? sketch : store.sketches.of(tree)) },
  }
  const result = await viewWithSketch(looked as unknown as TreeReader, tree).catch((error: unknown) => error)
  return { result: result as { code?: string; view?: object }, turns, open: () => open }
}

describe('A view with its sketch', () => {
  it('is found at once in a tree at rest', async () => {
    await using peer = await openPeer(entries)
    const { result, turns } = await looking(peer.store, {})
    assert.notEqual(result.view, undefined)
    assert.equal(turns, 1)
  })

  it('is STORE_CORRUPT if the sketch counts other entries than the tree has', async () => {
    await using peer = await openPeer(entries)
    const { result, turns, open } = await looking(peer.store, { sketch: true })
    assert.deepEqual([result.code, turns, open()], ['STORE_CORRUPT', 1, 0])
  })

  it('is given up after a number of turns if the tree changes in each', async () => {
    await using peer = await openPeer(entries)
    const { result, turns, open } = await looking(peer.store, { sketch: true, busy: true })
    assert.deepEqual([result.code, turns, open()], ['RESOURCE_EXHAUSTED', limits.sketchViewTurns, 0])
  })
})
