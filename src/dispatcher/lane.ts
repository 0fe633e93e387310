/**
 * The lane of one peer: all background work for the links with that peer, over one connection.
 *
 *     Dispatcher ─▶ Lane ─┬─▶ PeerDialer   owns the connection: dials, waits after failures, closes it when unused
 *                         ├─▶ LinkRun      one per link; owns its state: running, backoff, parked …
 *                         ├─▶ live.ts      follows the peer's trees over Watch; reports each event to its LinkRun
 *                         └─▶ push.ts      one direct push or one session for one link
 *
 * The dispatcher owns the lanes and says what happened; a lane owns its dialer, its runs, its watch and its one timer.
 * Calls go from left to right only; results come back by a promise or a callback, and wake the lane. The lane never waits
 * in a loop: `step` reads the state, starts what is due and sets the timer for what is due next. A peer that is away
 * therefore costs one timer, and no peer delays another.
 */

import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Slots } from '../base/slots.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import type { LinkStatus, Links } from '../peer/links.ts'
import { closingError, type PeerConnection, watchEndedError } from './connection.ts'
import type { Counters } from './counters.ts'
import { LinkRun, type SessionStart } from './link-run.ts'
import { followAll, type LiveParts, parkWithheld } from './live.ts'
import { PeerDialer, type PeerDialerParts } from './peer-dialer.ts'
import { pushDirectly, sessionWithTimeout } from './push.ts'
import { type Polling, silentWatch, statusOf, unwatchable } from './status.ts'

export interface LaneParts extends LiveParts, PeerDialerParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly book: PeerBook
  readonly links: Links
  readonly lastEqual: LastEqual
  /** Sessions over all peers. */
  readonly sessionSlots: Slots
  /** Returns why a link waits: its request for access is pending or was rejected. Undefined if there is none. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined
  /** Called when the status of a link has changed. */
  readonly onChange: (run: LinkRun) => void
}

export class Lane {
  readonly peer: PeerId
  private readonly parts: LaneParts
  private readonly runs = new Map<TreeId, LinkRun>()
  private readonly tasks = new Set<Promise<void>>()
  private readonly dialer: PeerDialer
  /** Ends the watch; undefined if there is none. */
  private watch: AbortController | undefined
  /** Why the peer is asked at intervals: this connection has shown that watches of it bring nothing. */
  private polling: Polling | undefined
  /** Sessions with this peer. */
  private readonly peerSlots = new Slots(limits.sessionsPerPeer)
  /** Pushes and sessions under way, with those that wait for their turn. */
  private activeRuns = 0
  /** Whether a step is queued. */
  private waking = false
  /** Whether the lane works on its links; false if it exists only to report their status. */
  private working = false
  private cancelTimer = () => {}
  private phase: 'open' | 'draining' | 'closed' = 'open'
  private onDrained = () => {}

  constructor(peer: PeerId, parts: LaneParts) {
    this.peer = peer
    this.parts = parts
    this.dialer = new PeerDialer(peer, parts, () => this.wake())
  }

  get connected(): boolean {
    return this.dialer.connection !== undefined
  }

  /** The number of links. */
  get size(): number {
    return this.runs.size
  }

  /** Takes over the links and the peer's book entry as they are now, and starts to work on them. */
  refresh(): void {
    this.working = true
    this.loadLinks()
    this.watch?.abort(new CausewayError('CANCELLED', 'The links of the peer have changed.'))
    if (this.blocked) this.hangUp(new CausewayError('CANCELLED', 'The peer was blocked.'))
    this.wake()
  }

  /** Takes over the links as they are now. */
  loadLinks(): void {
    const links = this.parts.links.ofPeer(this.peer)
    const trees = new Set(links.map(({ tree }) => tree))
    for (const [tree, run] of this.runs)
      if (!trees.has(tree)) {
        run.abort(new CausewayError('CANCELLED', 'The link was ended.'))
        this.runs.delete(tree)
      }
    for (const link of links) {
      const run = this.runs.get(link.tree)
      if (run === undefined) this.runs.set(link.tree, new LinkRun(link))
      else run.linkChanged(link)
    }
  }

  /** The tree has new entries, or the reason that its link waits for has changed. */
  treeChanged(tree: TreeId): void {
    const run = this.runs.get(tree)
    if (run === undefined) return
    this.parts.onChange(run)
    // The entries may let the peer read the tree.
    if (run.withheld) run.retryNow()
    this.wake()
  }

  /** A call of the peer has shown that both sides were equal when our latest arrival was `sequence`. */
  async confirmEqual(tree: TreeId, sequence: number): Promise<void> {
    const run = this.runs.get(tree)
    if (run === undefined) return
    await this.noteSuccess(run, sequence)
    this.parts.onChange(run)
  }

  /**
   * Retries the link of a tree, or all links, immediately: neither a wait nor a parked link stops it. `want` asks for a
   * session even if nothing is known to differ.
   */
  retryNow(tree?: TreeId, want = false): void {
    this.dialer.retryNow()
    for (const run of this.runs.values())
      if (tree === undefined || run.link.tree === tree) {
        run.retryNow()
        if (want) run.want()
        this.parts.onChange(run)
      }
    this.wake()
  }

  /** Returns the status of all links, or of the link of one tree. */
  status(tree?: TreeId): LinkStatus[] {
    if (tree === undefined) return Array.from(this.runs.values(), (run) => this.statusOf(run))
    const run = this.runs.get(tree)
    return run === undefined ? [] : [this.statusOf(run)]
  }

  statusOf(run: LinkRun): LinkStatus {
    const { outbox, store, clock } = this.parts
    const { tree } = run.link
    const mark = outbox.mark(tree, this.peer)
    const untried = !this.working && store.tree(tree) === undefined
    const { dialer } = this
    let dueAt = run.dueAt(mark, this.polled)
    if (!this.connected && !this.dialable) dueAt = Number.POSITIVE_INFINITY
    else if (!this.connected) dueAt = run.live ? dialer.retryAt : Math.max(dueAt, dialer.retryAt)
    return statusOf({
      run,
      dialer,
      mark,
      sequence: store.tree(tree)?.sequence ?? 0,
      nowMs: clock.now(),
      dueInMs: this.blocked ? Number.POSITIVE_INFINITY : dueAt - clock.monotonic(),
      blocked: this.blocked,
      waitReason: untried || run.hidden ? this.parts.waitReason(tree, this.peer) : undefined,
      waitsForContact: !this.connected && !this.dialable,
      polling: this.connected ? this.polling : undefined,
    })
  }

  /** Delivers what it can over the open connection until `graceOver`, then closes. The rest is in the outbox. */
  async drain(graceOver: Promise<void>): Promise<void> {
    this.phase = 'draining'
    this.dialer.cancelDial(closingError())
    this.watch?.abort(closingError())
    const drained = new Promise<void>((resolve) => {
      this.onDrained = resolve
      this.wake()
    })
    await Promise.race([drained, graceOver])
    this.phase = 'closed'
    this.cancelTimer()
    for (const run of this.runs.values()) run.abort(closingError())
    this.hangUp(closingError())
    // Ends: aborted tasks end, and none is started after the lane has closed.
    while (this.tasks.size > 0) await Promise.all(this.tasks)
  }

  private get blocked(): boolean {
    return this.parts.book.get(this.peer)?.blocked ?? true
  }

  private get polled(): boolean {
    return this.polling !== undefined
  }

  /** Whether the peer has an address. If it has none, it has to contact us. */
  private get dialable(): boolean {
    return (this.parts.book.get(this.peer)?.addresses.length ?? 0) > 0
  }

  /** Steps once, after the code that runs now. */
  private wake(): void {
    if (this.waking || this.phase === 'closed') return
    this.waking = true
    queueMicrotask(() => {
      this.waking = false
      if (this.phase !== 'closed') this.step()
    })
  }

  /** Starts what is due, and sets the timer for what is due next. */
  private step(): void {
    const { dialer } = this
    const { clock } = this.parts
    const now = clock.monotonic()
    // A connection reports its end later than its calls fail. Without this check they would fail in a tight loop.
    const endReason = dialer.dropIfEnded()
    if (endReason !== undefined) this.watch?.abort(endReason)
    const { due, live, nextAt } = this.survey(now)
    let next = nextAt
    const { connection } = dialer
    const needed = due.length + live.length > 0
    const dials = connection === undefined && !dialer.dialling && needed && this.dialable
    const watchable = this.watch === undefined && this.polling !== unwatchable
    const follows = connection !== undefined && watchable && live.length > 0
    if (this.phase === 'open' && (dials || follows)) {
      if (dialer.retryAt > now) next = Math.min(next, dialer.retryAt)
      else this.start(() => (dials ? this.dial() : this.followPeer(connection!, live)))
    }
    // Direct pushes run immediately; sessions take turns, so that each tree of the peer gets its own.
    if (connection !== undefined) for (const run of due) this.start(() => this.runLink(connection, run))
    if (this.phase === 'draining' && this.activeRuns === 0) this.onDrained()
    else if (connection !== undefined)
      next = Math.min(next, dialer.closeUnused(this.activeRuns > 0 || this.watch !== undefined))
    this.cancelTimer()
    this.cancelTimer = Number.isFinite(next)
      ? clock.setTimer(Math.max(0, next - now), () => this.wake())
      : () => {}
  }

  /** Returns the links that are due now and those for a watch, with the monotonic time when the next one is due. */
  private survey(now: number): { due: LinkRun[]; live: LinkRun[]; nextAt: number } {
    const due: LinkRun[] = []
    const live: LinkRun[] = []
    let nextAt = Number.POSITIVE_INFINITY
    if (!this.blocked)
      for (const run of this.runs.values()) {
        const at = run.dueAt(this.parts.outbox.mark(run.link.tree, this.peer), this.polled)
        if (at <= now) due.push(run)
        else nextAt = Math.min(nextAt, at)
        if (run.live && !run.withheld && this.phase === 'open') live.push(run)
      }
    return { due, live, nextAt }
  }

  /** Runs a task that handles its own failures, and steps when it has ended. */
  private start(work: () => Promise<void>): void {
    const task = work().finally(() => {
      this.tasks.delete(task)
      this.wake()
    })
    this.tasks.add(task)
  }

  private async dial(): Promise<void> {
    const error = await this.dialer.dial()
    if (error === undefined) return this.setPolling(undefined)
    for (const run of this.runs.values()) {
      if (error.code === 'INCOMPATIBLE') run.park(error)
      this.parts.onChange(run)
    }
  }

  /** The peer answered: the failures of its connection are over. */
  private peerAnswered(): void {
    const { failures } = this.dialer
    this.dialer.peerAnswered()
    if (failures > 0) for (const run of this.runs.values()) this.parts.onChange(run)
  }

  private hangUp(reason: CausewayError): void {
    this.watch?.abort(reason)
    this.dialer.close(reason)
  }

  /** Follows the trees of `runs` on this connection until a watch of them ends. */
  private async followPeer(connection: PeerConnection, runs: readonly LinkRun[]): Promise<void> {
    const watch = new AbortController()
    this.watch = watch
    const onMessage = (run?: LinkRun) => {
      this.peerAnswered()
      this.setPolling(undefined)
      if (run === undefined) return
      this.parts.onChange(run)
      this.wake()
    }
    try {
      if (await parkWithheld(this.parts, runs)) return
      const end = await followAll(this.parts, connection, runs, watch.signal, onMessage)
      if (end === 'ended') throw watchEndedError()
      // A session shows what the watch has kept back, and whether the peer is there at all.
      if (!this.polled) for (const run of runs) run.want()
      this.setPolling(silentWatch)
    } catch (thrown) {
      const error = CausewayError.from(thrown)
      if (error.code === 'UNIMPLEMENTED') this.setPolling(unwatchable)
      else if (!watch.signal.aborted && connection.endReason === undefined) {
        this.dialer.failed(error)
        // The peer is connected, but its watch is not: dialling it again shows whether it is still there.
        if (error.code === 'TIMEOUT') connection.close()
      }
    } finally {
      watch.abort(watchEndedError())
      this.watch = undefined
    }
  }

  private setPolling(polling: Polling | undefined): void {
    if (this.polling === polling) return
    this.polling = polling
    for (const run of this.runs.values()) this.parts.onChange(run)
  }

  /** Runs one push or session for a link, and records its outcome. */
  private async runLink(connection: PeerConnection, run: LinkRun): Promise<void> {
    const { clock } = this.parts
    const session = run.started(clock.monotonic())
    this.activeRuns++
    this.parts.onChange(run)
    try {
      const equalAt = await this.deliver(connection, run, session)
      this.peerAnswered()
      if (equalAt === undefined) run.unfinished(clock.monotonic(), clock.random())
      else {
        if (run.peerCount <= equalAt) run.caughtUp()
        await this.noteSuccess(run, equalAt)
        run.finished()
      }
    } catch (thrown) {
      this.noteFailure(connection, run, session.signal, thrown)
    } finally {
      this.activeRuns--
      this.parts.onChange(run)
    }
  }

  /** Returns the arrival up to which both sides are equal, or undefined if more is to be done. */
  private async deliver(
    connection: PeerConnection,
    run: LinkRun,
    { signal, wanted }: SessionStart,
  ): Promise<number | undefined> {
    const { link } = run
    const now = this.parts.clock.monotonic()
    const mark = this.parts.outbox.mark(link.tree, this.peer)
    if (!wanted && mark !== undefined) {
      const equalAt = await pushDirectly(this.parts, connection.remote, link, mark, signal)
      run.confirmLater(now)
      if (equalAt !== undefined) return equalAt
    }
    using _peerSlot = await this.peerSlots.take(signal)
    using _sessionSlot = await this.parts.sessionSlots.take(signal)
    const result = await sessionWithTimeout(this.parts, connection.remote, link, signal)
    run.confirmed()
    if (result.received + result.sent > 0) run.confirmLater(now)
    return result.settledAt
  }

  /** Both sides were equal when our latest arrival was `sequence`. */
  private async noteSuccess(run: LinkRun, sequence: number): Promise<void> {
    const { clock, outbox, links } = this.parts
    const { tree } = run.link
    await outbox.settle(tree, this.peer, sequence)
    run.succeeded(clock.now())
    const notedMs = links.get(tree, this.peer)?.lastSuccessMs ?? 0
    if (clock.now() - notedMs > limits.notedMs) await links.succeeded(tree, this.peer, clock.now())
  }

  private noteFailure(connection: PeerConnection, run: LinkRun, signal: AbortSignal, thrown: unknown): void {
    const { clock } = this.parts
    if (signal.aborted || this.phase === 'closed') {
      run.interrupted()
      return
    }
    const error = connection.endReason ?? CausewayError.from(thrown)
    if (error.code === 'TIMEOUT' || error.code === 'DISCONNECTED') connection.close()
    // A lost connection counts once, at the dialer, and not for each tree.
    if (connection.endReason === undefined) run.failed(error, clock.monotonic(), clock.random())
    else run.interrupted()
    // The tree may have come while the session failed. A new watch reports a hidden tree even if both sides are equal.
    if (run.hidden) this.watch?.abort(watchEndedError())
  }
}
