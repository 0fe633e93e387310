/** Backoff as a pure function: it doubles, is capped, and spreads over the whole range. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffCeilingMs, backoffMs } from '../../src/dispatcher/backoff.ts'
import { limits } from '../../src/limits.ts'

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
