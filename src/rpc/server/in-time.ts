/**
 * Bounds the time for a request's body: a request that stops in the middle, or comes more slowly than over the slowest
 * line that is served, ends with TIMEOUT and frees what it holds.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { toConnectError } from '../errors.ts'
import type { HttpRequest } from './http-call.ts'

/** Returns how long a request may take of which so many bytes have come: what they need on the slowest line, and more. */
export function requestTimeMs(bytes: number): number {
  return limits.requestTimeoutMs + Math.ceil((1_000 * bytes) / limits.slowestBytesPerSecond)
}

/**
 * Yields a request's body. Throws TIMEOUT if it has not arrived completely within `requestTimeMs` of what has come, and
 * calls `onLate` first.
 */
export async function* inTime(
  request: HttpRequest,
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  onLate: () => void,
): AsyncGenerator<Uint8Array> {
  const startedMs = clock.monotonic()
  let bytes = 0
  let late: Error | undefined
  let stopWaiting = (_error: Error) => {}
  const check = () => {
    // If it has arrived and waits to be read, the delay is this node's own.
    if (isComplete(request)) return
    const timeoutMs = requestTimeMs(bytes)
    const leftMs = startedMs + timeoutMs - clock.monotonic()
    if (leftMs > 0) {
      cancelTimer = clock.setTimer(leftMs, check)
      return
    }
    const text = `The rest of the request did not arrive within ${timeoutMs} ms.`
    onLate()
    late = toConnectError(new CausewayError('TIMEOUT', text, { data: { timeoutMs } }))
    stopWaiting(late)
  }
  let cancelTimer = clock.setTimer(requestTimeMs(0), check)
  const chunks = body[Symbol.asyncIterator]()
  try {
    // Ends with the body, or by `late`: only bytes that come put it off.
    for (;;) {
      if (late !== undefined) throw late
      // A promise of its own for each chunk: a race with one that lives longer would keep all chunks in memory.
      const chunk = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        stopWaiting = reject
        chunks.next().then(resolve, reject)
      })
      if (chunk.done) return
      bytes += chunk.value.length
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
