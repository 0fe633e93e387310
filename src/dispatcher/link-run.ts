/**
 * The state of one link while the node runs: whether a session is under way, and when the next one may start. None of
 * it has to survive a restart: what must is in the link and in its outbox mark. Everything that happens to a link is a
 * method here, and a change of state that the table does not allow fails an invariant.
 */

import { invariant } from '../base/assert.ts'
import { backoffMs } from '../base/backoff.ts'
import { CausewayError, type Failure, failureOf } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Link, LinkPlace } from '../peer/links.ts'
import { isPermanent, type LinkState, nextStates } from './link-states.ts'
import type { Mark } from './outbox.ts'

/** A session that has just started. */
export interface SessionStart {
  readonly signal: AbortSignal
  /** Whether it was wanted whatever the outbox says, so that a direct push is not enough. */
  readonly wanted: boolean
}

interface Session {
  readonly controller: AbortController
  readonly wanted: boolean
  /** Whether entries moved beside the session since it began to compare. */
  overtaken: boolean
}

const past = Number.NEGATIVE_INFINITY
const never = Number.POSITIVE_INFINITY

export class LinkRun {
  private currentPlace: LinkPlace = 'kept'
  private currentState: LinkState = 'idle'
  private currentLink: Link
  /** Set exactly in `running` and `parking`. */
  private session: Session | undefined
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
  /** Monotonic: when a tree that the peer hides is asked for again, though nothing has changed. */
  private askAgainAt = never
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

  /** A passive link is not live, and only a session that was asked for runs, once. */
  get place(): LinkPlace {
    return this.currentPlace
  }

  /** The link has this place from now on. One that is not passive any more has no wait. */
  placed(place: LinkPlace): void {
    const before = this.currentPlace
    this.currentPlace = place
    if (place === 'passive') this.sessionWanted = false
    else if (before === 'passive') this.retryNow()
  }

  /** The peer could not be dialled. A passive link does not try again by itself: others are compared with. */
  unreached(): void {
    if (this.currentPlace === 'passive') this.sessionWanted = false
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
    return this.currentPlace !== 'passive' && !paused && pull && (onCommit || intervalSeconds === 0)
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
   * so it is asked at intervals. `told`: its own watch tells it what arrives here, and its events show that it has it.
   */
  dueAt(mark: Mark | undefined, { polled = false, told = false } = {}): number {
    const { paused, pull, onCommit, intervalSeconds } = this.currentLink.settings
    const ready = this.currentState === 'idle' || this.currentState === 'backoff'
    if (paused || this.applyingEvent || (this.currentPlace === 'passive' && !this.sessionWanted)) return never
    if (this.currentState === 'parked' && this.hidden) return this.askAgainAt
    if (!ready) return never
    let at = never
    const owes = mark !== undefined && (mark.from === 0 || (onCommit && !told))
    if (this.sessionWanted || owes) at = this.retryAt
    if (!told) at = Math.min(at, this.confirmAt)
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
    this.session = { controller, wanted, overtaken: false }
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
    this.unreached()
  }

  /**
   * The session failed: the link waits longer after each failure, or is parked by an error that waiting does not heal.
   */
  failed(error: CausewayError, now: number, random: number): void {
    const healable = !isPermanent(error)
    const { wanted } = this.endSession(healable ? 'backoff' : 'parked')
    this.sessionWanted ||= wanted
    this.unreached()
    this.noteFailure(error, now, random)
    if (healable) return
    this.parkReason = this.failure
    this.askAgainAt = now + limits.hiddenRetryMs * (0.75 + random / 2)
  }

  /** Unparks a link whose peer does not show the tree if it is time to ask again. */
  askAgain(now: number): void {
    if (this.currentState !== 'parked' || !this.hidden || now < this.askAgainAt) return
    this.sessionWanted = true
    this.unpark()
  }

  /** Says in words for people why the peer hides the tree, as far as its answer to an offer shows. */
  explain(message: string): void {
    if (!this.hidden) return
    this.failure = { ...this.parkReason!, message }
    this.parkReason = this.failure
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
    if (this.session !== undefined) this.session.overtaken = true
    if (this.live) this.confirmAt = Math.min(this.confirmAt, now + limits.confirmMs)
  }

  /** The session under way begins to compare both sides as they are now. */
  comparing(): void {
    invariant(this.session !== undefined, 'only a session compares')
    this.session.overtaken = false
  }

  /**
   * The session has compared both sides, so the peer knows what we had. If an event of the watch brought entries
   * meanwhile, the peer does not know of these, and the next session is still due.
   */
  confirmed(): void {
    if (this.session?.overtaken !== true) this.confirmAt = never
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

/**
 * Returns the links that are due now and those for a watch, with the monotonic time when the next one is due. `open`:
 * watches may begin.
 */
export function survey(
  runs: Iterable<LinkRun>,
  when: { now: number; dueAt: (run: LinkRun) => number; open: boolean },
): { due: LinkRun[]; live: LinkRun[]; nextAt: number } {
  const due: LinkRun[] = []
  const live: LinkRun[] = []
  let nextAt = never
  for (const run of runs) {
    run.askAgain(when.now)
    const at = when.dueAt(run)
    if (at <= when.now) due.push(run)
    else nextAt = Math.min(nextAt, at)
    if (run.live && !run.withheld && when.open) live.push(run)
  }
  return { due, live, nextAt }
}
