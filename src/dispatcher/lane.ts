/**
 * The lane of one peer: what is done for its links over its one connection, at most one session for each tree and a few at
 * once. It never waits in a loop: `step` looks at the state, starts what is due, and sets one timer for what is due
 * next, so a peer that is away costs a timer, and no peer can hold up another.
 */

import { backoffMs } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import { CausewayError, failureOf } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Slots } from '../base/slots.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import type { LinkStatus, Links } from '../peer/links.ts'
import type { PeerConnection } from './connection.ts'
import type { Counters } from './counters.ts'
import { LinkRun } from './link-run.ts'
import { follow, type LiveParts, withhold } from './live.ts'
import { PeerDialer, type PeerDialerParts } from './peer-dialer.ts'
import { pushDirectly, sessionWithTimeout } from './push.ts'
import { statusOf } from './status.ts'

export interface LaneParts extends LiveParts, PeerDialerParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly book: PeerBook
  readonly links: Links
  readonly lastEqual: LastEqual
  readonly sessions: Slots
  /** Called when the status of a link has changed. */
  readonly onChange: (run: LinkRun) => void
}

export class Lane {
  readonly peer: PeerId
  private readonly parts: LaneParts
  private readonly runs = new Map<TreeId, LinkRun>()
  private readonly tasks = new Set<Promise<void>>()
  private readonly dialer: PeerDialer
  private live: AbortController | undefined
  /** The peer cannot be watched, as far as this connection has shown. */
  private polled = false
  private readonly turns = new Slots(limits.sessionsPerPeer)
  /** Runs under way, and those that wait for their turn. */
  private running = 0
  private stepping = false
  /** False: it is only asked how its links stand. */
  private tries = false
  private cancelTimer = () => {}
  private state: 'open' | 'draining' | 'closed' = 'open'
  private drained = () => {}

  constructor(peer: PeerId, parts: LaneParts) {
    this.peer = peer
    this.parts = parts
    this.dialer = new PeerDialer(peer, parts, () => this.wake())
  }

  get connected(): boolean {
    return this.dialer.connection !== undefined
  }

  get size(): number {
    return this.runs.size
  }

  /** Brings the lane in line with the links as they are now, and goes on. */
  refresh(): void {
    this.tries = true
    this.restore()
    this.live?.abort(new CausewayError('CANCELLED', 'The links of the peer have changed.'))
    if (this.blocked) this.hangUp(new CausewayError('CANCELLED', 'The peer was blocked.'))
    this.wake()
  }

  /** Takes up the links as they are now. */
  restore(): void {
    const links = this.parts.links.ofPeer(this.peer)
    const trees = new Set(links.map(({ tree }) => tree))
    for (const [tree, run] of this.runs)
      if (!trees.has(tree)) {
        run.active?.abort(new CausewayError('CANCELLED', 'The link was ended.'))
        this.runs.delete(tree)
      }
    for (const link of links) {
      const run = this.runs.get(link.tree)
      if (run === undefined) this.runs.set(link.tree, new LinkRun(link))
      else {
        run.link = link
        if (link.settings.paused) run.active?.abort(new CausewayError('CANCELLED', 'The link was paused.'))
      }
    }
  }

  /** Entries came into a tree. */
  changed(tree: TreeId): void {
    const run = this.runs.get(tree)
    if (run === undefined) return
    this.parts.onChange(run)
    // The entries may have changed what the peer may read.
    if (run.withheld) run.urge()
    this.wake()
  }

  /** The peer has shown by a call of its own that both sides were equal when our latest arrival was `sequence`. */
  async shownEqual(tree: TreeId, sequence: number): Promise<void> {
    const run = this.runs.get(tree)
    if (run === undefined) return
    await this.succeeded(run, sequence)
    this.parts.onChange(run)
  }

  /** Tries at once whatever stands in the way; `want`: runs a session also where nothing is known to differ. */
  urge(tree?: TreeId, want = false): void {
    this.dialer.urge()
    for (const run of this.runs.values())
      if (tree === undefined || run.link.tree === tree) {
        run.urge()
        if (want) run.wanted = true
        this.parts.onChange(run)
      }
    this.wake()
  }

  /** How its links stand, or one of them. */
  status(tree?: TreeId): LinkStatus[] {
    if (tree === undefined) return Array.from(this.runs.values(), (run) => this.statusOf(run))
    const run = this.runs.get(tree)
    return run === undefined ? [] : [this.statusOf(run)]
  }

  statusOf(run: LinkRun): LinkStatus {
    const { outbox, store, clock } = this.parts
    const { tree } = run.link
    const mark = outbox.mark(tree, this.peer)
    const untried = !this.tries && store.tree(tree) === undefined
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
      awaited: untried || run.hidden ? this.parts.awaited(tree, this.peer) : undefined,
      waitsForContact: !this.connected && !this.dialable,
    })
  }

  /** Finishes what can be finished on the open connection, until the grace is over; the rest is in the outbox. */
  async drain(graceOver: Promise<void>): Promise<void> {
    this.state = 'draining'
    this.dialer.giveUpDialling(closed())
    this.live?.abort(closed())
    const drained = new Promise<void>((resolve) => {
      this.drained = resolve
      this.wake()
    })
    await Promise.race([drained, graceOver])
    this.state = 'closed'
    this.cancelTimer()
    for (const run of this.runs.values()) run.active?.abort(closed())
    this.hangUp(closed())
    while (this.tasks.size > 0) await Promise.all(this.tasks)
  }

  private get blocked(): boolean {
    return this.parts.book.get(this.peer)?.blocked ?? true
  }

  /** Without an address of it, it is the peer that has to call. */
  private get dialable(): boolean {
    return (this.parts.book.get(this.peer)?.addresses.length ?? 0) > 0
  }

  /** Steps once, when the code that is running now has ended. */
  private wake(): void {
    if (this.stepping || this.state === 'closed') return
    this.stepping = true
    queueMicrotask(() => {
      this.stepping = false
      if (this.state !== 'closed') this.step()
    })
  }

  private step(): void {
    const { dialer } = this
    const { clock, outbox } = this.parts
    const now = clock.monotonic()
    // Its end is told later than its calls fail: until then they would fail again and again, without a pause.
    const ended = dialer.dropEnded()
    if (ended !== undefined) this.live?.abort(ended)
    const due: LinkRun[] = []
    const followed: LinkRun[] = []
    let next = Number.POSITIVE_INFINITY
    if (!this.blocked)
      for (const run of this.runs.values()) {
        const at = run.dueAt(outbox.mark(run.link.tree, this.peer), this.polled)
        if (at <= now) due.push(run)
        else next = Math.min(next, at)
        if (run.live && !run.withheld && this.state === 'open') followed.push(run)
      }
    const { connection } = dialer
    const wanted = due.length + followed.length > 0
    const dials = connection === undefined && !dialer.dialling && wanted && this.dialable
    const follows = connection !== undefined && this.live === undefined && !this.polled && followed.length > 0
    if (this.state === 'open' && (dials || follows)) {
      if (dialer.retryAt > now) next = Math.min(next, dialer.retryAt)
      else this.start(() => (dials ? this.dial() : this.followPeer(connection!, followed)))
    }
    // Small changes go at once; sessions take turns, so that every tree of the peer gets its own.
    if (connection !== undefined) for (const run of due) this.start(() => this.run(connection, run))
    if (this.state === 'draining' && this.running === 0) this.drained()
    else if (connection !== undefined)
      next = Math.min(next, dialer.closeUnused(this.running > 0 || this.live !== undefined))
    this.cancelTimer()
    this.cancelTimer = Number.isFinite(next)
      ? clock.setTimer(Math.max(0, next - now), () => this.wake())
      : () => {}
  }

  /** Runs a task that tells its own failures, and steps when it has ended. */
  private start(task: () => Promise<void>): void {
    const running = task().finally(() => {
      this.tasks.delete(running)
      this.wake()
    })
    this.tasks.add(running)
  }

  private async dial(): Promise<void> {
    const error = await this.dialer.dial()
    if (error === undefined) {
      this.polled = false
      return
    }
    for (const run of this.runs.values()) {
      if (error.code === 'INCOMPATIBLE') run.parked = failureOf(error)
      this.parts.onChange(run)
    }
  }

  private heard(): void {
    const { failures } = this.dialer
    this.dialer.heard()
    if (failures > 0) for (const run of this.runs.values()) this.parts.onChange(run)
  }

  private hangUp(reason: CausewayError): void {
    this.live?.abort(reason)
    this.dialer.close(reason)
  }

  /** Follows trees on this connection, in calls of bounded size, until one of them ends. */
  private async followPeer(connection: PeerConnection, runs: readonly LinkRun[]): Promise<void> {
    const live = new AbortController()
    this.live = live
    const heard = (run?: LinkRun) => {
      this.heard()
      if (run === undefined) return
      this.parts.onChange(run)
      this.wake()
    }
    const calls: Promise<void>[] = []
    try {
      if (await withhold(this.parts, runs)) return
      for (let from = 0; from < runs.length; from += limits.watchTrees) {
        const some = runs.slice(from, from + limits.watchTrees)
        calls.push(follow(this.parts, connection, some, live.signal, heard))
      }
      await Promise.race(calls)
      throw ended()
    } catch (thrown) {
      const error = CausewayError.from(thrown)
      if (error.code === 'UNIMPLEMENTED') this.polled = true
      else if (!live.signal.aborted && connection.ended === undefined) {
        this.dialer.failed(error)
        // It is there and does not answer: a new connection finds out whether it is there at all.
        if (error.code === 'TIMEOUT') connection.close()
      }
    } finally {
      live.abort(ended())
      await Promise.allSettled(calls)
      this.live = undefined
    }
  }

  /** One run for one tree, and what follows from how it went. */
  private async run(connection: PeerConnection, run: LinkRun): Promise<void> {
    const { clock } = this.parts
    const active = new AbortController()
    const { wanted } = run
    run.active = active
    run.wanted = false
    run.ranAt = clock.monotonic()
    this.running++
    this.parts.onChange(run)
    try {
      const settledAt = await this.settle(connection, run, wanted, active.signal)
      this.heard()
      if (settledAt === undefined) {
        // Both went on writing: there is more to do, and nothing failed.
        run.wanted = true
        run.retryAt = clock.monotonic() + backoffMs(1, clock.random())
        return
      }
      if (run.theirCount <= settledAt) run.wanted = false
      await this.succeeded(run, settledAt)
    } catch (thrown) {
      run.wanted ||= wanted
      const error = connection.ended ?? CausewayError.from(thrown)
      if (active.signal.aborted || this.state === 'closed') return
      if (error.code === 'TIMEOUT' || error.code === 'DISCONNECTED') connection.close()
      // A lost connection is for the dialer to wait for, once for all its trees.
      if (connection.ended === undefined) run.failed(error, clock.monotonic(), clock.random())
      // The watch may have found both equal since: it begins anew, for news of a tree that was not shown.
      if (run.hidden) this.live?.abort(ended())
    } finally {
      this.running--
      run.active = undefined
      this.parts.onChange(run)
    }
  }

  /** Both sides were equal when our latest arrival was `settledAt`. */
  private async succeeded(run: LinkRun, settledAt: number): Promise<void> {
    const { clock, outbox, links } = this.parts
    const { tree } = run.link
    await outbox.settle(tree, this.peer, settledAt)
    run.succeeded(clock.now())
    const noted = links.get(tree, this.peer)?.lastSuccessMs ?? 0
    if (clock.now() - noted > limits.notedMs) await links.succeeded(tree, this.peer, clock.now())
  }

  /** Our arrival up to which all is done; undefined where there is more to do. */
  private async settle(
    connection: PeerConnection,
    run: LinkRun,
    wanted: boolean,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { link } = run
    const now = this.parts.clock.monotonic()
    const mark = this.parts.outbox.mark(link.tree, this.peer)
    if (!wanted && mark !== undefined) {
      const settledAt = await pushDirectly(this.parts, connection.remote, link, mark, signal)
      run.moved(now)
      if (settledAt !== undefined) return settledAt
    }
    using _turn = await this.turns.take(signal)
    using _slot = await this.parts.sessions.take(signal)
    const result = await sessionWithTimeout(this.parts, connection.remote, link, signal)
    run.confirmAt = Number.POSITIVE_INFINITY
    if (result.received + result.sent > 0) run.moved(now)
    return result.settledAt
  }
}

function closed(): CausewayError {
  return new CausewayError('CLOSED', 'The node is closing.')
}

function ended(): CausewayError {
  return new CausewayError('DISCONNECTED', 'The peer ended the watch.')
}
