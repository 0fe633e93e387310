/** Goes on with a watch whose connection was lost, with growing pauses, until it gives up or its caller does. */
import { backoffCeilingMs } from '../../base/backoff.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/**
 * Yields what `follow` yields, and calls it again when the connection was lost or ended, until the signal fires. `follow`
 * begins where the last message left off. Throws its error, after `limits.watchRetries` losses without a message between.
 */
export async function* resuming<Message>(
  follow: () => AsyncIterable<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  let failures = 0
  // Ends with the signal; each turn follows one connection.
  while (!signal.aborted)
    try {
      for await (const message of follow()) {
        failures = 0
        yield message
      }
      if (signal.aborted) return
      throw new CausewayError('DISCONNECTED', 'The node has ended the watch.')
    } catch (error) {
      if (signal.aborted) return
      if (!lostConnection.has(CausewayError.from(error).code) || ++failures > limits.watchRetries) throw error
      await pause(
        backoffCeilingMs(failures, { baseMs: limits.watchRetryMs, capMs: limits.watchRetryMaxMs }),
        signal,
      )
    }
}

const lostConnection = new Set(['DISCONNECTED', 'UNREACHABLE', 'TIMEOUT', 'VIEW_BUILDING'])

/** Resolves after a while, or as soon as the signal fires. Keeps a process alive that does nothing but watch. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delayMs)
    signal.addEventListener('abort', end)
  })
}
