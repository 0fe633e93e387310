/** A page that is too large is cut between entries; nothing is lost or reordered. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { pieces } from '../../src/sync/pieces.ts'

const size = 100
const cut = (sizes: number[], maxBytes = () => size) => [...pieces(sizes, (each) => each, maxBytes)]

it('A page that is too large is cut between items', () => {
  const sizes = [1, size - 1, 1, 2 * size, 2, 3]
  assert.deepEqual(cut(sizes), [[1, size - 1], [1], [2 * size], [2, 3]])
  assert.deepEqual(cut([]), [])
})

it('The bound may change with each piece', () => {
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
