/** The delay of the event loop, as the metrics tell it: what held the loop up is there, and the time between looks is not. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import prom from 'prom-client'
import { limits } from '../../../src/base/limits.ts'
import { measureLoopDelay } from '../../../src/node/metrics/loop-delay.ts'
import { limited } from '../../kit/limited.ts'

it('names what held the loop up, until it is read', async () => {
  using _ = limited({ loopDelayEveryMs: 5 })
  const registry = new prom.Registry()
  measureLoopDelay(registry, prom.Gauge)
  const read = async (figure: string) =>
    (await registry.getSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`)!.get()).values[0]!.value
  assert.equal(await read('max'), 0)
  // A delay is measured from one look to the next.
  await setTimeout(2 * limits.loopDelayEveryMs)
  const endMs = performance.now() + 300
  // Ends with its time.
  while (performance.now() < endMs);
  // The look was due before this timer is.
  await setTimeout(limits.loopDelayEveryMs)
  const longest = await read('max')
  assert.ok(longest > 0.29, `${longest}`)
  // Looks since then have seen nothing of the kind.
  await setTimeout(limits.loopDelayEveryMs)
  assert.ok((await read('max')) < longest)
})
