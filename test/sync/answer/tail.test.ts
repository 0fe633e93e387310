/** The cells of a request show that only our last entries are missing, and only if that is so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import { createSketch } from '../../../src/dag/difference/sketch.ts'
import { type EntryId, idToBytes } from '../../../src/dag/id.ts'
import { findTail } from '../../../src/sync/answer/tail.ts'
import { viewWithSketch } from '../../../src/sync/cells.ts'
import { prng, shapes } from '../../kit/entries.ts'
import { idsOf, openPeer } from '../../kit/peers.ts'

describe('The tail', () => {
  const entries = shapes.random(400, 12, prng(3))
  const tree = entries[0]!.id

  /** What is found where the other side has these. */
  async function find(theirs: (order: EntryId[]) => EntryId[]) {
    await using peer = await openPeer(entries)
    const order = (await idsOf(peer.store, tree)) as EntryId[]
    const held = theirs(order)
    const sketch = createSketch(limits.sketchMinCells)
    sketch.addAll(held.map(idToBytes))
    const found = (await viewWithSketch(peer.store, tree))!
    await using view = found.view
    const cells = sketch.cells(0, limits.sketchRequestCells)
    const missing = await findTail(peer.store, view, found.sketch, cells)
    if (missing === undefined) return { held, order, tail: undefined }
    const tail: EntryId[] = []
    for await (const page of missing.pages()) for (const { id } of page) tail.push(id)
    assert.equal(missing.count, tail.length)
    return { held, order, tail }
  }

  it('is found wherever a first sync was cut', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: entries.length - 1 }), async (count) => {
        const { order, tail } = await find((ids) => ids.slice(0, count))
        assert.deepEqual(tail, order.slice(count))
      }),
      { numRuns: 20 },
    ))

  it('is not found if something else differs, or if nothing is missing', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(entries.length - 2), fc.nat(entries.length - 2), async (count, hole) => {
        fc.pre(hole < count)
        const holed = await find((ids) => ids.slice(0, count + 1).toSpliced(hole, 1))
        assert.equal(holed.tail, undefined)
        const own = 'f'.repeat(64) as EntryId
        const changed = await find((ids) => [...ids.slice(0, count), own])
        assert.equal(changed.tail, undefined)
        const all = await find((ids) => [...ids, ...Array.from({ length: count % 2 }, () => own)])
        assert.equal(all.tail, undefined)
      }),
      { numRuns: 20 },
    ))
})
