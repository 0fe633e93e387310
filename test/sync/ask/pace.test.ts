/** A sender has as much in flight as the link carries: little at first, and never more than its bound. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { Pace } from '../../../src/sync/ask/pace.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const most = limits.pageBytes * limits.sessionPagesInFlight

/** Sends one page over a link of this speed. */
async function send(pace: Pace, clock: VirtualClock, bytes: number, bytesPerSecond: number): Promise<void> {
  const sending = pace.time(bytes, clock, async () => {
    await new Promise<void>((resolve) => clock.setTimer((1_000 * bytes) / bytesPerSecond, resolve))
  })
  await clock.runUntil(sending)
}

it('A pace follows the link, within its bounds', async () => {
  const clock = new VirtualClock()
  const pace = new Pace()
  assertFields(pace, { pageBytes: limits.pushFirstBytes, pagesInFlight: 1 })
  await send(pace, clock, limits.pushFirstBytes, 50_000)
  assert.equal(Math.round(pace.pageBytes), 100_000)
  assert.equal(pace.pagesInFlight, 1)
  await send(pace, clock, 100_000, 1_000_000)
  assertFields(pace, { pageBytes: limits.pageBytes, pagesInFlight: limits.sessionPagesInFlight })
  await send(pace, clock, most, 1e9)
  assertFields(pace, { pageBytes: limits.pageBytes, pagesInFlight: limits.sessionPagesInFlight })
  await send(pace, clock, limits.pageBytes, 100)
  assertFields(pace, { pageBytes: limits.pushLeastBytes, pagesInFlight: 1 })
  await assert.rejects(
    pace.time(1, clock, () => Promise.reject(new Error('lost'))),
    /lost/,
  )
  assert.equal(pace.pageBytes, limits.pushLeastBytes, 'a failure teaches nothing')
})
