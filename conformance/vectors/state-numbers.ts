/** Cases of numbers: adds, the zero version, and sums past int64. */
import { add, type BuildCase, del, head, put, zero, zeroHead } from './state-case.ts'

const greatest = 2n ** 52n - 1n
const least = -(2n ** 52n)
const root = { after: ['root'] }

/** Values, and the number that each is. */
const bases: readonly (readonly [string, bigint | null])[] = [
  ['0', 0n],
  ['7', 7n],
  ['-7', -7n],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
  ...[
    '9223372036854775808',
    '-9223372036854775809',
    '99999999999999999999',
    '-0',
    '00',
    '007',
    '+1',
    ' 1',
    '1 ',
    '1\n',
    '1.0',
    '1e3',
    '0x1',
    '-',
    '--1',
    '١',
    'one',
  ].map((text) => [text, null] as const),
]

export const numbers: Readonly<Record<string, BuildCase>> = {
  'values that are numbers, and others that are not'(tree) {
    tree.entry(
      'one',
      bases.map(([text], index) => put(`k${index}`, text)),
    )
    tree.entry('empty', [put('empty', ''), put('typed', '5', [], { type: 'application/json' })])
    tree.entry('bytes', [put('bytes', '6', [], { type: '' })])
    return {
      ...Object.fromEntries(
        bases.map(([text, sum], index) => [`notes/k${index}`, [head('one', text, { sum })]]),
      ),
      'notes/empty': [head('empty', '')],
      'notes/typed': [head('empty', '5', { type: 'application/json', sum: 5 })],
      'notes/bytes': [head('bytes', '6', { type: '', sum: 6 })],
    }
  },
  'adds to a key without a version'(tree) {
    tree.entry('one', [add('n', 2)], root)
    tree.entry('two', [add('n', -5)], root)
    return { 'notes/n': [zeroHead(-3)] }
  },
  'an add of 0 makes a key exist'(tree) {
    tree.entry('one', [add('n', 0)])
    return { 'notes/n': [zeroHead(0)] }
  },
  'an add that names the zero version is one that names nothing'(tree) {
    tree.entry('one', [add('n', 2)])
    tree.entry('two', [add('n', 3, [zero])])
    return { 'notes/n': [zeroHead(5)] }
  },
  'a put that names the zero version before any add'(tree) {
    tree.entry('one', [put('n', 'x', [zero])])
    tree.entry('two', [add('n', 3)])
    return { 'notes/n': [head('one', 'x')] }
  },
  'a delete of a counter, and an add after it'(tree) {
    tree.entry('one', [add('n', 2), add('m', 1)])
    tree.entry('gone', [del('n', [zero])])
    tree.entry('two', [add('n', 3), add('m', 1)])
    return { 'notes/m': [zeroHead(2)] }
  },
  'an add beside the delete of its counter'(tree) {
    tree.entry('one', [add('n', 2)])
    tree.entry('gone', [del('n', [zero])], { after: ['one'] })
    tree.entry('two', [add('n', 3)], { after: ['one'] })
    return {}
  },
  'a delete of a counter that names nothing'(tree) {
    tree.entry('one', [add('n', 2)])
    tree.entry('two', [del('n', [])])
    return { 'notes/n': [zeroHead(2)] }
  },
  'a put beside a counter'(tree) {
    tree.entry('added', [add('n', 2)], root)
    tree.entry('put', [put('n', '10')], root)
    return { 'notes/n': [head('put', '10', { sum: 10 }), zeroHead(2)] }
  },
  'a put that replaces a counter'(tree) {
    tree.entry('one', [add('n', 2)])
    const ten = tree.entry('ten', [put('n', '10', [zero])])
    tree.entry('two', [add('n', 5, [ten])])
    return { 'notes/n': [head('ten', '10', { sum: 15 })] }
  },
  'adds to a put, and a put that resets them'(tree) {
    const ten = tree.entry('ten', [put('n', '10')])
    tree.entry('one', [add('n', 1, [ten])], { after: ['ten'] })
    tree.entry('two', [put('n', '20', [ten])], { after: ['ten'] })
    tree.entry('three', [add('n', 100, [ten])], { after: ['one', 'two'] })
    return { 'notes/n': [head('two', '20', { sum: 20 })] }
  },
  'an add to two heads'(tree) {
    const one = tree.entry('one', [put('n', '1')], root)
    const two = tree.entry('two', [put('n', 'two')], { after: ['one'] })
    tree.entry('added', [add('n', 5, [one, two, zero])])
    return { 'notes/n': [head('two', 'two', { sum: 5 }), head('one', '1', { sum: 6 }), zeroHead(5)] }
  },
  'several adds in one entry'(tree) {
    const one = tree.entry('one', [put('n', '1')])
    tree.entry('two', [
      add('n', 1, [one]),
      add('m', 2),
      add('n', 10, [one]),
      add('m', 3),
      add('n', 100, [one]),
    ])
    return { 'notes/m': [zeroHead(5)], 'notes/n': [head('one', '1', { sum: 112 })] }
  },
  'an add and a put of one key in one entry'(tree) {
    const one = tree.entry('one', [put('n', '1')])
    tree.entry('two', [add('n', 5, [one]), add('n', 7), put('n', '2', [one])])
    return { 'notes/n': [head('two', '2', { sum: 2 }), zeroHead(7)] }
  },
  'an add and a delete of the zero version in one entry'(tree) {
    tree.entry('one', [add('n', 5), del('n', [zero]), add('n', 6)])
    return {}
  },
  'an add in one entry, a put before it and a delete after it'(tree) {
    const one = tree.entry('one', [put('n', '1')])
    tree.entry('two', [put('n', '2'), add('n', 3, [one]), del('n', [])])
    return { 'notes/n': [head('one', '1', { sum: 4 })] }
  },
  'the greatest and the least delta'(tree) {
    tree.entry('one', [add('a', greatest), add('b', least)])
    return { 'notes/a': [zeroHead(greatest)], 'notes/b': [zeroHead(least)] }
  },
  'a sum past int64 starts over'(tree) {
    const top = tree.entry('top', [
      put('up', '9223372036854775807'),
      put('down', '-9223372036854775808'),
      put('word', 'word'),
    ])
    tree.entry('one', [add('up', 1, [top]), add('down', -2, [top]), add('word', 5, [top])])
    return {
      'notes/down': [head('top', '-9223372036854775808', { sum: 2n ** 63n - 2n })],
      'notes/up': [head('top', '9223372036854775807', { sum: -(2n ** 63n) })],
      'notes/word': [head('top', 'word', { sum: 5 })],
    }
  },
}
