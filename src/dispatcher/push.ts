/**
 * The two ways to bring a link up to date. A few small entries on top of an equal state are pushed without asking
 * first, in one round trip; everything else takes a session.
 */
import { type Clock, deadline } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import type { Link } from '../peer/links.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import { readInline } from '../sync/answer/watch.ts'
import { runSession, type SessionResult } from '../sync/ask/session.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { Remote } from '../sync/remote.ts'
import type { Counters } from './counters.ts'
import type { Mark } from './outbox.ts'

export interface PushParts {
  readonly store: TreeReader
  readonly clock: Clock
  readonly counters: Counters
}

/**
 * Pushes what arrived since the mark. Returns the arrival up to which the peer has everything, or undefined if a
 * session is needed.
 */
export async function pushDirectly(
  { store, clock, counters }: PushParts,
  remote: Remote,
  { tree, settings }: Link,
  mark: Mark,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (mark.from === 0) return undefined
  const summary = await store.summary(tree)
  const entries = await readInline(store, tree, mark.from - 1, summary)
  if (entries.length === 0) return undefined
  using limit = deadline(clock, limits.unaryTimeoutMs, 'Pushing new entries', signal)
  counters.directPushes++
  const outcome = await remote.sendEntries(tree, entries, { signal: limit.signal })
  counters.entriesSent += outcome.added
  if (outcome.refused.length > 0) return undefined
  const equal = outcome.tipsDigest === summary.tipsDigest && outcome.count === summary.count
  return equal || !settings.pull ? summary.sequence : undefined
}

/** Runs a session. Throws TIMEOUT if it makes no progress for limits.sessionSilenceMs. */
export async function sessionWithTimeout(
  parts: PushParts & { readonly ingest: Ingest; readonly lastEqual: LastEqual },
  remote: Remote,
  { tree, peer, settings }: Link,
  signal: AbortSignal,
): Promise<SessionResult> {
  const { clock, counters } = parts
  const silence = new AbortController()
  let cancelTimer = () => {}
  const restartTimer = () => {
    cancelTimer()
    cancelTimer = clock.setTimer(limits.sessionSilenceMs, () =>
      silence.abort(
        new CausewayError('TIMEOUT', `The session made no progress for ${limits.sessionSilenceMs} ms.`),
      ),
    )
  }
  restartTimer()
  counters.sessions++
  try {
    const lastEqual = await parts.lastEqual.get(tree, peer)
    const result = await runSession(parts, remote, tree, {
      signal: AbortSignal.any([signal, silence.signal]),
      onProgress: restartTimer,
      pull: settings.pull,
      push: settings.push,
      lastEqual,
    })
    if (result.equal && result.tipsDigest !== lastEqual?.tipsDigest)
      await parts.lastEqual.set(tree, peer, result)
    counters.entriesReceived += result.received
    counters.entriesSent += result.sent
    return result
  } catch (error) {
    counters.sessionsFailed++
    throw error
  } finally {
    cancelTimer()
  }
}
