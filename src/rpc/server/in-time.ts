/** A request that begins and does not go on: its call ends with TIMEOUT in place of waiting, with all that it holds. */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { toConnectError } from '../errors.ts'
import type { HttpRequest } from './http-call.ts'

/** A request's body, which has to be here within `limits.requestTimeoutMs`. */
export async function* inTime(
  request: HttpRequest,
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const timeoutMs = limits.requestTimeoutMs
  let cancelTimer = () => {}
  const late = new Promise<never>((_, reject) => {
    cancelTimer = clock.setTimer(timeoutMs, () => {
      // What is here already and waits to be read is late for our own reasons.
      if (isHere(request)) return
      const text = `The rest of the request did not come within ${timeoutMs} ms.`
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
    // Not awaited: where nothing comes any more, that is over only when the stream is.
    chunks.return?.().catch(() => {})
  }
}

/** Whether the last byte of a request has come, read or not. */
function isHere(request: HttpRequest): boolean {
  return 'stream' in request ? request.stream.state.remoteClose === 1 : request.complete
}
