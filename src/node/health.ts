/** The plain HTTP answers of a node: `/healthz` (it runs), `/readyz` (it serves) and `/metrics` (for Prometheus). */
import type { Dispatcher } from '../dispatcher/dispatcher.ts'
import { prometheusText } from '../dispatcher/metrics.ts'
import type { PlainAnswer } from '../rpc/server/server.ts'
import type { DagStore } from '../store/store.ts'

export interface Health {
  /** Whether the node serves: it listens and is not stopping. */
  readonly ready: boolean
  /** Returns the metrics in the text format of Prometheus. */
  metrics(): string
}

/** Returns the answer to a path, or undefined for any other path. */
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

/** Returns the metrics of a node in the text format of Prometheus. None of them names a peer or a tree. */
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
