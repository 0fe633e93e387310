/** Haves: the heights that they sample, how many fit into a request, and the checks of a peer's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import { haveHeights, packHaves, unpackHaves } from '../../../src/dag/difference/haves.ts'
import { projectFile } from '../../kit/project.ts'
import { hexOf, idsFrom, refuses } from './sketch-samples.ts'

const vectors = JSON.parse(readFileSync(projectFile('conformance/vectors/sketch.json'), 'utf8'))

describe('the heights of haves', () => {
  it('are the golden ones', () => {
    for (const { maxHeight, heights } of vectors.haves) assert.deepEqual(haveHeights(maxHeight), heights)
  })

  it('descend to within a quarter of the way from the root, and one id of each fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (maxHeight) => {
        const heights = haveHeights(maxHeight)
        assert.equal(heights[0], maxHeight - 1)
        assert.ok(heights.every((height, n) => height >= 0 && (n === 0 || height < heights[n - 1]!)))
        assert.ok(heights.at(-1)! <= maxHeight * 0.25 + 1)
        assert.ok(heights.length <= limits.havesPackedIds)
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  it('must be whole', () => {
    for (const height of [-1, 0.5, Number.NaN, 2 ** 60])
      refuses('INVALID_ARGUMENT', () => haveHeights(height))
  })
})

describe('packed haves', () => {
  it('unpack as prefixes, one of each height before any second', () => {
    const ids = idsFrom(1, 5)
    const packed = packHaves([[ids[0]!, ids[1]!], [], [ids[2]!], [ids[3]!, ids[4]!, ids[0]!]])
    const expected = [0, 2, 3, 1, 4].map((n) => hexOf(ids[n]!.subarray(0, 8)))
    assert.deepEqual(unpackHaves(packed).map(hexOf), expected)
    assert.deepEqual(unpackHaves(new Uint8Array(0)), [])
  })

  it('stay within 96', () => {
    const ids = idsFrom(2, 200)
    const byHeight = Array.from({ length: 60 }, (_, n) => ids.slice(n * 2, n * 2 + 2))
    const packed = packHaves(byHeight)
    assert.equal(packed.length, 96 * 8)
    assert.equal(hexOf(unpackHaves(packed)[59]!), hexOf(ids[118]!.subarray(0, 8)))
    refuses('INVALID_ARGUMENT', () => packHaves([[new Uint8Array(7)]]))
  })

  it('are refused from a peer when they are too many or cut short', () => {
    assert.equal(unpackHaves(new Uint8Array(128 * 8)).length, 128)
    refuses('PROTOCOL', () => unpackHaves(new Uint8Array(129 * 8)))
    refuses('PROTOCOL', () => unpackHaves(new Uint8Array(15)))
  })
})
