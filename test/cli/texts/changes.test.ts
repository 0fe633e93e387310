/** What an editor changed in a text, as few replacements as lines were touched. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { changesOf } from '../../../src/cli/texts/changes.ts'
import { below, prng } from '../../kit/entries.ts'

function made(before: string, after: string): string {
  let text = before
  for (const { from, to, text: inserted } of changesOf(before, after).reverse())
    text = text.slice(0, from) + inserted + text.slice(to)
  return text
}

it('changes only the lines that were touched, and of them only what differs', () => {
  const before = 'one\ntwo\nthree\nfour\n'
  assert.deepEqual(changesOf(before, before), [])
  assert.deepEqual(changesOf(before, 'one\ntwo!\nthree\nfor\n'), [
    { from: 7, to: 7, text: '!' },
    { from: 16, to: 17, text: '' },
  ])
  assert.deepEqual(changesOf(before, `zero\n${before}`), [{ from: 0, to: 0, text: 'zero\n' }])
  assert.deepEqual(changesOf('', 'a'), [{ from: 0, to: 0, text: 'a' }])
  assert.deepEqual(changesOf('\u{1f600}', '\u{1f601}'), [{ from: 0, to: 2, text: '\u{1f601}' }])
})

it('makes of any text any other, also of long ones', () => {
  const random = prng(7)
  const text = (lines: number) =>
    Array.from({ length: below(random, lines) }, () => `${'ab\u{1f600}'[below(random, 3)] ?? ''}\n`).join('')
  for (let run = 0; run < 300; run++) {
    const [before, after] = [text(12), text(12)]
    assert.equal(made(before, after), after)
  }
  const [long, other] = [1, 2].map((more) =>
    Array.from({ length: 3_000 }, (_, n) => `${n * more}\n`).join(''),
  )
  assert.equal(made(long!, other!), other)
})
