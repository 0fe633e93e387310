/** What counts as a machine that woke up or that has another network. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { Wakes } from '../../../src/node/reach/wakes.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

function watched() {
  const clock = new VirtualClock()
  const seen = { wakes: 0, addresses: ['192.0.2.1'] }
  const wakes = new Wakes({
    clock,
    interfaces: () => seen.addresses,
    onWake: () => {
      seen.wakes++
    },
  })
  wakes.start()
  return { clock, seen, wakes }
}

describe('A machine', () => {
  it('that sleeps is noticed once, when it wakes up', async () => {
    const { clock, seen } = watched()
    await clock.advance(60_000)
    assert.equal(seen.wakes, 0)
    clock.skewMs += 90_000
    await clock.advance(limits.wakeCheckMs)
    assert.equal(seen.wakes, 1)
    await clock.advance(60_000)
    assert.equal(seen.wakes, 1)
  })

  it('that is slow or whose clock is set back is not taken to have slept', async () => {
    const { clock, seen } = watched()
    clock.skewMs += limits.wakeJumpMs
    await clock.advance(limits.wakeCheckMs)
    clock.skewMs -= 3_600_000
    await clock.advance(limits.wakeCheckMs)
    assert.equal(seen.wakes, 0)
  })

  it('that has another address is noticed, and one that lost an address is not', async () => {
    const { clock, seen, wakes } = watched()
    seen.addresses = []
    await clock.advance(limits.wakeCheckMs)
    assert.equal(seen.wakes, 0)
    seen.addresses = ['198.51.100.7']
    await clock.advance(limits.wakeCheckMs)
    assert.equal(seen.wakes, 1)
    wakes.stop()
    assert.equal(clock.pendingTimers, 0)
  })
})
