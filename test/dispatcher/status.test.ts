/** The status of a link says when its next session is due: now, later, or never. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { type StatusParts, statusOf } from '../../src/dispatcher/status.ts'

describe('The next attempt of a link', () => {
  const clock = { now: () => 1000, monotonic: () => 5000 }
  const nextAttempt = (dueInMs: number, more = {}) => {
    const link = { tree: 'a', peer: 'b', settings: { paused: false } }
    const dueAt = 5000 + dueInMs
    const parts = {
      run: { link },
      dueAt,
      dialer: {},
      clock,
      connected: true,
      blocked: false,
      sequence: 0,
      ...more,
    }
    return statusOf(parts as unknown as StatusParts).nextAttemptMs
  }

  it('is now if a session is due, a time if one is planned, and 0 if there is none', () => {
    assert.equal(nextAttempt(Number.NEGATIVE_INFINITY), 1000)
    assert.equal(nextAttempt(-5), 1000)
    assert.equal(nextAttempt(250), 1250)
    assert.equal(nextAttempt(Number.POSITIVE_INFINITY), 0)
  })

  it('is never while the peer is blocked or has no address, and not before it may be dialled again', () => {
    assert.equal(nextAttempt(250, { blocked: true }), 0)
    assert.equal(nextAttempt(250, { connected: false, dialable: false }), 0)
    const dialer = { retryAt: 5700 }
    assert.equal(nextAttempt(250, { connected: false, dialable: true, dialer }), 1700)
  })
})
