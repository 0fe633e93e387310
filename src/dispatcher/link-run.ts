/**
 * The state of one link while the node runs: whether a session is under way, and when the next one may start. None of
 * it has to survive a restart: what must is in the link and in its outbox mark. Everything that happens to a link is a
 * method here, and a change of state that the table does not allow fails an invariant.
 */

import { invariant } from '../base/assert.ts'
import { backoffMs } from '../base/backoff.ts'
import { CausewayError, type ErrorCode, type Failure, failureOf } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Link } from '../peer/links.ts'
import type { Mark } from './outbox.ts'

/**
 * - `idle`: no session; one starts as soon as it is due.
 * - `running`: a session is under way or waits for its turn.
 * - `backoff`: no session before `retryAt`; after that, as `idle`.
 * - `parked`: no session until something changes, because waiting does not heal the error.
 * - `parking`: parked while a session is under way; the session goes on to its end.
 *
 * A direct push counts as a session. The rest is not a state, because it is independent of these five:
 * - due: a moment that `dueAt` computes from the outbox mark, `wanted`, the interval and the clock;
 * - paused: a setting of the link; in every state it keeps sessions from starting;
 * - blocked: a property of the peer, held by its lane with the same effect;
 * - live: a setting; whether a watch follows the tree. While an event of the watch is applied, no session starts.
 */
export type LinkState = 'idle' | 'running' | 'backoff' | 'parked' | 'parking'

/**
 * The states that may follow each state. A link begins in `idle`.
 *
 *              started                park
 *     idle ───────────────▶ running ──────────▶ parking
 *      ▲ ▲ ◀─────────────── │  ▲  │ ◀────────── │
 *      │ │     finished     │  │  │   unpark    │
 *      │ │                  │  │  │             │
 *      │ │ retryNow  failed ▼  │  │ failed with │ the session
 *      │ └─────────────── backoff │ a permanent │ ends
 *      │                    │  ▲  │ error       │
 *      │               park │  │  │             │
 *      │                    ▼  │  ▼             │
 *      └──────────────────▶ parked ◀────────────┘
 *           park, unpark
 *
 * The labels are methods. From `backoff` to `running` it is `started` again, and from `running` to `backoff` also
 * `unfinished`. `park` stands for `withhold` too. `unpark` stands for `retryNow`, `succeeded` and `becameVisible`; the
 * last leads to `backoff` if a wait is left. An `interrupted` session takes the link back to `idle` or `backoff`.
 */
export const nextStates: Readonly<Record<LinkState, readonly LinkState[]>> = {
  idle: ['running', 'parked'],
  running: ['idle', 'backoff', 'parked', 'parking'],
  backoff: ['idle', 'running', 'parked'],
  parked: ['idle', 'backoff'],
  parking: ['running', 'parked'],
}

/** Errors that waiting does not heal: an operator, the peer's admin or a new version has to do something. */
const permanent: ReadonlySet<ErrorCode> = new Set([
  'FORBIDDEN',
  'ACCESS_REJECTED',
  'UNKNOWN_TREE',
  'INCOMPATIBLE',
  'UNIMPLEMENTED',
  'BAD_ADDRESS',
  'NO_TRANSPORT',
])

function isPermanent({ code }: CausewayError): boolean {
  return permanent.has(code) || (code.startsWith('ENTRY_') && code !== 'ENTRY_MISSING_PARENT')
}

/** A session that has just started. */
export interface SessionStart {
  readonly signal: AbortSignal
  /** Whether it was wanted whatever the outbox says, so that a direct push is not enough. */
  readonly wanted: boolean
}

const past = Number.NEGATIVE_INFINITY
const never = Number.POSITIVE_INFINITY

export class LinkRun {
  private currentState: LinkState = 'idle'
  private currentLink: Link
  /** Set exactly in `running` and `parking`. */
  private session: { readonly controller: AbortController; readonly wanted: boolean } | undefined
  /** Set exactly in `parked` and `parking`. */
  private parkReason: Failure | undefined
  /** Monotonic: no session starts before this; kept while parked. */
  private retryAt = past
  private failureCount = 0
  private failure: Failure | undefined
  private successMs: number
  private sessionWanted = false
  /** Monotonic: when the last session started. */
  private startedAt = past
  /** Monotonic: when a session is due that shows the peer that we have the entries that moved. */
  private confirmAt = never
  private eventCursor = 0
  private announcedCount = 0
  private applyingEvent = false

  constructor(link: Link) {
    this.currentLink = link
    this.successMs = link.lastSuccessMs ?? 0
  }

  get state(): LinkState {
    return this.currentState
  }

  get link(): Link {
    return this.currentLink
  }

  /** Whether a session is under way or waits for its turn. */
  get active(): boolean {
    return this.session !== undefined
  }

  /** Whether a session is needed whatever the outbox says: the peer has something new, or a user asked for one. */
  get wanted(): boolean {
    return this.sessionWanted
  }

  /** Failures of this link since its last success; failures of the connection count at the dialer. */
  get attempts(): number {
    return this.failureCount
  }

  get lastError(): Failure | undefined {
    return this.failure
  }

  /** Milliseconds since 1970; 0: never. */
  get lastSuccessMs(): number {
    return this.successMs
  }

  /** Why the link is not retried automatically, or undefined if it is. */
  get parked(): Failure | undefined {
    return this.parkReason
  }

  /** Whether the peer does not show us the tree. */
  get hidden(): boolean {
    return this.parkReason?.code === 'UNKNOWN_TREE'
  }

  /** Whether the peer may not read the tree, so that even asking for it would reveal that we have it. */
  get withheld(): boolean {
    return this.parkReason?.data.withheld === true
  }

  /** Whether a watch should follow the peer's changes as they happen. */
  get live(): boolean {
    const { paused, pull, onCommit, intervalSeconds } = this.currentLink.settings
    return !paused && pull && (onCommit || intervalSeconds === 0)
  }

  /** The cursor of the last event of the peer's watch that was stored; 0: none. */
  get cursor(): number {
    return this.eventCursor
  }

  /** How many entries the peer last said it has; 0: not known. */
  get peerCount(): number {
    return this.announcedCount
  }

  /**
   * Returns the monotonic time of the next session, or Infinity if none is due. `polled`: the peer cannot be watched,
   * so it is asked at intervals.
   */
  dueAt(mark: Mark | undefined, polled: boolean): number {
    const { paused, pull, onCommit, intervalSeconds } = this.currentLink.settings
    const ready = this.currentState === 'idle' || this.currentState === 'backoff'
    if (paused || !ready || this.applyingEvent) return never
    let at = never
    if (this.sessionWanted || (mark !== undefined && (onCommit || mark.from === 0))) at = this.retryAt
    at = Math.min(at, this.confirmAt)
    if (intervalSeconds > 0) at = Math.min(at, this.startedAt + intervalSeconds * 1000)
    if (polled && pull) at = Math.min(at, this.startedAt + limits.pollIntervalMs)
    return Math.max(at, this.retryAt)
  }

  /** The link has new settings. Pausing it aborts the session under way. */
  linkChanged(link: Link): void {
    this.currentLink = link
    if (link.settings.paused) this.abort(new CausewayError('CANCELLED', 'The link was paused.'))
  }

  /** Asks for a session even if nothing is known to differ. */
  want(): void {
    this.sessionWanted = true
  }

  /** We have everything that the peer announced. */
  caughtUp(): void {
    this.sessionWanted = false
  }

  /** A session starts. Fails an invariant unless the link is idle or in backoff. */
  started(now: number): SessionStart {
    invariant(this.session === undefined, `a link runs one session at a time, and this one is ${this.state}`)
    this.enter('running')
    const controller = new AbortController()
    const wanted = this.sessionWanted
    this.session = { controller, wanted }
    this.sessionWanted = false
    this.startedAt = now
    return { signal: controller.signal, wanted }
  }

  /** Aborts the session under way, if there is one; its end then comes as `interrupted`. */
  abort(reason: CausewayError): void {
    this.session?.controller.abort(reason)
  }

  /** The session ended and did what it was for. */
  finished(): void {
    this.endSession(this.restState)
  }

  /**
   * The session ended before both sides were equal, because both went on writing: nothing failed, and another follows.
   */
  unfinished(now: number, random: number): void {
    this.endSession('backoff')
    this.retryAt = now + backoffMs(1, random)
    this.sessionWanted = true
  }

  /** The session was aborted, or the connection was lost: the link is as it was before, and that is not its failure. */
  interrupted(): void {
    const { wanted } = this.endSession(this.restState)
    this.sessionWanted ||= wanted
  }

  /**
   * The session failed: the link waits longer after each failure, or is parked by an error that waiting does not heal.
   */
  failed(error: CausewayError, now: number, random: number): void {
    const healable = !isPermanent(error)
    const { wanted } = this.endSession(healable ? 'backoff' : 'parked')
    this.sessionWanted ||= wanted
    this.noteFailure(error, now, random)
    if (!healable) this.parkReason = this.failure
  }

  /** Both sides were shown equal: by a session, by an event of the watch or by a call of the peer. */
  succeeded(nowMs: number): void {
    this.successMs = nowMs
    this.failureCount = 0
    this.failure = undefined
    this.retryNow()
  }

  /** The peer may not read the tree: counts as a failure and parks the link, with or without a session under way. */
  withhold(error: CausewayError, now: number, random: number): void {
    this.noteFailure(error, now, random)
    this.park(error)
  }

  /** Stops automatic retries until `retryNow`, a success or, for a hidden tree, `becameVisible`. */
  park(reason: CausewayError): void {
    this.parkReason = failureOf(reason)
    this.enter(this.active ? 'parking' : 'parked')
  }

  /** Ends the wait and unparks the link: a user asked for a session, or the peer is there again. */
  retryNow(): void {
    this.retryAt = past
    this.unpark()
  }

  /**
   * The peer shows us a tree that it hid. The next session may start immediately after the first failure; after more,
   * the wait stays, because a peer that announces a tree and then refuses it would otherwise be asked again and again.
   */
  becameVisible(): void {
    if (!this.hidden) return
    if (this.failureCount === 1) this.retryAt = past
    this.unpark()
  }

  /** Entries moved, but the peer does not know that both sides are equal now: schedules a session that shows it. */
  confirmLater(now: number): void {
    if (this.live) this.confirmAt = Math.min(this.confirmAt, now + limits.confirmMs)
  }

  /** A session has compared both sides, so the peer knows what we have. */
  confirmed(): void {
    this.confirmAt = never
  }

  /** An event of the watch says that the peer has `count` entries. Until `eventEnded`, no session starts. */
  eventStarted(count: number, now: number): void {
    invariant(!this.applyingEvent, 'events of one link are applied one after the other')
    this.applyingEvent = true
    this.announcedCount = count
    // The peer does not know that we have what it announced, even if another peer brought it.
    this.confirmLater(now)
  }

  /** The entries of the event are stored: a later watch goes on after it. */
  eventStored(cursor: number): void {
    this.eventCursor = cursor
  }

  eventEnded(): void {
    invariant(this.applyingEvent, 'an event of a link ends once')
    this.applyingEvent = false
  }

  private noteFailure(error: CausewayError, now: number, random: number): void {
    this.failure = failureOf(error)
    this.failureCount++
    const { retryAfterMs } = error.data
    this.retryAt =
      now + (typeof retryAfterMs === 'number' ? retryAfterMs : backoffMs(this.failureCount, random))
  }

  private unpark(): void {
    this.parkReason = undefined
    this.enter(this.active ? 'running' : this.restState)
  }

  /** Where the link goes with neither a session nor a reason to be parked. */
  private get restState(): LinkState {
    return this.retryAt === past ? 'idle' : 'backoff'
  }

  /** Ends the session; goes to `next`, or to `parked` if the link was parked meanwhile. */
  private endSession(next: LinkState): { readonly wanted: boolean } {
    const { session } = this
    invariant(session !== undefined, `only a session that has started can end, and the link is ${this.state}`)
    this.session = undefined
    this.enter(this.currentState === 'parking' ? 'parked' : next)
    return session
  }

  private enter(next: LinkState): void {
    const from = this.currentState
    if (next === from) return
    invariant(nextStates[from].includes(next), `a link does not go from ${from} to ${next}`)
    this.currentState = next
  }
}
