/** Cases of puts that name a blob: at and past each bound, and beside values. */
import { hex, join, len, many, num, tag, utf8, varint } from './raw.ts'
import { add, type BuildCase, head, put, putBlob, raw, zero } from './state-case.ts'

const id = hex('ab'.repeat(32))
const biggest = 2_147_483_648
const a = len(1, utf8('a'))
const type = len(3, utf8('text/plain'))
const inside = (...fields: Uint8Array[]) => raw('cw.put', join(a, len(4, join(...fields))))

export const blobs: Readonly<Record<string, BuildCase>> = {
  'blobs: a put names a blob'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('two', [putBlob('a', { id, size: 300_000 }, [one], 'image/png')])
    tree.entry('three', [putBlob('b', { id, size: 1 }), putBlob('c', { id, size: biggest })])
    return {
      'notes/a': [head('two', '', { type: 'image/png', blob: { id, size: 300_000 } })],
      'notes/b': [head('three', '', { blob: { id, size: 1 } })],
      'notes/c': [head('three', '', { blob: { id, size: biggest } })],
    }
  },
  'blobs: a blob beside a value, which replaces nothing'(tree) {
    tree.entry('one', [putBlob('a', { id, size: 9 })])
    tree.entry('two', [put('a', '7')])
    return {
      'notes/a': [head('two', '7', { sum: 7 }), head('one', '', { blob: { id, size: 9 } })],
    }
  },
  'blobs: a blob has no base'(tree) {
    const one = tree.entry('one', [putBlob('a', { id, size: 1 })])
    tree.entry('two', [add('a', 5, [one])])
    return { 'notes/a': [head('one', '', { blob: { id, size: 1 }, sum: 5 })] }
  },
  'blobs: of several puts of a key in an entry the last counts'(tree) {
    tree.entry('one', [
      putBlob('a', { id, size: 2 }),
      put('a', 'value'),
      put('b', 'value'),
      putBlob('b', { id, size: 2 }),
    ])
    return { 'notes/a': [head('one', 'value')], 'notes/b': [head('one', '', { blob: { id, size: 2 } })] }
  },
  'malformed: blobs'(tree) {
    const bad = [
      // A value and a blob.
      raw('cw.put', join(a, len(2, utf8('x')), len(4, join(len(1, id), num(2, 9))))),
      // An empty message, and one without an id or a size.
      raw('cw.put', join(a, len(4, hex('')))),
      inside(len(1, id)),
      inside(num(2, 9)),
      inside(len(1, id), num(2, 0)),
      // A size past the bound, and past 2^53 - 1.
      inside(len(1, id), num(2, biggest + 1)),
      inside(len(1, id), num(2, 2n ** 53n)),
      // An id of another length.
      inside(len(1, id.subarray(1)), num(2, 9)),
      inside(len(1, join(id, hex('00'))), num(2, 9)),
      // Wrong order, a field twice, an unknown one, wrong wire types, a number that is not minimal, bytes left over.
      inside(num(2, 9), len(1, id)),
      inside(len(1, id), len(1, id), num(2, 9)),
      inside(len(1, id), num(2, 9), num(2, 9)),
      inside(len(1, id), num(2, 9), num(3, 1)),
      inside(num(1, 1), num(2, 9)),
      inside(len(1, id), len(2, varint(9))),
      inside(len(1, id), tag(2, 0), hex('8900')),
      inside(len(1, id), num(2, 9), hex('00')),
      // The field twice, before the type, and as a number.
      raw('cw.put', join(a, many(4, [join(len(1, id), num(2, 9)), join(len(1, id), num(2, 9))]))),
      raw('cw.put', join(a, len(4, join(len(1, id), num(2, 9))), type)),
      raw('cw.put', join(a, num(4, 9))),
      raw('cw.delete', join(a, len(4, join(len(1, id), num(2, 9))))),
    ]
    for (const [index, change] of bad.entries())
      tree.entry(`bad ${index}`, [change, put(`k${index}`, 'good')])
    // An id of zeros is an id like any other.
    tree.entry('zeros', [putBlob('z', { id: zero, size: 1 })])
    return {
      ...Object.fromEntries(bad.map((_, index) => [`notes/k${index}`, [head(`bad ${index}`, 'good')]])),
      'notes/z': [head('zeros', '', { blob: { id: zero, size: 1 } })],
    }
  },
}
