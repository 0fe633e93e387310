/** The status of a link says when its next session is due: now, later, or never. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { type StatusParts, statusOf } from '../../src/dispatcher/status.ts'

describe('The next attempt of a link', () => {
  const nextAttempt = (dueInMs: number) => {
    const link = { tree: 'a', peer: 'b', settings: { paused: false } }
    const parts = { run: { link }, dialer: {}, nowMs: 1000, dueInMs, blocked: false, sequence: 0 }
    return statusOf(parts as unknown as StatusParts).nextAttemptMs
  }

  it('is now if a session is due, a time if one is planned, and 0 if there is none', () => {
    assert.equal(nextAttempt(Number.NEGATIVE_INFINITY), 1000)
    assert.equal(nextAttempt(-5), 1000)
    assert.equal(nextAttempt(250), 1250)
    assert.equal(nextAttempt(Number.POSITIVE_INFINITY), 0)
  })
})
