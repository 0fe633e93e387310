/** What a node answers to plain HTTP: whether it lives and serves, and totals for Prometheus. */
import type { PlainAnswer } from './rpc/server.ts'

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
