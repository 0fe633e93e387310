/**
 * How late the event loop is: prom-client's metrics, measured seldom enough for a node at rest. prom-client looks every
 * 10 ms, which alone costs a third of a percent of a processor, and counts those 10 ms as delay.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Gauge, Registry } from 'prom-client'
import { limits } from '../../base/limits.ts'

const names = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']
const nameOf = (figure: string) => `nodejs_eventloop_lag_${figure}_seconds`

/** Replaces prom-client's figures in the registry by those since the last time that they were read, in seconds. */
export function measureLoopDelay(registry: Registry, GaugeClass: typeof Gauge): void {
  for (const name of names) registry.removeSingleMetric(nameOf(name))
  const delays = monitorEventLoopDelay({ resolution: limits.loopDelayEveryMs })
  delays.enable()
  const registers = [registry]
  const gauge = (figure: string, help: string) => new GaugeClass({ name: nameOf(figure), help, registers })
  const rest = {
    mean: gauge('mean', 'The mean delay of the event loop.'),
    p50: gauge('p50', 'The delay of the event loop that half of the looks found at most.'),
    p90: gauge('p90', 'The delay of the event loop that 90 of 100 looks found at most.'),
    p99: gauge('p99', 'The delay of the event loop that 99 of 100 looks found at most.'),
  }
  new GaugeClass({
    ...{ name: nameOf('max'), help: 'The longest delay of the event loop.', registers },
    collect() {
      // A look comes so long after the one before when nothing delays it. Without any the histogram says NaN.
      const seconds = (nanoseconds: number) =>
        Math.max(0, (nanoseconds || 0) / 1e9 - limits.loopDelayEveryMs / 1000)
      this.set(delays.count === 0 ? 0 : seconds(delays.max))
      rest.mean.set(seconds(delays.mean))
      rest.p50.set(seconds(delays.percentile(50)))
      rest.p90.set(seconds(delays.percentile(90)))
      rest.p99.set(seconds(delays.percentile(99)))
      delays.reset()
    },
  })
}
