/** Payloads at and past each bound, and in each wrong encoding. A malformed one counts for nothing; its entry stands. */
import type { Change } from '../../src/dag/body.ts'
import { hex, join, len, many, num, tag, utf8, varint } from './raw.ts'
import {
  add,
  type BuildCase,
  del,
  head,
  put,
  raw,
  type StateCase,
  zero,
  zeroHead,
  zigzag,
} from './state-case.ts'

const name = (byte: number) => new Uint8Array(32).fill(byte)
const names = (count: number) =>
  Array.from({ length: count }, (_, index) => join(Uint8Array.of(1, index), new Uint8Array(30)))

/**
 * Returns a case of changes that count for nothing. Beside each stands a put in the same entry that counts, and before
 * them a version and a counter that the changes would replace or add to if they were read.
 */
const nothing =
  (changes: (first: Uint8Array) => readonly Change[]): BuildCase =>
  (tree: StateCase) => {
    const first = tree.entry('first', [put('a', '1'), add('n', 1)])
    const bad = changes(first)
    for (const [index, change] of bad.entries())
      tree.entry(`bad ${index}`, [change, put(`k${index}`, 'good')])
    return {
      'notes/a': [head('first', '1', { sum: 1 })],
      ...Object.fromEntries(bad.map((_, index) => [`notes/k${index}`, [head(`bad ${index}`, 'good')]])),
      'notes/n': [zeroHead(1)],
    }
  }

const a = len(1, utf8('a'))
const n = len(1, utf8('n'))
const value = len(2, utf8('bad'))
const type = len(3, utf8('text/plain'))

export const malformed: Readonly<Record<string, BuildCase>> = {
  'malformed: empty, cut short, and more than there should be': nothing((first) => [
    raw('cw.put', new Uint8Array(0)),
    raw('cw.delete', new Uint8Array(0)),
    raw('cw.add', new Uint8Array(0)),
    raw('cw.put', a.subarray(0, 2)),
    raw('cw.put', join(a, value).subarray(0, 6)),
    raw('cw.delete', join(a, len(2, first)).subarray(0, 30)),
    raw('cw.add', join(n, tag(3, 0))),
    raw('cw.add', join(n, num(3, 2), hex('80'))),
    raw('cw.delete', join(a, len(2, first), hex('00'))),
  ]),
  'malformed: unknown fields': nothing((first) => [
    raw('cw.put', join(a, value, len(4, utf8('x')), len(5, first))),
    raw('cw.put', join(a, value, len(5, first), num(6, 1))),
    raw('cw.put', join(num(0, 1), a, value)),
    raw('cw.delete', join(a, len(2, first), num(3, 2))),
    raw('cw.add', join(n, num(3, 2), len(4, utf8('x')))),
    raw('cw.add', join(n, num(3, 2), num(536_870_911, 1))),
  ]),
  'malformed: wrong order, and fields twice': nothing((first) => [
    raw('cw.put', join(value, a)),
    raw('cw.put', join(a, type, value)),
    raw('cw.put', join(a, len(5, first), value)),
    raw('cw.put', join(a, a, value)),
    raw('cw.put', join(a, value, value)),
    raw('cw.delete', join(len(2, first), a)),
    raw('cw.add', join(num(3, 2), n)),
    raw('cw.add', join(n, num(3, 2), num(3, 2))),
    raw('cw.add', join(n, num(3, 2), len(2, zero))),
  ]),
  'malformed: wrong wire types': nothing((first) => [
    raw('cw.put', join(num(1, 97), value)),
    raw('cw.put', join(a, num(2, 1))),
    raw('cw.put', join(a, value, num(5, 1))),
    raw('cw.delete', join(a, tag(2, 5), first.subarray(0, 4))),
    raw('cw.add', join(n, len(3, varint(2)))),
    raw('cw.add', join(n, tag(3, 1), hex('0200000000000000'))),
  ]),
  'malformed: defaults that are written': nothing(() => [
    raw('cw.put', join(len(1, hex('')), value)),
    raw('cw.put', join(a, len(2, hex('')))),
    raw('cw.put', join(a, value, len(3, hex('')))),
    raw('cw.add', join(n, num(3, 0))),
  ]),
  'malformed: numbers that are not minimal, or too great': nothing((first) => [
    raw('cw.put', join(hex('8a00'), varint(1), utf8('a'), value)),
    raw('cw.put', join(hex('0a8100'), utf8('a'), value)),
    raw('cw.delete', join(a, hex('12a000'), first)),
    raw('cw.add', join(n, tag(3, 0), hex('8200'))),
    raw('cw.add', join(n, tag(3, 0), hex('828000'))),
    raw('cw.add', join(n, num(3, 2n ** 53n))),
    raw('cw.add', join(n, num(3, 2n ** 53n + 1n))),
    raw('cw.add', join(n, num(3, 2n ** 64n - 1n))),
    raw('cw.add', join(n, tag(3, 0), new Uint8Array(10).fill(0xff), hex('01'))),
  ]),
  'malformed: keys': nothing((first) => [
    raw('cw.put', value),
    raw('cw.put', join(len(1, utf8('k'.repeat(513))), value)),
    raw('cw.put', join(len(1, utf8('é'.repeat(257))), value)),
    raw('cw.put', join(len(1, utf8('a\0')), value)),
    raw('cw.put', join(len(1, utf8('\0')), value)),
    raw('cw.delete', len(2, first)),
    raw('cw.delete', join(len(1, utf8('a\0b')), len(2, first))),
    raw('cw.add', num(3, 2)),
    raw('cw.add', join(len(1, utf8('n'.repeat(513))), num(3, 2))),
  ]),
  'malformed: text that is not UTF-8': nothing(() => [
    raw('cw.put', join(len(1, hex('61ff')), value)),
    raw('cw.put', join(len(1, hex('c1a1')), value)),
    raw('cw.put', join(len(1, hex('eda080')), value)),
    raw('cw.put', join(len(1, hex('f4908080')), value)),
    raw('cw.put', join(len(1, hex('e282')), value)),
    raw('cw.put', join(a, value, len(3, hex('ff')))),
    raw('cw.delete', len(1, hex('ff'))),
    raw('cw.add', join(len(1, hex('80')), num(3, 2))),
  ]),
  'malformed: types': nothing(() => [
    raw('cw.put', join(a, value, len(3, utf8('t'.repeat(129))))),
    raw('cw.put', join(a, value, len(3, utf8('text/é')))),
    raw('cw.put', join(a, value, len(3, utf8('text\n')))),
    raw('cw.put', join(a, value, len(3, hex('7f')))),
    raw('cw.put', join(a, value, len(3, hex('1f')))),
    raw('cw.put', join(a, value, len(3, hex('00')))),
  ]),
  'malformed: a value of 65,537 bytes': nothing(() => [
    raw('cw.put', join(a, len(2, new Uint8Array(65_537)))),
  ]),
  'malformed: names': nothing((first) => [
    raw('cw.put', join(a, value, len(5, first.subarray(1)))),
    raw('cw.put', join(a, value, len(5, join(first, hex('00'))))),
    raw('cw.put', join(a, value, len(5, hex('')))),
    raw('cw.put', join(a, value, many(5, [name(2), name(1)]))),
    raw('cw.put', join(a, value, many(5, [first, first]))),
    raw('cw.put', join(a, value, many(5, names(65)))),
    raw('cw.delete', join(a, len(2, first.subarray(1)))),
    raw('cw.delete', join(a, many(2, [first, first]))),
    raw('cw.delete', join(a, many(2, [name(255), first]))),
    raw('cw.delete', join(a, many(2, [zero, ...names(64)]))),
    raw('cw.add', join(n, len(2, first.subarray(1)), num(3, 2))),
    raw('cw.add', join(n, many(2, [zero, zero]), num(3, 2))),
    raw('cw.add', join(n, many(2, [zero, ...names(64)]), num(3, 2))),
  ]),
  'at the bounds'(tree) {
    const long = `${'k'.repeat(510)}é`
    const first = tree.entry('first', [put('a', '1')])
    const full = new Uint8Array(65_536).fill(7)
    const type = ` ${'t'.repeat(126)}~`
    tree.entry('second', [
      put(long, full, [], { type }),
      put('a', '2', [...names(63), first]),
      add('n', 3, [zero, ...names(63)]),
    ])
    const again = tree.entry('third', [put('b', '', [], { type: '' })])
    tree.entry('fourth', [del('b', [again, ...names(63)])])
    tree.entry('fifth', [
      raw('cw.add', join(len(1, utf8('m')), num(3, zigzag(-(2n ** 52n))))),
      raw('cw.put', len(1, utf8('bare'))),
      raw('cw.delete', len(1, utf8('a'))),
      raw('cw.add', len(1, utf8('o'))),
    ])
    return {
      'notes/a': [head('second', '2', { sum: 2 })],
      'notes/bare': [head('fifth', '', { type: '' })],
      [`notes/${long}`]: [head('second', full, { type })],
      'notes/m': [zeroHead(-(2n ** 52n))],
      'notes/n': [zeroHead(3)],
      'notes/o': [zeroHead(0)],
    }
  },
}
