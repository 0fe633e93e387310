/** Ids: each has one text, their order puts parents first, and a digest names a closed set. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { comparePositions, digestTips, formatId, idFromBytes, idToBytes, parseId } from '../../src/dag/id.ts'
import { anyId } from '../kit/arbitrary.ts'
import { prng, shapes } from '../kit/entries.ts'

describe('id', () => {
  test('an id survives its text form and its bytes', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        assert.match(formatId(id), /^bafkrei[a-z2-7]{52}$/)
        assert.equal(parseId(formatId(id)), id)
        assert.equal(idFromBytes(idToBytes(id)), id)
      }),
    )
  })

  test('any other text is INVALID_ARGUMENT', () => {
    const id = formatId(shapes.linear(0)[0]!.id)
    const others = [
      '',
      'bafkrei',
      id.slice(0, -1),
      `${id}a`,
      id.toUpperCase(),
      // Upper case within, which the parser of CIDs reads like lower case.
      id
        .replace(/^(bafkrei)(.)/, (_, head, letter) => head + letter.toUpperCase())
        .replace(/[a-z]$/, (last) => last.toUpperCase()),
      ` ${id}`,
      'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
      // The same digest as dag-pb, as sha2-512's length would not fit, and the same id in base58.
      'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
      'zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA',
    ]
    for (const text of others)
      assert.throws(() => parseId(text), { name: 'CausewayError', code: 'INVALID_ARGUMENT' }, text)
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.throws(() => parseId(text), { code: 'INVALID_ARGUMENT' })
      }),
    )
  })

  test('an id has 32 bytes', () => {
    for (const length of [0, 31, 33])
      assert.throws(() => idFromBytes(new Uint8Array(length)), { code: 'INVALID_ARGUMENT' })
  })

  test('the order of positions is total', () => {
    const anyPosition = fc.record({ height: fc.nat({ max: 3 }), id: anyId })
    fc.assert(
      fc.property(fc.array(anyPosition, { maxLength: 20 }), fc.nat(), (positions, seed) => {
        const random = prng(seed)
        const shuffled = [...positions].sort(() => random() - 0.5)
        assert.deepEqual(shuffled.sort(comparePositions), [...positions].sort(comparePositions))
        for (const a of positions)
          for (const b of positions) {
            assert.equal(Math.sign(comparePositions(a, b)) + Math.sign(comparePositions(b, a)), 0)
            assert.equal(comparePositions(a, b) === 0, a.height === b.height && a.id === b.id)
          }
      }),
    )
    const far = { height: Number.MAX_SAFE_INTEGER, id: shapes.linear(0)[0]!.id }
    assert.ok(comparePositions(far, { ...far, height: far.height - 1 }) > 0)
  })

  test('the order of positions puts parents first, and ids sort like their bytes', () => {
    const entries = shapes.random(200, 6, prng(11))
    const positions = entries.map(({ id, body }) => ({ id, height: body.height })).sort(comparePositions)
    const place = new Map(positions.map(({ id }, index) => [id, index]))
    for (const { id, body } of entries)
      for (const parent of body.parents) assert.ok(place.get(parent)! < place.get(id)!)
    const ids = entries.map(({ id }) => id)
    assert.deepEqual(
      [...ids].sort(),
      [...ids].sort((a, b) => Buffer.compare(hexToBytes(a), hexToBytes(b))),
    )
  })

  test('the digest of tips covers their bytes in ascending order, in whatever order they are given', () => {
    const tips = shapes.concurrentTips(5).map(({ id }) => id)
    const expected = createHash('sha256')
      .update(Buffer.concat([...tips].sort().map((id) => hexToBytes(id))))
      .digest('hex')
    assert.equal(digestTips(tips), expected)
    assert.equal(digestTips([...tips].reverse()), expected)
    assert.notEqual(digestTips(tips.slice(1)), expected)
    assert.equal(digestTips([]), '')
  })

  test('bytes survive hex, even from the middle of a buffer, and other text is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat({ max: 5 }), (bytes, skipped) => {
        const view = bytes.subarray(skipped)
        assert.deepEqual(new Uint8Array(hexToBytes(bytesToHex(view))), new Uint8Array(view))
      }),
    )
    for (const text of ['0', 'zz', '00zz', '0g']) assert.throws(() => hexToBytes(text))
  })
})
