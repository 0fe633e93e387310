/**
 * The background dispatcher: keeps every linked tree equal with its peer, through failures and restarts, with nobody
 * asking. It only holds the lanes and tells them what happened; what is still to be told to whom is in the outbox.
 */
import type { Clock } from '../base/clock.ts'
import { cancelled, deadline } from '../base/clock.ts'
import type { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Slots } from '../base/slots.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import { defaultSettings, type LinkSettings, type LinkStatus, type Links } from '../peer/links.ts'
import type { DagStore } from '../store/store.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { Connect } from './connection.ts'
import { Counters } from './counters.ts'
import { Lane } from './lane.ts'
import type { LinkRun } from './link-run.ts'
import type { Outbox } from './outbox.ts'

export interface DispatcherParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly clock: Clock
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly lastEqual: LastEqual
  readonly connect: Connect
  /** Why nothing of a tree may be told to a peer; undefined where all may be. */
  withheld(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined>
  /** What the link of a tree that the peer does not show us waits for; undefined where nobody was asked. */
  awaited(tree: TreeId, peer: PeerId): CausewayError | undefined
}

export class Dispatcher {
  readonly counters = new Counters()
  private readonly parts: DispatcherParts
  private readonly lanes = new Map<PeerId, Lane>()
  /** KeyedQueue without links that still end what was under way. */
  private readonly leaving = new Set<Promise<void>>()
  private readonly listeners = new Set<(status: LinkStatus) => void>()
  private readonly changedRuns = new Map<LinkRun, Lane>()
  private readonly slots = {
    sessions: new Slots(limits.sessionsAtOnce),
    dials: new Slots(limits.dialsAtOnce),
    redials: new Slots(limits.redialsAtOnce),
  }
  private unsubscribe: (() => void) | undefined
  private closing: Promise<void> | undefined

  constructor(parts: DispatcherParts) {
    this.parts = parts
  }

  get running(): boolean {
    return this.unsubscribe !== undefined && this.closing === undefined
  }

  get connectedPeers(): number {
    return [...this.lanes.values()].filter(({ connected }) => connected).length
  }

  /** Takes up all links, with what was left undelivered. Idempotent. */
  start(): void {
    if (this.unsubscribe !== undefined || this.closing !== undefined) return
    const { store, links } = this.parts
    this.unsubscribe = store.subscribe((tree) => {
      for (const { peer } of links.ofTree(tree)) this.lanes.get(peer)?.changed(tree)
    })
    for (const { peer } of links.list()) if (!this.lanes.has(peer)) this.refresh(peer)
  }

  /** Links a tree with a peer of the book, or changes the link's settings; the first session begins at once. */
  async link(tree: TreeId, peer: PeerId, settings: Partial<LinkSettings> = {}): Promise<LinkStatus> {
    const { book, links, outbox, store } = this.parts
    book.expect(peer)
    await store.between(tree, async () => {
      const known = links.get(tree, peer)?.settings
      const wanted = { ...defaultSettings, ...known, ...settings }
      const pushesFromNow = known === undefined || (wanted.push && !known.push)
      await links.set(tree, peer, wanted, pushesFromNow ? outbox.firstMark(tree, peer) : undefined)
    })
    this.refresh(peer)
    this.lanes.get(peer)?.urge(tree)
    return this.laneOf(peer).status(tree)[0]!
  }

  async unlink(tree: TreeId, peer: PeerId): Promise<boolean> {
    const link = this.parts.links.get(tree, peer)
    if (link === undefined) return false
    // While there is a link, a page could mark it again.
    await this.parts.links.remove(link)
    await this.parts.outbox.remove(tree, peer)
    this.refresh(peer)
    return true
  }

  async removePeer(peer: PeerId): Promise<void> {
    const { book, links, outbox } = this.parts
    book.expect(peer)
    const trees = links.ofPeer(peer).map(({ tree }) => tree)
    await links.removePeer(peer)
    for (const tree of trees) await outbox.remove(tree, peer)
    this.refresh(peer)
    await book.remove(peer)
  }

  async blockPeer(peer: PeerId, blocked: boolean): Promise<void> {
    await this.parts.book.block(peer, blocked)
    this.refresh(peer)
    if (!blocked) this.lanes.get(peer)?.urge()
  }

  /** The peer was given addresses, or has contacted us: it is worth trying now. */
  contacted(peer: PeerId, tree?: TreeId): void {
    this.lanes.get(peer)?.urge(tree)
  }

  /** A peer has shown by a call that it has all up to our latest arrival `sequence`, and we all that it has. */
  async shownEqual(tree: TreeId, peer: PeerId, sequence: number): Promise<void> {
    const { links, outbox } = this.parts
    if (links.get(tree, peer) === undefined) return
    const lane = this.lanes.get(peer)
    await (lane === undefined ? outbox.settle(tree, peer, sequence) : lane.shownEqual(tree, sequence))
  }

  /** What a link waits for has changed. */
  explain(tree: TreeId, peer: PeerId): void {
    this.lanes.get(peer)?.changed(tree)
  }

  /** How every link stands, by tree and peer. */
  status(): LinkStatus[] {
    const lanes = this.unsubscribe === undefined ? this.idleLanes() : [...this.lanes.values()]
    return lanes.flatMap((lane) => lane.status()).sort(byTreeAndPeer)
  }

  /** Calls `listener` with every status that changes, coalesced; the result ends that. */
  onStatus(listener: (status: LinkStatus) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /**
   * Tries all that is undelivered at once, and waits until it is delivered or nothing is tried any more by itself. What
   * is left comes back; empty: nothing.
   */
  async flush(options: { timeoutMs?: number; signal?: AbortSignal | undefined } = {}): Promise<LinkStatus[]> {
    const { clock, outbox } = this.parts
    this.start()
    for (const lane of this.lanes.values())
      for (const { tree, peer } of lane.status())
        if (outbox.mark(tree, peer) !== undefined) lane.urge(tree, true)
    const left = () => this.status().filter(({ tree, peer }) => outbox.mark(tree, peer) !== undefined)
    using limit = deadline(clock, options.timeoutMs ?? limits.flushTimeoutMs, 'Flushing', options.signal)
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (left().every(({ parked, active }) => parked !== '' && !active)) end(resolve)
      }
      const onAbort = () =>
        options.signal?.aborted ? end(() => reject(cancelled(options.signal!))) : end(resolve)
      const stop = this.onStatus(look)
      const end = (then: () => void) => {
        stop()
        limit.signal.removeEventListener('abort', onAbort)
        then()
      }
      limit.signal.addEventListener('abort', onAbort, { once: true })
      look()
    })
    return left()
  }

  /** Finishes within `graceMs` what is under way on open connections; all else is in the outbox. Idempotent. */
  close(graceMs: number): Promise<void> {
    this.closing ??= this.shutDown(graceMs)
    return this.closing
  }

  private async shutDown(graceMs: number): Promise<void> {
    let cancelTimer = () => {}
    const graceOver =
      graceMs <= 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            cancelTimer = this.parts.clock.setTimer(graceMs, resolve)
          })
    const lanes = Array.from(this.lanes.values(), (lane) => lane.drain(graceOver))
    await Promise.all([...lanes, ...this.leaving])
    cancelTimer()
    this.unsubscribe?.()
    await this.parts.outbox.close()
  }

  /** Brings a peer's lane in line with its links. */
  private refresh(peer: PeerId): void {
    if (this.unsubscribe === undefined || this.closing !== undefined) return
    let lane = this.lanes.get(peer)
    if (lane === undefined) {
      if (this.parts.links.ofPeer(peer).length === 0) return
      lane = this.newLane(peer)
      this.lanes.set(peer, lane)
    }
    lane.refresh()
    if (lane.size > 0) return
    this.lanes.delete(peer)
    const leaving = lane.drain(Promise.resolve()).finally(() => this.leaving.delete(leaving))
    this.leaving.add(leaving)
  }

  private newLane(peer: PeerId): Lane {
    const lane: Lane = new Lane(peer, {
      ...this.parts,
      ...this.slots,
      counters: this.counters,
      onChange: (run) => this.changed(run, lane),
    })
    return lane
  }

  /** A peer's lane; one only to ask for its status where the dispatcher does not run. */
  private laneOf(peer: PeerId): Lane {
    const running = this.lanes.get(peer)
    if (running !== undefined) return running
    const lane = this.newLane(peer)
    lane.restore()
    return lane
  }

  private idleLanes(): Lane[] {
    const peers = new Set(this.parts.links.list().map(({ peer }) => peer))
    return Array.from(peers, (peer) => this.laneOf(peer))
  }

  private changed(run: LinkRun, lane: Lane): void {
    if (this.listeners.size === 0) return
    if (this.changedRuns.size === 0) queueMicrotask(() => this.tell())
    this.changedRuns.set(run, lane)
  }

  private tell(): void {
    const changed = [...this.changedRuns]
    this.changedRuns.clear()
    for (const [run, lane] of changed) {
      const status = lane.statusOf(run)
      for (const listener of this.listeners) listener(status)
    }
  }
}

function byTreeAndPeer(a: LinkStatus, b: LinkStatus): number {
  if (a.tree !== b.tree) return a.tree < b.tree ? -1 : 1
  return a.peer < b.peer ? -1 : 1
}
