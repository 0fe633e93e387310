/** How the stores' view reads values, without a browser: JSON as it is laid out, sizes of pictures, the order of keys. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileNameOf } from '../src/views/stores/file-name.ts'
import { prettyJson } from '../src/views/stores/json.ts'
import { compareKeys } from '../src/views/stores/order.ts'
import { isTooLarge, sizeOfPicture } from '../src/views/stores/picture.ts'
import { placeAfter, spliceOf } from '../src/views/stores/text/splice.ts'
import { hexDump } from '../src/views/stores/values.ts'
import { wholeNumber } from '../src/views/stores/whole-number.ts'
import { png } from './kit/values.ts'

describe('JSON for people', () => {
  it('keeps numbers and names as they were written', () => {
    const text = '{"a":12345678901234567890,"a":1.50,"b":[],"c":{ },"d":["x,]\\"{",[true]]}'
    const shown = prettyJson(text)!
    assert.match(shown, /12345678901234567890/)
    assert.match(shown, /"a": 1\.50/)
    assert.match(shown, /"b": \[\],\n {2}"c": \{\}/)
    assert.match(shown, /\n {4}"x,\]\\"\{",\n {4}\[\n {6}true\n {4}\]\n/)
    assert.deepEqual(JSON.parse(shown), JSON.parse(text))
  })

  it('leaves what is no JSON, and what would become mostly spaces', () => {
    assert.equal(prettyJson('{"a":'), undefined)
    assert.equal(prettyJson('"open'), undefined)
    assert.ok(prettyJson('['.repeat(32) + ']'.repeat(32)) !== undefined)
    assert.equal(prettyJson('['.repeat(33) + ']'.repeat(33)), undefined)
    assert.equal(prettyJson('['.repeat(30_000) + ']'.repeat(30_000)), undefined)
    assert.ok(prettyJson(JSON.stringify('['.repeat(1_000))) !== undefined, 'those in strings are none')
  })
})

describe('Pictures', () => {
  const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

  it('tells their size before anything is drawn', () => {
    assert.deepEqual(sizeOfPicture('image/png', png(12, 8)), { width: 12, height: 8 })
    assert.deepEqual(sizeOfPicture('image/gif', bytes('474946383961 0a00 1400 00')), {
      width: 10,
      height: 20,
    })
    const jpeg = bytes('ffd8 ffe0 0004 0000 ffc2 0011 08 0102 0304 03')
    assert.deepEqual(sizeOfPicture('image/jpeg', jpeg), { width: 0x304, height: 0x102 })
    const head = '52494646 00000000 57454250'
    const lossy = `${head} 56503820 00000000 000000 9d012a 4001 f000`
    assert.deepEqual(sizeOfPicture('image/webp', bytes(lossy)), { width: 320, height: 240 })
    const extended = `${head} 56503858 0a000000 00000000 3f0100 ef0000`
    assert.deepEqual(sizeOfPicture('image/webp', bytes(extended)), { width: 320, height: 240 })
    assert.equal(isTooLarge({ width: 8_000, height: 5_000 }), false)
    assert.equal(isTooLarge({ width: 8_001, height: 5_000 }), true)
  })

  it('takes nothing for a picture that is none', () => {
    for (const type of ['image/png', 'image/gif', 'image/jpeg', 'image/webp'])
      for (const text of ['', '<svg onload=alert(1)>', '<html><script>'.repeat(9)])
        assert.equal(sizeOfPicture(type, new TextEncoder().encode(text)), undefined)
    assert.equal(sizeOfPicture('image/svg+xml', png(1, 1)), undefined)
    assert.equal(sizeOfPicture('constructor', png(1, 1)), undefined)
    assert.equal(sizeOfPicture('image/png', png(12, 8).subarray(0, 18)), undefined)
    assert.equal(sizeOfPicture('image/jpeg', bytes('ffd8 ffe0 ffff')), undefined)
  })
})

describe('Keys and names', () => {
  it('stand in the order of their bytes', () => {
    const keys = ['a', 'a/', 'a/b', 'ab', 'é', '\u{e000}', '\uffff', '\u{10000}', '\u{10ffff}', '\u{10ffff}a']
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual([...keys].reverse().sort(compareKeys), byBytes)
    assert.equal(compareKeys('a', 'a'), 0)
  })

  it('make names of files that hold nothing but letters, digits and a few signs', () => {
    assert.equal(fileNameOf('photos/2024/the cat.jpg'), 'the cat.jpg')
    assert.equal(fileNameOf('../../etc/<passwd>\u202e'), '_passwd__')
    assert.equal(fileNameOf('a/..'), 'value')
    assert.equal(fileNameOf('x'.repeat(300)).length, 100)
  })

  it('reads the numbers that can be added', () => {
    assert.equal(wholeNumber(' -12 '), -12n)
    assert.equal(wholeNumber('+5'), 5n)
    assert.equal(wholeNumber('4503599627370495'), 2n ** 52n - 1n)
    for (const text of ['4503599627370496', '-4503599627370497', '1.5', '1e3', '', 'x'])
      assert.equal(wholeNumber(text), undefined)
  })

  it('shows bytes in rows', () => {
    assert.equal(hexDump(Uint8Array.of(0x41, 0x00, 0xff)), '0000  41 00 ff                 A··')
    assert.equal(hexDump(new Uint8Array(5_000)).split('\n').length, 256)
  })
})

describe('What an input does to a text', () => {
  const after = (before: string, { at, removed, inserted }: ReturnType<typeof spliceOf>) =>
    before.slice(0, at) + inserted + before.slice(at + removed)

  it('is one replacement, at the caret among letters that are alike, that cuts no character in two', () => {
    assert.deepEqual(spliceOf('abc', 'abXc', 3), { at: 2, removed: 0, inserted: 'X' })
    assert.deepEqual(spliceOf('aaa', 'aaaa', 2), { at: 1, removed: 0, inserted: 'a' })
    assert.deepEqual(spliceOf('abc', 'abc', 1), { at: 1, removed: 0, inserted: '' })
    assert.deepEqual(spliceOf('one two', 'two', 0), { at: 0, removed: 4, inserted: '' })
    for (const [before, now] of [
      ['\u{1f600}', '\u{1f601}'],
      ['a\u{1f600}b', 'a\u{1f600}\u{1f600}b'],
      ['\u{1f600}\u{1f600}', '\u{1f600}'],
      ['', 'x'],
      ['x', ''],
    ] as const)
      for (let caret = 0; caret <= now.length; caret++) {
        const splice = spliceOf(before, now, caret)
        assert.equal(after(before, splice), now)
        assert.doesNotMatch(splice.inserted, /\p{Cs}/u, 'whole characters are inserted')
        assert.doesNotMatch(before.slice(splice.at, splice.at + splice.removed), /\p{Cs}/u)
      }
  })

  it('moves places as others change what is before them', () => {
    assert.equal(placeAfter([{ insert: 'abc' }], 2), 5)
    assert.equal(
      placeAfter([{ retain: 2 }, { insert: 'abc' }], 2),
      2,
      'it stays before what is inserted at it',
    )
    assert.equal(placeAfter([{ retain: 1 }, { delete: 3 }], 2), 1)
    assert.equal(placeAfter([{ retain: 1 }, { delete: 3 }], 9), 6)
    assert.equal(placeAfter([{ delete: 2 }, { insert: 'xy' }, { retain: 1 }, { insert: {} }], 4), 5)
    assert.equal(placeAfter([], 4), 4)
  })
})
