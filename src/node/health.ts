/**
 * The plain HTTP answers of a node: `/healthz` (it runs), and for operators `/readyz` (it serves) and `/metrics` (for
 * Prometheus). Everybody may ask whether it runs, since a refused connection says as much.
 */
import type { Clock } from '../base/clock.ts'
import type { Dispatcher } from '../dispatcher/dispatcher.ts'
import { prometheusText } from '../dispatcher/metrics.ts'
import type { PlainAnswer } from '../rpc/server/server.ts'
import type { State } from '../rpc/services/grpc/readiness.ts'
import type { Chunks } from '../store/chunks/chunks.ts'
import type { DagStore } from '../store/store.ts'
import { signaturesWaiting } from '../store/verify/verify.ts'
import { viewBytes } from './metrics/view-bytes.ts'

export interface Health {
  readonly state: State
  /** Returns the metrics in the text format of Prometheus. Absent for callers that are not operators. */
  metrics?(): Promise<string>
}

/** Returns the answer to a path, or undefined for any other path. */
export function answerHealth(path: string, { state, metrics }: Health): PlainAnswer | undefined {
  if (path === '/healthz')
    return { ...(state === 'stopping' ? text(503, 'stopping\n') : text(200, 'ok\n')), unbounded: true }
  if (metrics === undefined) return undefined
  if (path === '/readyz') return state === 'ready' ? text(200, 'ready\n') : text(503, 'not ready\n')
  return path === '/metrics' ? text(200, metrics(), 'text/plain; version=0.0.4; charset=utf-8') : undefined
}

function text(
  status: number,
  body: string | Promise<string>,
  contentType = 'text/plain; charset=utf-8',
): PlainAnswer {
  return { status, contentType, body }
}

/** Returns a function that calls `compute` at most once in `intervalMs` and otherwise returns the last result. */
export function atMostEvery<Result>(clock: Clock, intervalMs: number, compute: () => Result): () => Result {
  let last: { readonly atMs: number; readonly result: Result } | undefined
  return () => {
    const atMs = clock.monotonic()
    if (last === undefined || atMs - last.atMs >= intervalMs) last = { atMs, result: compute() }
    return last.result
  }
}

/** Returns the metrics of a node in the text format of Prometheus. None of them names a peer or a tree. */
export async function metricsText(node: {
  readonly store: DagStore
  readonly chunks: Pick<Chunks, 'count' | 'bytes'>
  readonly quota: { readonly bound: number }
  readonly peers: { readonly size: number }
  readonly dispatcher: Dispatcher
  readonly author: { readonly waiting: number }
  readonly throttle: { readonly waiting: number }
  readonly connections: number
  readonly nowMs: number
}): Promise<string> {
  const { store, dispatcher, peers, connections, nowMs } = node
  const { sessions, dials, peers: peersWaiting } = dispatcher.queues
  return prometheusText(dispatcher.status(), dispatcher.counters, {
    trees: store.treeCount,
    entries: store.entries,
    entryBytes: store.bytes,
    quotaBytes: node.quota.bound,
    viewBytes: await viewBytes(store.db),
    chunks: node.chunks.count,
    chunkBytes: node.chunks.bytes,
    peers: peers.size,
    connectedPeers: dispatcher.connectedPeers,
    connections,
    queues: {
      ...{ commits: node.author.waiting, pages: store.waiting, signatures: signaturesWaiting() },
      ...{ sessions, dials, strangers: node.throttle.waiting },
    },
    peersWaiting,
    nowMs,
  })
}
