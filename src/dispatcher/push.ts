/**
 * The ways to bring a link up to date. A few small entries on top of an equal state are pushed without asking first, in
 * one round trip; everything else takes a session. If much of a tree is missing, all of its links fetch it together before
 * that.
 */
import { type Clock, deadline } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Slots } from '../base/slots.ts'
import { tracing } from '../base/tracing/tracing.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import type { Link } from '../peer/links.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import { readInline } from '../sync/answer/tree-watch.ts'
import { countAt } from '../sync/ask/gather-outline.ts'
import type { Gatherings } from '../sync/ask/gatherings.ts'
import { runSession, type SessionResult } from '../sync/ask/session.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { Remote } from '../sync/remote.ts'
import type { PeerConnection } from './connection.ts'
import type { Counters } from './counters.ts'
import type { LinkRun, SessionStart } from './link-run.ts'
import type { Mark, Outbox } from './outbox.ts'
import { tracePush, traceSession } from './traced.ts'

export interface PushParts {
  readonly store: TreeReader
  readonly clock: Clock
  readonly counters: Counters
}

interface SessionParts extends PushParts {
  readonly ingest: Ingest
  readonly lastEqual: LastEqual
}

/**
 * Pushes what arrived since the mark. Returns the arrival up to which the peer has everything, or undefined if a
 * session is needed.
 */
async function pushDirectly(
  { store, clock, counters }: PushParts,
  remote: Remote,
  link: Link,
  mark: Mark,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (mark.from === 0) return undefined
  const { tree, settings } = link
  const summary = await store.summary(tree)
  const entries = await readInline(store, tree, mark.from - 1, summary)
  if (entries.length === 0) return undefined
  using limit = deadline(clock, limits.unaryTimeoutMs, 'Pushing new entries', signal)
  counters.directPushes++
  const send = () => remote.sendEntries(tree, entries, { signal: limit.signal })
  const outcome = await (tracing === undefined
    ? send()
    : tracePush(tracing, { store, link, mark, entries }, send))
  counters.entriesSent += outcome.added
  if (outcome.refused.length > 0) return undefined
  const equal = outcome.tipsDigest === summary.tipsDigest && outcome.count === summary.count
  return equal || !settings.pull ? summary.sequence : undefined
}

export interface DeliveryParts extends SessionParts {
  readonly outbox: Outbox
  readonly gatherings: Gatherings
  /** Sessions over all peers. */
  readonly sessionSlots: Slots
}

/** Brings a link up to date. Returns the arrival up to which both sides are equal; undefined if more is to be done. */
export async function deliver(
  parts: DeliveryParts,
  peerSlots: Slots,
  connection: PeerConnection,
  run: LinkRun,
  { signal, wanted }: SessionStart,
): Promise<number | undefined> {
  const { link } = run
  const { remote } = connection
  const now = parts.clock.monotonic()
  const mark = parts.outbox.mark(link.tree, link.peer)
  if (!wanted && mark !== undefined) {
    const equalAt = await pushDirectly(parts, remote, link, mark, signal)
    run.confirmLater(now)
    if (equalAt !== undefined) return equalAt
  }
  // It takes no slot, since it may take long, and its bounds are its own.
  await takePart(parts, connection, run, signal)
  using _peerSlot = await peerSlots.take(signal)
  using _sessionSlot = await parts.sessionSlots.take(signal)
  run.comparing()
  const result = await sessionWithTimeout(parts, remote, run, signal)
  run.confirmed()
  if (result.received + result.sent > 0) run.confirmLater(now)
  return result.settledAt
}

/**
 * Takes part in the first sync of a tree if one runs, or begins it if much is missing; else does nothing. Ends with the first
 * sync. Throws what the peer's calls throw, and why the connection ended.
 */
async function takePart(
  { gatherings, clock, store, counters }: DeliveryParts,
  connection: PeerConnection,
  run: LinkRun,
  signal: AbortSignal,
): Promise<void> {
  const { link } = run
  const { tree, peer } = link
  const { remote } = connection
  if (!link.settings.pull) return
  if (!gatherings.isRunning(tree)) {
    const here = store.tree(tree)?.count ?? 0
    // One small call more, and only if there is a reason to expect it.
    const isNew = here === 0 || (link.lackedTree === true && run.lastSuccessMs === 0)
    if (!isNew && run.peerCount - here < limits.gatherEntries) return
    using limit = deadline(clock, limits.unaryTimeoutMs, 'Asking how much is missing', signal)
    if ((await countAt(remote, tree, limit.signal)) - here < limits.gatherEntries) return
  }
  const ended = new AbortController()
  connection.onEnd(() => ended.abort(connection.endReason))
  const share = gatherings.share(tree, { signal: AbortSignal.any([signal, ended.signal]) })
  if (share === undefined) return
  share.join({ peer, remote })
  try {
    await share.run()
  } finally {
    counters.entriesReceived += share.given
  }
}

/** Runs a session. Throws TIMEOUT if it makes no progress for limits.sessionSilenceMs. */
async function sessionWithTimeout(
  parts: DeliveryParts,
  remote: Remote,
  run: LinkRun,
  signal: AbortSignal,
): Promise<SessionResult> {
  const { clock, counters, store, outbox } = parts
  const { tree, peer, settings } = run.link
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
  const startedMs = clock.monotonic()
  let succeeded = false
  try {
    const lastEqual = await parts.lastEqual.get(tree, peer)
    const session = () =>
      runSession(parts, remote, tree, {
        signal: AbortSignal.any([signal, silence.signal]),
        onProgress: restartTimer,
        pull: settings.pull,
        push: settings.push,
        lastEqual,
      })
    const result = await (tracing === undefined
      ? session()
      : traceSession(tracing, store, run, outbox.mark(tree, peer), session))
    if (result.equal && result.tipsDigest !== lastEqual?.tipsDigest)
      await parts.lastEqual.set(tree, peer, result)
    counters.entriesReceived += result.received
    counters.entriesSent += result.sent
    succeeded = true
    return result
  } catch (error) {
    counters.sessionsFailed++
    throw error
  } finally {
    cancelTimer()
    counters.onSession?.((clock.monotonic() - startedMs) / 1000, succeeded)
  }
}
