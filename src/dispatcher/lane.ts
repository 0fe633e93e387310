/**
 * The lane of one peer: all background work for the links with that peer, over one connection.
 *
 *     Dispatcher ─▶ Lane ─┬─▶ PeerDialer   owns the connection: dials, waits after failures, closes it when unused
 *                         ├─▶ LinkRun      one per link; owns its state: running, backoff, parked …
 *                         ├─▶ live.ts      follows the peer's trees over Watch; reports each event to its LinkRun
 *                         ├─▶ push.ts      one direct push or one session for one link
 *                         └─▶ offer.ts     offers a tree to a peer that has none of it
 *
 * The dispatcher owns the lanes and says what happened; a lane owns its dialer, its runs, its watch and its one timer.
 * Calls go from left to right only; results come back by a promise or a callback, and wake the lane. The lane never waits
 * in a loop: `step` reads the state, starts what is due and sets the timer for what is due next. So no peer delays another.
 */
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Slots } from '../base/slots.ts'
import { tracing } from '../base/tracing/tracing.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LinkStatus, Links } from '../peer/links.ts'
import { closingError, type PeerConnection, watchEndedError } from './connection.ts'
import { LinkRun, survey } from './link-run.ts'
import { followAll, type LiveParts, parkWithheld } from './live.ts'
import type { Hearing } from './mesh/tree-mesh.ts'
import { type OfferParts, offerHidden } from './offer.ts'
import { PeerDialer, type PeerDialerParts } from './peer-dialer.ts'
import { type DeliveryParts, deliver } from './push.ts'
import { type LinkFacts, type Polling, silentWatch, statusOf, unwatchable } from './status.ts'

export interface LaneParts extends LiveParts, DeliveryParts, PeerDialerParts, OfferParts, LinkFacts {
  readonly book: PeerBook
  readonly links: Links
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

  /** Sessions that wait for their turn with this peer, and whether its next dial waits. */
  get waits(): { readonly sessions: number; readonly dial: boolean } {
    return { sessions: this.peerSlots.waiting, dial: this.dialer.waits }
  }

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
      const run = this.runs.get(link.tree) ?? new LinkRun(link)
      if (!this.runs.has(link.tree)) this.runs.set(link.tree, run)
      else run.linkChanged(link)
      run.placed(this.parts.placeOf(link))
    }
  }

  /** The link of a tree has another place: a new neighbour is dialled now, and one that is none any more is left alone. */
  placeChanged(tree: TreeId): void {
    const run = this.runs.get(tree)
    if (run === undefined) return
    const { live: wasLive, place: before } = run
    run.placed(this.parts.placeOf(run.link))
    // A watch that asks for a place of a neighbour ends when the peer takes that back.
    if (run.live !== wasLive || (before === 'neighbour' && run.place === 'kept')) this.watchAnew()
    if (!wasLive) this.dialer.retryNow()
    this.parts.onChange(run)
    this.wake()
  }

  watchAnew(): void {
    this.watch?.abort(new CausewayError('CANCELLED', 'The neighbours have changed.'))
  }

  /** Compares a tree with the peer, whether the link is passive or not. */
  probe(tree: TreeId): void {
    this.runs.get(tree)?.want()
    this.wake()
  }

  /** What is known of the peer as a neighbour. One that does not show the tree counts as not heard. */
  hearing(tree: TreeId): Hearing {
    const shut = this.runs.get(tree)?.parked !== undefined
    const heard = !shut && ((this.connected && this.dialer.reachable) || this.parts.hears(tree, this.peer))
    return { heard, failed: this.dialer.failures > 0, shut, roundTripMs: this.dialer.lastRoundTripMs }
  }

  /** The tree has new entries, or the reason that its link waits for has changed. */
  treeChanged(tree: TreeId): void {
    const run = this.runs.get(tree)
    if (run === undefined || run.place === 'passive') return
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

  /** Dials immediately if a dial waits. A parked link stays parked. */
  endWait(): void {
    if (this.connected) return
    this.dialer.retryNow()
    this.wake()
  }

  /**
   * Reports whether the peer has to bring us a tree: it was not here when it was linked, both sides were never equal, and
   * we cannot dial the peer.
   */
  awaits(tree: TreeId): boolean {
    const run = this.runs.get(tree)
    const isMissing = run?.live === true && run.link.lackedTree === true && run.lastSuccessMs === 0
    return isMissing && !this.connected && (!this.dialable || this.dialer.failures > 0)
  }

  /** Returns the status of all links, or of the link of one tree. */
  status(tree?: TreeId): LinkStatus[] {
    const runs = tree === undefined ? [...this.runs.values()] : [this.runs.get(tree) ?? []].flat()
    return runs.map((run) => this.statusOf(run))
  }

  statusOf(run: LinkRun): LinkStatus {
    const { outbox, store, clock } = this.parts
    const [{ tree }, mark] = [run.link, outbox.mark(run.link.tree, this.peer)]
    const untried = !this.working && store.tree(tree) === undefined
    const { dialer, blocked, dialable, connected } = this
    return statusOf({
      ...{ run, dialer, mark, blocked, dialable, connected, clock, dueAt: this.dueAt(run) },
      sequence: store.tree(tree)?.sequence ?? 0,
      heard: dialer.reachable || this.parts.hears(tree, this.peer),
      waitReason: untried || run.hidden ? this.parts.waitReason(tree, this.peer) : undefined,
      polling: this.polling,
    })
  }

  /** Returns the monotonic time of the next session. A neighbour that watches us is told by its watch, and tells us so. */
  private dueAt(run: LinkRun): number {
    const { tree } = run.link
    const told = run.place === 'neighbour' && this.parts.watches(tree, this.peer)
    return run.dueAt(this.parts.outbox.mark(tree, this.peer), { polled: this.polling !== undefined, told })
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
      if (this.phase === 'closed') return
      // Whatever woke the lane: what it does now is no part of that span.
      if (tracing === undefined) this.step()
      else tracing.outside(() => this.step())
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
    const when = { now, dueAt: (run: LinkRun) => this.dueAt(run), open: this.phase === 'open' }
    let { due, live, nextAt: next } = survey(this.blocked ? [] : this.runs.values(), when)
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
    if (Number.isFinite(next)) this.cancelTimer = clock.setTimer(Math.max(0, next - now), () => this.wake())
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
    if (error === undefined) {
      // Its silence does not show that it still has what it had.
      for (const run of this.runs.values()) run.confirmLater(this.parts.clock.monotonic())
      return this.setPolling(undefined)
    }
    for (const run of this.runs.values()) {
      if (error.code === 'INCOMPATIBLE') run.park(error)
      run.unreached()
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
      if (this.polling === undefined) for (const run of runs) run.want()
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
      const equalAt = await deliver(this.parts, this.peerSlots, connection, run, session)
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
    if (!run.hidden) return
    this.watch?.abort(watchEndedError())
    this.start(() => offerHidden(this.parts, connection, run))
  }
}
