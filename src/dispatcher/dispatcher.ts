/**
 * The background dispatcher: keeps every linked tree equal with its peer, through failures and restarts, without being
 * asked. It owns one lane per peer and reports to it what happened; the lane does the work. What a peer still lacks is
 * in the outbox, so the dispatcher itself has nothing to save.
 */
import type { OfferAnswer } from '../access/offer-proof.ts'
import { type Clock, cancelled, deadline } from '../base/clock.ts'
import type { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Slots } from '../base/slots.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import { defaultSettings, type LinkSettings, type LinkStatus, type Links } from '../peer/links.ts'
import type { ContributedStore } from '../store/contributors.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { Gatherings } from '../sync/ask/gatherings.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { Connect, PeerConnection } from './connection.ts'
import { Counters } from './counters.ts'
import { Lane } from './lane.ts'
import type { LinkRun } from './link-run.ts'
import { owedOf } from './mesh/flush.ts'
import { openMesh } from './mesh/many-members.ts'
import type { Mesh } from './mesh/mesh.ts'
import type { Spreading } from './mesh/spreading.ts'
import type { Outbox } from './outbox.ts'
import { Presences } from './presence/presences.ts'
import { RecentPeers } from './presence/recent-peers.ts'

export interface DispatcherParts {
  /** This node. */
  readonly self: PeerId
  readonly store: TreeReader & ContributedStore
  readonly ingest: Ingest
  /** The first syncs that run at this node. */
  readonly gatherings: Gatherings
  readonly clock: Clock
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly lastEqual: LastEqual
  readonly connect: Connect
  /** Returns why a peer may not read a tree, or undefined if it may. */
  withholdReason(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined>
  /** Called when a peer may have new address records of the members of trees; see `MemberAsks.ask`. */
  onNews?(connection: PeerConnection, trees: readonly TreeId[], isBeginning: boolean): void
  /** Offers a tree to a peer that has none of it; see `Offering.offer`. */
  offer?(connection: PeerConnection, tree: TreeId): Promise<OfferAnswer | undefined>
  /** Returns why a link waits: its request for access is pending or was rejected. Undefined if there is none. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined
  /** Returns how many members a tree has, if it is known. */
  memberCount?(tree: TreeId): number | undefined
  /** Called with errors of work that nobody waits for. */
  onError?(error: unknown, where: string): void
}

export class Dispatcher {
  readonly counters = new Counters()
  /** Which links of trees with many members are kept, and how entries spread in these. */
  readonly mesh: Mesh
  readonly spreading: Spreading
  private readonly parts: DispatcherParts
  private readonly lanes = new Map<PeerId, Lane>()
  /** Lanes of peers without links, while they end what is under way. */
  private readonly drains = new Set<Promise<void>>()
  private readonly listeners = new Set<(status: LinkStatus) => void>()
  private readonly changedRuns = new Map<LinkRun, Lane>()
  private readonly recent: RecentPeers
  private readonly presences: Presences
  private readonly slots = {
    sessionSlots: new Slots(limits.sessionsAtOnce),
    dialSlots: new Slots(limits.dialsAtOnce),
    recentSlots: new Slots(limits.recentPeers),
    redialSlots: new Slots(limits.redialsAtOnce),
  }
  private unsubscribe: (() => void) | undefined
  private closing: Promise<void> | undefined

  constructor(parts: DispatcherParts) {
    this.parts = parts
    this.recent = new RecentPeers(parts.clock)
    this.presences = new Presences(parts.clock, (tree, peer) => this.lanes.get(peer)?.treeChanged(tree))
    const opened = openMesh(parts, (peer) => this.lanes.get(peer))
    this.mesh = opened.mesh
    this.spreading = opened.spreading
  }

  get running(): boolean {
    return this.unsubscribe !== undefined && this.closing === undefined
  }

  get connectedPeers(): number {
    return [...this.lanes.values()].filter(({ connected }) => connected).length
  }

  /** What waits: sessions and dials for their turn, and peers until they are dialled again. */
  get queues(): { readonly sessions: number; readonly dials: number; readonly peers: number } {
    const { sessionSlots, dialSlots, recentSlots, redialSlots } = this.slots
    const waits = Array.from(this.lanes.values(), (lane) => lane.waits)
    return {
      sessions: waits.reduce((sum, { sessions }) => sum + sessions, sessionSlots.waiting),
      dials: dialSlots.waiting + recentSlots.waiting + redialSlots.waiting,
      peers: waits.filter(({ dial }) => dial).length,
    }
  }

  /** Starts to work on all links, with what is undelivered from before. Idempotent. */
  start(): void {
    if (this.unsubscribe !== undefined || this.closing !== undefined) return
    const { store, links } = this.parts
    this.unsubscribe = store.subscribe((tree, added) => {
      this.spreading.added(tree, added)
      for (const { peer } of links.ofTree(tree)) this.lanes.get(peer)?.treeChanged(tree)
    })
    for (const { peer } of links.list()) if (!this.lanes.has(peer)) this.refresh(peer)
    this.mesh.start()
  }

  /**
   * Links a tree with a peer of the book, or changes the settings of the link; a session follows immediately. Throws
   * UNKNOWN_PEER, RESOURCE_EXHAUSTED if the tree is being removed, and what `Links.set` throws.
   */
  async link(tree: TreeId, peer: PeerId, settings: Partial<LinkSettings> = {}): Promise<LinkStatus> {
    await this.setLink(tree, peer, settings)
    return this.laneOf(peer).status(tree)[0]!
  }

  /**
   * Links a tree with a peer automatically, if the two are not linked and `isDue` is still true when nothing else can change
   * the tree's links.
   */
  linkIf(tree: TreeId, peer: PeerId, isDue: () => boolean): Promise<void> {
    return this.setLink(tree, peer, {}, () => this.parts.links.get(tree, peer) === undefined && isDue())
  }

  private async setLink(
    tree: TreeId,
    peer: PeerId,
    settings: Partial<LinkSettings>,
    isDue?: () => boolean,
  ): Promise<void> {
    const { book, links, outbox, store } = this.parts
    book.expect(peer)
    await store.between(tree, async () => {
      store.removals.expectNone(tree)
      if (isDue?.() === false) return
      const before = links.get(tree, peer)?.settings
      const after = { ...defaultSettings, ...before, ...settings }
      const pushesFromNow = before === undefined || (after.push && !before.push)
      const automatic = isDue !== undefined
      // Whoever becomes a neighbour gets its mark then.
      const waits = automatic && this.mesh.isMesh(tree)
      const contribution = pushesFromNow && !waits ? outbox.firstMark(tree, peer) : undefined
      const lacksTree = store.tree(tree) === undefined
      await links.set(tree, peer, after, { contribution, lacksTree, automatic })
    })
    this.refresh(peer)
    this.mesh.linksChanged(tree)
    const link = links.get(tree, peer)
    if (link !== undefined && this.mesh.placeOf(link) !== 'passive') this.lanes.get(peer)?.retryNow(tree)
  }

  /** Drops a passive link of a tree to make room for another. Returns false if there is none. */
  async dropPassive(tree: TreeId): Promise<boolean> {
    const { links, outbox } = this.parts
    const peer = this.mesh.anyPassive(tree)
    const link = peer && links.get(tree, peer)
    if (link === undefined) return false
    await links.drop(link)
    await outbox.remove(tree, link.peer)
    this.refresh(link.peer)
    return true
  }

  /** Ends a link, with its mark. Returns false if there is no such link. */
  async unlink(tree: TreeId, peer: PeerId): Promise<boolean> {
    const link = this.parts.links.get(tree, peer)
    if (link === undefined) return false
    // The link goes first: while it is there, a new page could mark it again.
    await this.parts.links.remove(link)
    await this.parts.outbox.remove(tree, peer)
    this.refresh(peer)
    this.mesh.linksChanged(tree)
    return true
  }

  /** The links of a tree are gone: ends the work on them. */
  treeRemoved(tree: TreeId): void {
    for (const lane of [...this.lanes.values()]) if (lane.status(tree).length > 0) this.refresh(lane.peer)
    this.mesh.linksChanged(tree)
  }

  /** A tree was repaired: its links fetch what was lost. */
  treeRepaired(tree: TreeId): void {
    for (const { peer } of this.parts.links.ofTree(tree)) this.lanes.get(peer)?.retryNow(tree, true)
  }

  /** Removes a peer from the book, with its links. Throws UNKNOWN_PEER. */
  async removePeer(peer: PeerId): Promise<void> {
    const { book, links, outbox } = this.parts
    book.expect(peer)
    const trees = links.ofPeer(peer).map(({ tree }) => tree)
    await links.removePeer(peer)
    for (const tree of trees) await outbox.remove(tree, peer)
    this.refresh(peer)
    for (const tree of trees) this.mesh.linksChanged(tree)
    await book.remove(peer)
  }

  /** Blocks a peer, which ends its connection, or unblocks it, which retries its links. */
  async blockPeer(peer: PeerId, blocked: boolean): Promise<void> {
    await this.parts.book.block(peer, blocked)
    this.refresh(peer)
    if (!blocked) this.lanes.get(peer)?.retryNow()
  }

  /** A peer got addresses, contacted us or let us in: retries its links, or the link of one tree, immediately. */
  peerContacted(peer: PeerId, tree?: TreeId): void {
    this.mesh.contacted(peer)
    this.lanes.get(peer)?.retryNow(tree)
  }

  /** This machine was asleep or has another network: peers that were away may be there now, so no dial waits. */
  networkChanged(): void {
    this.mesh.networkChanged()
    for (const lane of this.lanes.values()) lane.endWait()
  }

  /** A call of a peer has shown that both sides were equal when our latest arrival was `sequence`. */
  async confirmEqual(tree: TreeId, peer: PeerId, sequence: number): Promise<void> {
    const { links, outbox } = this.parts
    if (links.get(tree, peer) === undefined) return
    this.presences.heard(tree, peer)
    const lane = this.lanes.get(peer)
    await (lane === undefined ? outbox.settle(tree, peer, sequence) : lane.confirmEqual(tree, sequence))
  }

  /** A peer watches a tree of ours from now on. Returns the function to call when its watch has ended. */
  watchedBy(tree: TreeId, peer: PeerId): () => void {
    return this.presences.watched(tree, peer)
  }

  /** Reports whether a peer watches a tree of ours now. */
  isWatchedBy(tree: TreeId, peer: PeerId): boolean {
    return this.presences.watches(tree, peer)
  }

  /**
   * Reports whether a peer has to bring us a tree: it is linked, nothing shows that we ever had all of it, and the peer
   * cannot be dialled.
   */
  awaits(tree: TreeId, peer: PeerId): boolean {
    return this.lanes.get(peer)?.awaits(tree) ?? false
  }

  /** The result of `waitReason` for a link has changed. */
  waitReasonChanged(tree: TreeId, peer: PeerId): void {
    this.lanes.get(peer)?.treeChanged(tree)
  }

  /** Returns the status of every link, sorted by tree and peer. */
  status(): LinkStatus[] {
    const lanes = this.unsubscribe === undefined ? this.idleLanes() : [...this.lanes.values()]
    return lanes.flatMap((lane) => lane.status()).sort(byTreeAndPeer)
  }

  /**
   * Calls `listener` with each changed status; changes that come together are coalesced. Returns the unsubscribe
   * function.
   */
  onStatus(listener: (status: LinkStatus) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /**
   * Retries every link with undelivered entries immediately, and waits until each is delivered or parked, at most
   * `timeoutMs`. Of the neighbours of a tree with many members, some are enough; see `owedOf`. Returns the links that are
   * still undelivered. Rejects if `signal` fires.
   */
  async flush(options: { timeoutMs?: number; signal?: AbortSignal | undefined } = {}): Promise<LinkStatus[]> {
    const { clock, outbox } = this.parts
    this.start()
    for (const lane of this.lanes.values())
      for (const { tree, peer } of lane.status())
        if (outbox.mark(tree, peer) !== undefined) lane.retryNow(tree, true)
    const undelivered = () => owedOf(this.status(), ({ tree, peer }) => outbox.mark(tree, peer) !== undefined)
    using limit = deadline(clock, options.timeoutMs ?? limits.flushTimeoutMs, 'Flushing', options.signal)
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (undelivered().every(({ parked, active }) => parked !== '' && !active)) end(resolve)
      }
      const onAbort = () =>
        options.signal?.aborted ? end(() => reject(cancelled(options.signal!))) : end(resolve)
      const unsubscribe = this.onStatus(check)
      const end = (then: () => void) => {
        unsubscribe()
        limit.signal.removeEventListener('abort', onAbort)
        then()
      }
      limit.signal.addEventListener('abort', onAbort, { once: true })
      check()
    })
    return undelivered()
  }

  /** Delivers for at most `graceMs` over open connections, then closes. The rest is in the outbox. Idempotent. */
  close(graceMs: number): Promise<void> {
    this.closing ??= this.shutDown(graceMs)
    return this.closing
  }

  private async shutDown(graceMs: number): Promise<void> {
    this.mesh.close()
    this.spreading.close()
    let cancelTimer = () => {}
    const graceOver =
      graceMs <= 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            cancelTimer = this.parts.clock.setTimer(graceMs, resolve)
          })
    const lanes = Array.from(this.lanes.values(), (lane) => lane.drain(graceOver))
    await Promise.all([...lanes, ...this.drains])
    cancelTimer()
    this.presences.close()
    this.unsubscribe?.()
    await this.parts.outbox.close()
  }

  /** Makes the lane of a peer match its links: creates it for the first link, and closes it after the last. */
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
    const drain = lane.drain(Promise.resolve()).finally(() => this.drains.delete(drain))
    this.drains.add(drain)
  }

  private newLane(peer: PeerId): Lane {
    const lane: Lane = new Lane(peer, {
      ...this.parts,
      ...this.slots,
      recent: this.recent,
      placeOf: (link) => this.mesh.placeOf(link),
      watches: (tree, peer) => this.presences.watches(tree, peer),
      spreading: this.spreading,
      isUrgent: (tree) => this.mesh.isUrgent(tree),
      refused: (tree, peer) => this.mesh.refused(tree, peer),
      hears: (tree, peer) => this.presences.hears(tree, peer),
      counters: this.counters,
      onChange: (run) => this.statusChanged(run, lane),
    })
    return lane
  }

  /** Returns the lane of a peer. If the dispatcher does not run, creates one that only reports status. */
  private laneOf(peer: PeerId): Lane {
    const running = this.lanes.get(peer)
    if (running !== undefined) return running
    const lane = this.newLane(peer)
    lane.loadLinks()
    return lane
  }

  private idleLanes(): Lane[] {
    const peers = new Set(this.parts.links.list().map(({ peer }) => peer))
    return Array.from(peers, (peer) => this.laneOf(peer))
  }

  private statusChanged(run: LinkRun, lane: Lane): void {
    if (this.listeners.size === 0) return
    if (this.changedRuns.size === 0) queueMicrotask(() => this.notifyListeners())
    this.changedRuns.set(run, lane)
  }

  private notifyListeners(): void {
    const runs = [...this.changedRuns]
    this.changedRuns.clear()
    for (const [run, lane] of runs) {
      const status = lane.statusOf(run)
      for (const listener of this.listeners) listener(status)
    }
  }
}

function byTreeAndPeer(a: LinkStatus, b: LinkStatus): number {
  if (a.tree !== b.tree) return a.tree < b.tree ? -1 : 1
  return a.peer < b.peer ? -1 : 1
}
