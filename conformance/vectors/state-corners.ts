/** The corner cases of docs/state.md, in its order, and what void entries and numbers add to them. */
import { testIdentity } from '../../test/kit/entries.ts'
import { admin, grant, policyChange, revoke, write } from '../../test/kit/policy.ts'
import { hex } from './raw.ts'
import { add, type BuildCase, del, head, put, raw, zero, zeroHead } from './state-case.ts'

const [ada, ben] = [testIdentity(1), testIdentity(2)]
const root = { after: ['root'] }

export const corners: Readonly<Record<string, BuildCase>> = {
  '1: a put that names the put before it'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('two', [put('a', 'second', [one])])
    return { 'notes/a': [head('two', 'second')] }
  },
  '2: concurrent puts: the greater height'(tree) {
    tree.entry('low', [put('a', 'low')], root)
    tree.entry('other', [put('b', 'other')], root)
    tree.entry('high', [put('a', 'high')])
    return { 'notes/a': [head('high', 'high'), head('low', 'low')], 'notes/b': [head('other', 'other')] }
  },
  '3: a put beside a delete that has not seen it'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('two', [put('a', 'second', [one])], { after: ['one'] })
    tree.entry('gone', [del('a', [one])], { after: ['one'] })
    return { 'notes/a': [head('two', 'second')] }
  },
  '4: two deletes of one version'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('gone', [del('a', [one])], { after: ['one'] })
    tree.entry('gone too', [del('a', [one])], { after: ['one'], author: ada })
    return {}
  },
  '5: a delete of one of two heads'(tree) {
    const low = tree.entry('low', [put('a', 'low')], root)
    tree.entry('high', [put('a', 'high')], { after: ['low'] })
    tree.entry('gone', [del('a', [low])])
    return { 'notes/a': [head('high', 'high')] }
  },
  '5: a delete of the greater of two heads'(tree) {
    tree.entry('low', [put('a', 'low')], root)
    const high = tree.entry('high', [put('a', 'high')], { after: ['low'] })
    tree.entry('gone', [del('a', [high])])
    return { 'notes/a': [head('low', 'low')] }
  },
  '6: a put that names both heads'(tree) {
    const one = tree.entry('one', [put('a', 'one')], root)
    const two = tree.entry('two', [put('a', 'two')], { ...root, author: ada })
    tree.entry('both', [put('a', 'both', [one, two])], { after: ['one', 'two'] })
    return { 'notes/a': [head('both', 'both')] }
  },
  '7: the author of the newest put is revoked'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('two', [put('a', 'second', [one])], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    return { 'notes/a': [head('one', 'first')] }
  },
  '7: an author is revoked but for the entries that were accepted'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    const two = tree.entry('two', [put('a', 'second', [one])], { author: ada })
    tree.entry('three', [put('a', 'third', [two])], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada, tree.at('two'))]), { after: ['two'] })
    return { 'notes/a': [head('two', 'second')] }
  },
  '8: the author of a delete is revoked'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('gone', [del('a', [one])], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    return { 'notes/a': [head('one', 'first')] }
  },
  '8: a right that is granted again brings no void delete back'(tree) {
    const one = tree.entry('one', [put('a', 'first'), put('b', 'first')])
    tree.entry('gone', [del('a', [one])], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    tree.entry('granted', policyChange([grant(ada, write)]))
    tree.entry('gone again', [del('b', [one])], { author: ada })
    return { 'notes/a': [head('one', 'first')] }
  },
  '8: the revocation of the author of a delete is void itself'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('admin', policyChange([grant(ben, admin)]))
    tree.entry('gone', [del('a', [one])], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['admin'], author: ben })
    tree.entry('undone', policyChange([revoke(ben)]), { after: ['admin'] })
    return {}
  },
  '9: a name comes before what it names'(tree) {
    // The entries have no order between them: each order of delivery must show the same.
    const one = tree.entry('one', [put('a', 'one')], root)
    tree.entry('two', [put('a', 'two', [one])], root)
    tree.entry('gone', [del('b', [one, tree.entry('three', [put('b', 'three')], root)])], root)
    tree.entry('added', [add('c', 5, [tree.entry('four', [put('c', '1')], root)])], root)
    return { 'notes/a': [head('two', 'two')], 'notes/c': [head('four', '1', { sum: 6 })] }
  },
  '10: a key put twice in one entry'(tree) {
    tree.entry('one', [put('a', 'first'), put('b', 'other'), put('a', 'second')])
    return { 'notes/a': [head('one', 'second')], 'notes/b': [head('one', 'other')] }
  },
  '10: names of a put that does not count'(tree) {
    const one = tree.entry('one', [put('a', 'first')])
    tree.entry('two', [put('a', 'second', [one]), put('a', 'third')])
    return { 'notes/a': [head('two', 'third'), head('one', 'first')] }
  },
  '10: a key put and deleted in one entry'(tree) {
    const one = tree.entry('one', [put('a', 'first'), put('b', 'first')])
    tree.entry('two', [put('a', 'second'), del('a', [one]), del('b', [one]), put('b', 'second')])
    return { 'notes/b': [head('two', 'second'), head('one', 'first')] }
  },
  '11: equal heights: the greater id'(tree) {
    for (const label of ['one', 'two', 'three', 'four', 'five']) tree.entry(label, [put('a', label)], root)
    return {
      'notes/a': tree.byId(...['one', 'two', 'three', 'four', 'five'].map((label) => head(label, label))),
    }
  },
  '12: a put that names nothing, of a key that exists'(tree) {
    tree.entry('one', [put('a', 'first')])
    tree.entry('two', [put('a', 'second')])
    return { 'notes/a': [head('two', 'second'), head('one', 'first')] }
  },
  '13: names of versions of another key, of another store, of an entry that puts nothing, and of none'(tree) {
    const one = tree.entry('one', [put('a', 'a'), put('a', 'stats', [], { store: 'stats' })])
    const log = tree.entry('log', [raw('line', hex('01'))])
    tree.entry('two', [put('b', 'b', [one, log, hex('ab'.repeat(32)), hex(tree.at('root').id)])])
    tree.entry('three', [del('c', [one])])
    tree.entry('four', [del('a', [one], 'stats')])
    return { 'notes/a': [head('one', 'a')], 'notes/b': [head('two', 'b')] }
  },
  '14: a malformed payload beside others'(tree) {
    tree.entry('one', [put('a', 'first'), raw('cw.put', hex('ff')), put('b', 'second')])
    return { 'notes/a': [head('one', 'first')], 'notes/b': [head('one', 'second')] }
  },
  '14: a malformed put after a good one does not replace it'(tree) {
    tree.entry('one', [put('a', 'first'), put('a', 'second', [], { type: 'é' })])
    return { 'notes/a': [head('one', 'first')] }
  },
  '15: two stores in one entry'(tree) {
    tree.entry('one', [put('a', 'note'), put('a', 'todo', [], { store: 'todo' })])
    return { 'notes/a': [head('one', 'note')], 'todo/a': [head('one', 'todo')] }
  },
  '15: two stores in one void entry'(tree) {
    tree.entry('one', [put('a', 'note')])
    tree.entry('two', [put('b', 'note'), put('b', 'todo', [], { store: 'todo' })], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    return { 'notes/a': [head('one', 'note')] }
  },
  'kinds that are opaque or reserved, and empty changes'(tree) {
    const { payload } = put('a', 'no')
    tree.entry('one', [
      raw('put', payload),
      raw('cw.other', payload),
      raw('', payload),
      raw('CW.PUT', payload),
    ])
    tree.entry('two', [])
    return {}
  },
  'keys and values of many forms'(tree) {
    const keys = ['a', 'a/', 'a/b', 'b', '\ufeffbom', 'e\u0301', 'é', '\u{1f600}', '\uffff', '\u0001']
    tree.entry(
      'one',
      keys.map((key) => put(key, key)),
    )
    tree.entry('two', [
      put('bytes', Uint8Array.of(0, 255), [], { type: '' }),
      put('empty', '', [], { type: '' }),
      put('json', '{"a":1}', [], { type: 'application/json; charset=utf-8' }),
    ])
    return {
      ...Object.fromEntries(keys.map((key) => [`notes/${key}`, [head('one', key)]])),
      'notes/bytes': [head('two', Uint8Array.of(0, 255), { type: '' })],
      'notes/empty': [head('two', '', { type: '' })],
      'notes/json': [head('two', '{"a":1}', { type: 'application/json; charset=utf-8' })],
    }
  },
  'a version that is named by a void put stays'(tree) {
    const one = tree.entry('one', [put('a', '1')])
    tree.entry('two', [put('a', '2', [one]), add('a', 7, [one])], { author: ada })
    tree.entry('three', [put('a', '3', [one])], { after: ['one'] })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['three'] })
    return { 'notes/a': [head('three', '3', { sum: 3 })] }
  },
  'a void add'(tree) {
    tree.entry('one', [add('n', 1)])
    tree.entry('two', [add('n', 10), add('m', 10)], { author: ada })
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    return { 'notes/n': [zeroHead(1)] }
  },
  'a void delete of a counter'(tree) {
    tree.entry('one', [add('n', 1)])
    tree.entry('gone', [del('n', [zero])], { author: ada })
    tree.entry('two', [add('n', 2)])
    tree.entry('revoked', policyChange([revoke(ada)]), { after: ['one'] })
    return { 'notes/n': [zeroHead(3)] }
  },
}
