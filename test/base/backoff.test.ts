/** Backoff as a pure function: it doubles, is capped, and spreads over the whole range. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffCeilingMs, backoffMs, retryAt } from '../../src/base/backoff.ts'
import { limits } from '../../src/base/limits.ts'

test('the ceiling doubles from the base up to the cap and stays there', () => {
  const ceilings = [1, 2, 3, 4].map((attempts) => backoffCeilingMs(attempts))
  assert.deepEqual(
    ceilings,
    [1, 2, 4, 8].map((factor) => factor * limits.backoffBaseMs),
  )
  assert.equal(backoffCeilingMs(30), limits.backoffCapMs)
  assert.equal(backoffCeilingMs(1_000_000), limits.backoffCapMs)
})

test('the wait is anywhere below the ceiling', () => {
  assert.equal(backoffMs(5, 0), 0)
  assert.equal(backoffMs(5, 0.5), backoffCeilingMs(5) / 2)
  assert.ok(backoffMs(5, 1 - Number.EPSILON) < backoffCeilingMs(5))
})

test('a long wait ends on a beat, never later than it would, and a short one as it is', () => {
  const { retryBeatMs } = limits
  assert.equal(retryAt(7, retryBeatMs - 1), retryBeatMs + 6)
  for (const wait of [retryBeatMs, 2.5 * retryBeatMs, limits.backoffCapMs]) {
    const at = retryAt(7, wait)
    assert.equal(at % retryBeatMs, 0)
    assert.ok(at <= 7 + wait && at > 7 + wait - retryBeatMs)
  }
})
