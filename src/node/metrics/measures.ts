/**
 * What has to be measured when it happens: how long calls and sessions take, which calls are refused, and how the process does. Kept
 * by prom-client, which is loaded when the node begins to serve. The labels are methods and codes: no tree and no peer.
 */
import type { Histogram, Registry, Counter as TotalCounter } from 'prom-client'
import { version } from '../../base/version.ts'
import type { CallReport } from '../../rpc/server/observe.ts'
import { measureLoopDelay } from './loop-delay.ts'

/** Seconds: from a call that reads memory to one that waits for a slow peer. */
const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const syncBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** In milliseconds: prom-client measures the event loop without need, so it does that once in 24 days. */
const never = 2 ** 31 - 1

/** Codes with which a node refuses a call, whatever it asks for. */
const refusals: ReadonlySet<string> = new Set([
  ...['RESOURCE_EXHAUSTED', 'UNAUTHENTICATED', 'FORBIDDEN', 'LIMIT_EXCEEDED', 'WRONG_PEER'],
])

export class Measures {
  private readonly registry: Registry
  private readonly calls: Histogram<'method' | 'code'>
  private readonly refused: TotalCounter<'code'>
  private readonly sessions: Histogram<'result'>

  private constructor({
    Counter,
    Gauge,
    Histogram,
    Registry,
    collectDefaultMetrics,
  }: typeof import('prom-client')) {
    this.registry = new Registry()
    const registers = [this.registry]
    this.calls = new Histogram({
      ...{ name: 'causeway_call_seconds', help: 'Duration of calls by method and code.', registers },
      ...{ labelNames: ['method', 'code'] as const, buckets: callBuckets },
    })
    this.refused = new Counter({
      ...{ name: 'causeway_refusals_total', help: 'Calls that were refused, by code.', registers },
      labelNames: ['code'] as const,
    })
    this.sessions = new Histogram({
      ...{ name: 'causeway_sync_seconds', help: 'Duration of sessions of the dispatcher.', registers },
      ...{ labelNames: ['result'] as const, buckets: syncBuckets },
    })
    new Gauge({
      ...{ name: 'causeway_build_info', help: 'The version, and that of Node.js.', registers },
      labelNames: ['version', 'node'] as const,
    }).set({ version, node: process.versions.node }, 1)
    // Processor, memory, event loop delay, garbage collection.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: never })
    measureLoopDelay(this.registry, Gauge)
    // Their names break Prometheus' rules, and nodejs_active_resources says the same.
    for (const kind of ['handles', 'requests', 'resources'])
      this.registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  }

  static async open(): Promise<Measures> {
    return new Measures((await import('prom-client')).default)
  }

  /** Counts a call. A watch goes on until its caller leaves, so its duration says nothing. */
  call({ method, code: failure, ms }: CallReport): void {
    const code = failure ?? 'OK'
    if (refusals.has(code)) this.refused.inc({ code })
    if (!method.includes('/Watch')) this.calls.observe({ method, code }, ms / 1000)
  }

  session(seconds: number, succeeded: boolean): void {
    this.sessions.observe({ result: succeeded ? 'succeeded' : 'failed' }, seconds)
  }

  /** Returns all of it in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics()
  }
}
