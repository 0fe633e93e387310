/** A progress bar says how much is done, how fast it goes, and how long it will take. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { progressLine } from '../../src/cli/progress.ts'

const half = '[███████████████░░░░░░░░░░░░░░░] 50%'

it('the speed and the time left are those between the marks', () => {
  const marks = [
    { ms: 1000, done: 1000 },
    { ms: 3000, done: 5000 },
  ]
  assert.equal(progressLine(marks, 10_000, 'items'), `${half} 5,000 of 10,000, 2,000/s, 3 s left`)
  assert.equal(progressLine(marks, 0, 'items', 'sent 3'), '5,000, 2,000/s, sent 3')
  assert.match(progressLine(marks, 1_000_000, 'items'), /, 9 min left$/)
  assert.match(progressLine(marks, 100_000_000, 'items'), /, 14 h left$/)
})

it('nothing is guessed: not in the first second, nor while nothing moves', () => {
  assert.equal(progressLine([{ ms: 0, done: 5 }], 10, 'items'), `${half} 5 of 10`)
  const still = [0, 4000].map((ms) => ({ ms, done: 5 }))
  assert.equal(progressLine(still, 10, 'items'), `${half} 5 of 10`)
})

it('bytes are counted in units for people, and what is not done never shows as 100%', () => {
  const marks = [0, 2000].map((ms) => ({ ms, done: ms * 1024 }))
  assert.equal(
    progressLine(marks, 4000 * 1024, 'bytes'),
    `${half} 2.0 MiB of 3.9 MiB, 1000.0 KiB/s, 2 s left`,
  )
  assert.match(progressLine([{ ms: 0, done: 999 }], 1000, 'items'), / 99% 999 of 1,000$/)
})
