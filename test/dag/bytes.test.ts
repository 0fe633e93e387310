/** Bytes as text and in order, as Node's Buffer has them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compareBytes,
  concatBytes,
  fromBase64Url,
  fromUtf8,
  toBase64Url,
  utf8,
  utf8Length,
} from '../../src/dag/bytes.ts'

const text = fc.string({ unit: 'grapheme' })
const bytes = fc.uint8Array({ maxLength: 100 })

test('a text is UTF-8, and has its length', () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (value) => {
      assert.deepEqual(Buffer.from(utf8(value)), Buffer.from(value))
      assert.equal(utf8Length(value), Buffer.byteLength(value))
      assert.equal(fromUtf8(utf8(value)), value)
    }),
  )
  assert.equal(fromUtf8(utf8('\ufeffa')), '\ufeffa')
})

test('bytes have their order', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b))
      assert.equal(compareBytes(a, new Uint8Array(a)), 0)
      assert.deepEqual(Buffer.from(concatBytes(a, b)), Buffer.concat([a, b]))
    }),
  )
})

test('base64url is read back, and anything else is nothing', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const encoded = toBase64Url(value)
      assert.equal(encoded, Buffer.from(value).toString('base64url'))
      assert.deepEqual(fromBase64Url(encoded), new Uint8Array(value))
    }),
  )
  for (const malformed of ['a', 'ab=', 'a b', 'ab+_', 'é'])
    assert.equal(fromBase64Url(malformed).length, 0, malformed)
})
