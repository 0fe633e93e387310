/**
 * Repeats calls that a remote refuses with a short wait. The session then pauses instead of ending, which would cost
 * its next run the round trips of this one; a longer wait is left to the caller of the session.
 */
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Remote } from '../remote.ts'

/** Returns a remote that repeats calls refused with RESOURCE_EXHAUSTED and a wait, for `limits.patienceMs` in all. */
export function withPatience(remote: Remote, clock: Clock): Remote {
  const retry = async <Result>(signal: AbortSignal | undefined, call: () => Promise<Result>) => {
    // Ends since every turn waits, and the waits together are bounded.
    for (let waitedMs = 0; ; ) {
      try {
        return await call()
      } catch (error) {
        const { code, data } = CausewayError.from(error)
        if (code !== 'RESOURCE_EXHAUSTED' || typeof data.retryAfterMs !== 'number') throw error
        // At least a little, so that a remote that says "now" is not called without end.
        const waitMs = Math.max(data.retryAfterMs, limits.patienceLeastMs)
        if (waitedMs + waitMs > limits.patienceMs) throw error
        waitedMs += waitMs
        await sleep(clock, waitMs, signal)
      }
    }
  }
  return {
    syncTree: (request, options) => retry(options?.signal, () => remote.syncTree(request, options)),
    sendEntries: (tree, entries, options) =>
      retry(options?.signal, () => remote.sendEntries(tree, entries, options)),
  }
}
