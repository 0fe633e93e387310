/** When an endpoint counts as connected to its relay, and when its relays are renewed: in virtual time. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { RelayWatch } from '../../../src/transport/iroh/relay-watch.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

/** An endpoint as the binding has it: `online` waits while there is no relay. */
class Endpoint {
  asked = 0
  renewed: number[] = []
  private readonly clock: VirtualClock
  private up = false
  private waiting: (() => void)[] = []

  constructor(clock: VirtualClock) {
    this.clock = clock
  }

  set(up: boolean): void {
    this.up = up
    if (up) for (const resolve of this.waiting.splice(0)) resolve()
  }

  paths() {
    return { direct: [], relay: 'https://relay.example' }
  }

  online(): Promise<void> {
    this.asked++
    return this.up ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }

  async renewRelays(): Promise<void> {
    this.renewed.push(this.clock.monotonic())
  }
}

function watched() {
  const clock = new VirtualClock()
  const endpoint = new Endpoint(clock)
  const seen = { listens: true }
  const listens = async () => seen.listens
  const watch = new RelayWatch({ endpoint, clock, listens })
  watch.start()
  return { clock, endpoint, watch, seen }
}

describe('The watch of a relay', () => {
  it('says connected while the relay answers, and finds out within two looks that it is gone', async () => {
    const { clock, endpoint, watch } = watched()
    assert.equal(watch.connected, false)
    endpoint.set(true)
    await clock.settle()
    assert.equal(watch.connected, true)
    await clock.advance(600_000)
    assert.equal(watch.connected, true)
    endpoint.set(false)
    await clock.advance(2 * limits.irohRelayPollMs)
    assert.equal(watch.connected, false)
    endpoint.set(true)
    await clock.settle()
    assert.equal(watch.connected, true)
  })

  it('asks once while the answer waits, since each question holds the endpoint', async () => {
    const { clock, endpoint } = watched()
    await clock.advance(600_000)
    assert.equal(endpoint.asked, 1)
  })

  it('asks nothing while nobody listens at the relay, and says that it is not connected', async () => {
    const { clock, endpoint, watch, seen } = watched()
    endpoint.set(true)
    await clock.settle()
    assert.equal(watch.connected, true)
    seen.listens = false
    await clock.advance(limits.irohRelayPollMs)
    assert.equal(watch.connected, false)
    const { asked } = endpoint
    await clock.advance(600_000)
    assert.equal(endpoint.asked, asked)
    seen.listens = true
    await clock.advance(limits.irohRelayAlonePollMs)
    assert.equal(watch.connected, true)
  })

  it('renews the relays after a minute without one, then ever more rarely', async () => {
    const { clock, endpoint, watch } = watched()
    await clock.advance(2 * 3_600_000)
    const gaps = endpoint.renewed.map((at, index) => at - (endpoint.renewed[index - 1] ?? 0))
    const rounded = gaps.slice(0, 5).map((gap) => Math.floor(gap / 10_000) * 10_000)
    assert.deepEqual(rounded, [60_000, 120_000, 240_000, 480_000, 960_000])
    assert.ok(Math.max(...gaps) < limits.irohRelayPatienceMaxMs + 10_000)
    endpoint.set(true)
    await clock.settle()
    const { length } = endpoint.renewed
    await clock.advance(3_600_000)
    assert.equal(endpoint.renewed.length, length)
    watch.stop()
    assert.equal(clock.pendingTimers, 0)
  })
})
