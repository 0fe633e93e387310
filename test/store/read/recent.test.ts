/** The latest of many values: never more than the bound, and always at least the latest half of that number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Recent } from '../../../src/store/read/recent.ts'

test('keeps the latest, and none of the others for long', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (keys, half) => {
      const recent = new Recent<number, number>(2 * half)
      for (const [index, key] of keys.entries()) {
        recent.set(key, index)
        const latest = [...new Set(keys.slice(0, index + 1).reverse())].slice(0, half)
        for (const kept of latest)
          assert.equal(
            recent.get(kept),
            keys.lastIndexOf(kept, index),
            `${kept} is one of the latest ${half}`,
          )
        const held = new Set(keys).size - [...new Set(keys)].filter((each) => !recent.has(each)).length
        assert.ok(held <= 2 * half, `${held} are kept, at most ${2 * half} may be`)
      }
    }),
    { numRuns: 200 },
  )
})

test('delete forgets a key in both halves', () => {
  const recent = new Recent<number, string>(2)
  recent.set(1, 'old')
  recent.set(2, 'two')
  recent.set(1, 'new')
  recent.delete(1)
  assert.deepEqual([recent.get(1), recent.get(2)], [undefined, 'two'])
})

test('clear forgets both halves', () => {
  const recent = new Recent<number, string>(2)
  recent.set(1, 'one')
  recent.set(2, 'two')
  recent.clear()
  assert.deepEqual([recent.get(1), recent.get(2)], [undefined, undefined])
})
