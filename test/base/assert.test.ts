/** An invariant passes what holds, and names itself when it does not hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invariant } from '../../src/base/assert.ts'

test('an invariant that holds passes, one that does not is INTERNAL and says which', () => {
  invariant(1 + 1 === 2, 'one and one are two')
  assert.throws(
    () => invariant(undefined, 'one and one are three'),
    (error: { code: string; message: string }) =>
      error.code === 'INTERNAL' && error.message.includes('one and one are three'),
  )
})
