/** What a node answers to plain HTTP: whether it lives and serves, and totals for Prometheus. */
import type { Dispatcher } from '../dispatcher/dispatcher.ts'
import { prometheusText } from '../dispatcher/metrics.ts'
import type { PlainAnswer } from '../rpc/server/server.ts'
import type { DagStore } from '../store/store.ts'

export interface Health {
  /** Whether it serves: it listens and is not stopping. */
  readonly ready: boolean
  /** Prometheus' text format. */
  metrics(): string
}

/** The answer for a path; undefined where it is none of these. */
export function answerHealth(path: string, health: Health): PlainAnswer | undefined {
  const contentType = 'text/plain; charset=utf-8'
  if (path === '/healthz') return { status: 200, contentType, body: 'ok\n' }
  if (path === '/readyz')
    return health.ready
      ? { status: 200, contentType, body: 'ready\n' }
      : { status: 503, contentType, body: 'not ready\n' }
  if (path !== '/metrics') return undefined
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: health.metrics() }
}

/** The metrics of a node; none of them names a peer or a tree. */
export function metricsText(node: {
  readonly store: DagStore
  readonly peers: { readonly size: number }
  readonly dispatcher: Dispatcher
  readonly connections: number
  readonly nowMs: number
}): string {
  const { dispatcher, peers, connections, nowMs } = node
  const trees = node.store.trees()
  return prometheusText(dispatcher.status(), dispatcher.counters, {
    trees: trees.length,
    entries: trees.reduce((sum, { count }) => sum + count, 0),
    peers: peers.size,
    connectedPeers: dispatcher.connectedPeers,
    connections,
    nowMs,
  })
}
