/** Tables in text fit their width, and leave out what says nothing. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import fc from 'fast-check'
import { type Column, cut, tableLines } from '../../../src/cli/view/table.ts'

interface Row {
  readonly name: string
  readonly count: string
  readonly note: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', text: ({ name }) => name, least: 4 },
  { title: 'COUNT', text: ({ count }) => count, right: true },
  { title: 'NOTE', text: ({ note }) => note },
]
const row = (name: string, count: string, note = ''): Row => ({ name, count, note })

it('a table aligns its columns, and leaves out those without anything', () => {
  assert.deepEqual(tableLines(columns, [row('a', '5'), row('longer', '10')]), [
    'NAME    COUNT',
    'a           5',
    'longer     10',
  ])
})

it('a table that is too wide cuts the columns that may be cut, and then its lines', () => {
  assert.deepEqual(tableLines(columns, [row('a long name', '5')], 13), ['NAME    COUNT', 'a lon…      5'])
  assert.deepEqual(tableLines(columns, [row('a long name', '5')], 8), ['NAME  C…', 'a l…   …'])
})

it('no line is longer than the width, whatever is in the table', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 30 })
  const rows = fc.array(fc.record({ name: cell, count: cell, note: cell }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 60 }), (table, width) => {
      const lines = tableLines(columns, table, width)
      assert.equal(lines.length, table.length + 1)
      for (const line of lines) assert.ok([...line].length <= width, `${line} in ${width}`)
    }),
  )
})

it('text is cut to whole characters', () => {
  assert.deepEqual([cut('abc', 3), cut('abcd', 3), cut('🌊🌊🌊', 2)], ['abc', 'ab…', '🌊…'])
})
