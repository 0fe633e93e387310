/** Pages are cut where they grow too large, and never an entry; nothing is lost or moved. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { pieces } from '../../src/sync/pieces.ts'

const size = 100
const cut = (sizes: number[], maxBytes = () => size) => [...pieces(sizes, (each) => each, maxBytes)]

it('A page is cut where it grows too large, and never an item', () => {
  const sizes = [1, size - 1, 1, 2 * size, 2, 3]
  assert.deepEqual(cut(sizes), [[1, size - 1], [1], [2 * size], [2, 3]])
  assert.deepEqual(cut([]), [])
})

it('The bound may change from piece to piece', () => {
  let bound = 2
  const cutting = pieces(
    [1, 1, 1, 1, 1],
    (each) => each,
    () => bound,
  )
  assert.deepEqual(cutting.next().value, [1, 1])
  bound = 3
  assert.deepEqual([...cutting], [[1, 1, 1]])
})
