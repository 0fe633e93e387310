/**
 * The service `grpc.health.v1.Health`, for load balancers, Kubernetes and `grpc_health_probe`. All services of a node
 * serve, or none does: their state is the node's readiness. Anybody may ask, since a refused connection says as much.
 */
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  type Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../../gen/grpc/health/v1/health_pb.ts'
import type { Clock } from '../../../base/clock.ts'
import { limits } from '../../../base/limits.ts'
import type { Readiness } from './readiness.ts'

export interface HealthParts {
  readonly readiness: Pick<Readiness, 'state' | 'onChange'>
  readonly clock: Clock
}

/** `services` has the names of the node's services. */
export function createHealthService(
  { readiness, clock }: HealthParts,
  services: readonly string[],
): ServiceImpl<typeof Health> {
  const status = () => (readiness.state === 'ready' ? Status.SERVING : Status.NOT_SERVING)
  /** The empty name stands for the node as a whole. */
  const names = ['', ...services]
  return {
    check({ service }) {
      if (names.includes(service)) return { status: status() }
      throw new ConnectError('This node has no such service.', Code.NotFound)
    },

    list: () => ({ statuses: Object.fromEntries(names.map((name) => [name, { status: status() }])) }),

    async *watch({ service }, { signal }) {
      const isKnown = names.includes(service)
      // Ends with the call, or when the node stops. Each turn waits for a change, or for the time of a sign of life.
      while (!signal.aborted) {
        yield { status: isKnown ? status() : Status.SERVICE_UNKNOWN }
        if (readiness.state === 'stopping') return
        await changeOf(readiness, clock, signal)
      }
    },
  }
}

/** Resolves when the readiness changes, when it is time for a sign of life, or when the signal fires. */
function changeOf(readiness: HealthParts['readiness'], clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancelTimer()
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancelTimer = clock.setTimer(limits.signOfLifeMs, done)
    const stop = readiness.onChange(done)
    signal.addEventListener('abort', done)
  })
}
