/**
 * Which points are accepted, the same in bytes and in hex. The lists are of RFC 8032's curve, by order and by value.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { keyFlaw, pointFlaw } from '../../src/dag/point.ts'
import { readDocument } from '../kit/markdown.ts'

const prime = 2n ** 255n - 19n

/** y of a point of order 8: its double is of order 4 and has y = 0, so d y⁴ + 2 y² = 1. */
const ofOrderEight = 2707385501144840649318225287225658788936804267575313519463743609750303402022n

/** y of the points of order 4, 1, 2 and 8. */
const ofSmallOrder = [0n, 1n, prime - 1n, ofOrderEight, prime - ofOrderEight]

/** Returns a value as 32 bytes, little-endian, with the given sign bit. */
function encoded(value: bigint, sign: boolean): string {
  const digits = (value | (sign ? 1n << 255n : 0n)).toString(16).padStart(64, '0')
  return digits.match(/../g)!.reverse().join('')
}

describe('points', () => {
  it('of small order are refused with either sign', () => {
    // d = -121665 / 121666, multiplied out.
    const square = ofOrderEight ** 2n
    assert.equal((-121665n * square ** 2n + 121666n * (2n * square - 1n)) % prime, 0n)
    for (const sign of [false, true])
      for (const value of ofSmallOrder) assert.equal(keyFlaw(encoded(value, sign)), 'small order')
  })

  it('at or past the prime are refused, and those below it are not', () => {
    for (const sign of [false, true]) {
      for (let above = 0n; above < 19n; above++)
        assert.equal(keyFlaw(encoded(prime + above, sign)), 'not canonical')
      for (let below = 2n; below < 40n; below++)
        assert.equal(keyFlaw(encoded(prime - below, sign)), undefined)
    }
  })

  it('get the same verdict in bytes and in hex', () => {
    const near = fc
      .tuple(fc.bigInt({ min: -300n, max: 300n }), fc.boolean())
      .map(([away, sign]) => encoded((prime + away) % 2n ** 255n, sign))
    const any = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex)
    fc.assert(fc.property(fc.oneof(near, any), (hex) => keyFlaw(hex) === pointFlaw(hexToBytes(hex))))
  })

  it('is listed for implementers as it is', () => {
    const page = readDocument('docs/protocol.md')
    const listed = [...page.matchAll(/^\| `([0-9a-f]{64})` /gm)].map(([, hex]) => hex!)
    assert.deepEqual(listed.sort(), ofSmallOrder.map((value) => encoded(value, false)).sort())
  })
})
