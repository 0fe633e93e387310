/**
 * Bounds the deadline that a call sets for itself. A caller that is ready to wait for longer than a node answers, or for
 * ever, makes no mistake, so its deadline is capped and not refused.
 */
import { parseTimeout as parseConnect } from '@connectrpc/connect/protocol-connect'
import { parseTimeout as parseGrpc } from '@connectrpc/connect/protocol-grpc'
import { limits } from '../../../base/limits.ts'

const deadlines = [
  { name: 'connect-timeout-ms', parse: parseConnect, unit: '' },
  { name: 'grpc-timeout', parse: parseGrpc, unit: 'm' },
] as const

/** Caps the deadline in a request's headers. Leaves one that is malformed to the protocol, which refuses it. */
export function capDeadline(header: Headers): void {
  for (const { name, parse, unit } of deadlines) {
    const { timeoutMs = 0, error } = parse(header.get(name), Number.POSITIVE_INFINITY)
    if (error === undefined && timeoutMs > limits.callTimeoutMs)
      header.set(name, `${limits.callTimeoutMs}${unit}`)
  }
}
