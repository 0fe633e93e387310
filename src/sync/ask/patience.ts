/**
 * Repeats calls that a remote refuses with a short wait. The session then pauses instead of ending, which would cost
 * its next run the round trips of this one; a longer wait is left to the caller of the session.
 */
import { Patience } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Remote } from '../remote.ts'

/** Returns a remote that repeats calls refused with RESOURCE_EXHAUSTED and a wait, for `limits.patienceMs` in all. */
export function withPatience(remote: Remote, clock: Clock): Remote {
  const retry = <Result>(signal: AbortSignal | undefined, call: () => Promise<Result>) =>
    new Patience(clock).retry(signal, call)
  return {
    syncTree: (request, options) => retry(options?.signal, () => remote.syncTree(request, options)),
    sendEntries: (tree, entries, options) =>
      retry(options?.signal, () => remote.sendEntries(tree, entries, options)),
  }
}
