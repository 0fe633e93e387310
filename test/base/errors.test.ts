/** What an error says beside its code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'

test('an error says when to try again, if that is known', () => {
  const busy = new CausewayError('RESOURCE_EXHAUSTED', 'Too much.', { data: { retryAfterMs: 5 } })
  assert.equal(busy.retryAfterMs, 5)
  assert.equal(new CausewayError('RESOURCE_EXHAUSTED', 'Too much.').retryAfterMs, undefined)
  assert.equal(new CausewayError('INTERNAL', 'Odd.', { data: { retryAfterMs: '5' } }).retryAfterMs, undefined)
})
