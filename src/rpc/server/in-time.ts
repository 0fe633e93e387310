/**
 * Bounds the time for a request's body: a request that stops in the middle ends with TIMEOUT and frees what it holds.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { toConnectError } from '../errors.ts'
import type { HttpRequest } from './http-call.ts'

/** Yields a request's body. Throws TIMEOUT if it has not arrived completely within `limits.requestTimeoutMs`. */
export async function* inTime(
  request: HttpRequest,
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const timeoutMs = limits.requestTimeoutMs
  let cancelTimer = () => {}
  const late = new Promise<never>((_, reject) => {
    cancelTimer = clock.setTimer(timeoutMs, () => {
      // If it has arrived and waits to be read, the delay is this node's own.
      if (isComplete(request)) return
      const text = `The rest of the request did not arrive within ${timeoutMs} ms.`
      reject(toConnectError(new CausewayError('TIMEOUT', text, { data: { timeoutMs } })))
    })
  })
  late.catch(() => {})
  const chunks = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const chunk = await Promise.race([chunks.next(), late])
      if (chunk.done) return
      yield chunk.value
    }
  } finally {
    cancelTimer()
    // Not awaited: if nothing more arrives, it resolves only when the stream ends.
    chunks.return?.().catch(() => {})
  }
}

/** Reports whether the last byte of a request has arrived, read or not. */
function isComplete(request: HttpRequest): boolean {
  return 'stream' in request ? request.stream.state.remoteClose === 1 : request.complete
}
