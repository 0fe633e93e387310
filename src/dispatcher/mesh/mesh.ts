/**
 * The place of each link: kept in sync whatever happens, or one of a tree with so many members that this node keeps only
 * some of the links that it made by itself: those with its neighbours. The others are passive, neither dialled nor
 * watched, and wait until a neighbour is lost.
 *
 *     Dispatcher ─▶ Mesh ─▶ TreeMesh ─┬─▶ Neighbourhood   who is a neighbour
 *                                     └─▶ Spread          which of them send entries
 *
 * A tree with fewer members has no TreeMesh, and all of its links are kept. Links that people made are kept in any tree.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { Link, LinkPlace, Links } from '../../peer/links.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { Outbox } from '../outbox.ts'
import type { Member } from './neighbourhood.ts'
import { around, type Hearing, TreeMesh } from './tree-mesh.ts'

export interface MeshParts {
  readonly clock: Clock
  readonly store: TreeReader
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  /** Returns what is known of a peer at the moment. */
  hearing(tree: TreeId, peer: PeerId): Hearing
  /** Called when a link has another place. */
  onPlace(tree: TreeId, peer: PeerId): void
  /** Compares a tree with a peer. */
  probe(tree: TreeId, peer: PeerId): void
  /** Called if a mark cannot be written. */
  onError(error: unknown): void
}

export class Mesh {
  private readonly parts: MeshParts
  private readonly trees = new Map<TreeId, TreeMesh>()
  private readonly listeners = new Set<(tree: TreeId) => void>()
  /** In how many trees each peer is a neighbour. */
  private readonly shares = new Map<PeerId, number>()
  private started = false
  private cancelTimer: (() => void) | undefined

  constructor(parts: MeshParts) {
    this.parts = parts
  }

  /** Chooses the neighbours of all trees. Idempotent. */
  start(): void {
    if (this.started) return
    this.started = true
    for (const tree of new Set(this.parts.links.list().map((link) => link.tree))) this.linksChanged(tree)
  }

  /** Changes no neighbours any more. */
  close(): void {
    this.started = false
    this.cancelTimer?.()
  }

  /** Returns the place of a link. */
  placeOf({ tree, peer, automatic }: Link): LinkPlace {
    const mesh = this.trees.get(tree)
    if (mesh === undefined || !automatic) return 'kept'
    return mesh.isNeighbour(peer) ? 'neighbour' : 'passive'
  }

  /** Whether a link is passive, and there are neighbours for which entries wait instead. */
  waitsNowhere(link: Link): boolean {
    return this.placeOf(link) === 'passive' && this.trees.get(link.tree)!.neighbours.active.size > 0
  }

  /** Whether this node has no neighbour in a tree that it hears, so that whoever it asks should make room. */
  isUrgent(tree: TreeId): boolean {
    return this.trees.get(tree)?.urgent ?? false
  }

  /** Reports whether a tree has many members, so that only some of them are neighbours. */
  isMesh(tree: TreeId): boolean {
    return this.trees.has(tree)
  }

  /** Returns about how many members a tree has. `named`: in its policy, if that is known; not all of them run a node. */
  memberCount(tree: TreeId, named = 0): number {
    return Math.max(named, this.parts.links.ofTree(tree).length + 1)
  }

  /** The links of a tree have changed, or the tree has come. */
  linksChanged(tree: TreeId): void {
    if (!this.started) return
    const { links, clock } = this.parts
    const automatic = links.ofTree(tree).filter((link) => link.automatic)
    // This node is a member too.
    const isLarge = automatic.length + 1 >= limits.meshFromMembers
    const isHere = this.parts.store.tree(tree) !== undefined
    if (!isLarge || !isHere) {
      this.keepAll(tree)
      return
    }
    let mesh = this.trees.get(tree)
    if (mesh === undefined) {
      mesh = new TreeMesh(clock.monotonic(), clock.random)
      const known = this.known(automatic)
      for (const peer of known) this.adopt(mesh, peer)
      this.trees.set(tree, mesh)
      for (const { peer } of automatic)
        if (known.includes(peer)) this.parts.onPlace(tree, peer)
        else this.place(tree, peer)
    }
    this.step(tree, mesh)
    this.cancelTimer ??= this.setTimer()
  }

  /** Returns whether `admit` would accept a peer that is not a neighbour yet. */
  hasRoom(tree: TreeId, urgent: boolean): boolean {
    const mesh = this.trees.get(tree)
    return mesh === undefined || urgent || mesh.neighbours.active.size < limits.neighboursMax
  }

  /** A peer with a link asks to be a neighbour; `urgent`: it has no other. Returns whether it is one now. */
  admit(tree: TreeId, peer: PeerId, urgent: boolean): boolean {
    const mesh = this.trees.get(tree)
    // Who has few links has room for all that it serves, whether it links them or not.
    if (mesh === undefined) return true
    const link = this.parts.links.get(tree, peer)
    if (link === undefined) return false
    if (!link.automatic) return true
    return this.change(tree, mesh, () => {
      const answer = mesh.neighbours.admit(peer, urgent)
      if (answer !== false && answer.instead !== undefined) mesh.replaced()
      return answer !== false
    })
  }

  /** Reports whether a watch of a peer that asked to be a neighbour goes on. */
  holds(tree: TreeId, peer: PeerId): boolean {
    if (!this.isMesh(tree)) return true
    const link = this.parts.links.get(tree, peer)
    return link !== undefined && this.placeOf(link) !== 'passive'
  }

  /** A neighbour refused, or dropped this node. Another one is chosen at the next look, so that refusals make no storm. */
  refused(tree: TreeId, peer: PeerId): void {
    const mesh = this.trees.get(tree)
    if (mesh !== undefined) this.change(tree, mesh, () => mesh.lost(peer, this.parts.clock.monotonic()))
  }

  /** A peer has another address, or was met: it can be chosen at the next look, unless it was revoked. */
  contacted(peer: PeerId): void {
    for (const [tree, mesh] of this.trees)
      if (!this.parts.hearing(tree, peer).shut) mesh.neighbours.pauses.forget(peer)
  }

  /** This machine was asleep or has another network: what was asked in vain says nothing now. */
  networkChanged(): void {
    for (const mesh of this.trees.values()) mesh.neighbours.pauses.endAll()
  }

  /** Calls `listener` when a neighbour was dropped, until the returned function is called. */
  onDrop(listener: (tree: TreeId) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Returns a passive link of a tree at random, which can make room for another; undefined if there is none. */
  anyPassive(tree: TreeId): PeerId | undefined {
    const passive = this.parts.links.ofTree(tree).filter((link) => this.placeOf(link) === 'passive')
    return passive[Math.floor(this.parts.clock.random() * passive.length)]?.peer
  }

  private setTimer(): () => void {
    const { clock } = this.parts
    return clock.setTimer(around(limits.meshTickMs, clock.random()), () => {
      this.cancelTimer = undefined
      for (const tree of [...this.trees.keys()]) this.linksChanged(tree)
    })
  }

  /** A tree has few members: all of its links are kept. */
  private keepAll(tree: TreeId): void {
    const mesh = this.trees.get(tree)
    if (mesh === undefined) return
    this.trees.delete(tree)
    for (const peer of mesh.neighbours.active.keys()) this.share(peer, -1)
    for (const { peer, automatic } of this.parts.links.ofTree(tree))
      if (automatic && mesh.isNeighbour(peer)) this.parts.onPlace(tree, peer)
      else if (automatic) this.place(tree, peer)
  }

  private adopt(mesh: TreeMesh, peer: PeerId): void {
    mesh.neighbours.adopt(peer)
    this.share(peer, 1)
  }

  private share(peer: PeerId, more: 1 | -1): void {
    const count = (this.shares.get(peer) ?? 0) + more
    if (count > 0) this.shares.set(peer, count)
    else this.shares.delete(peer)
  }

  /** Returns who is a neighbour from the start: peers that are heard, and those that entries wait for. */
  private known(automatic: readonly Link[]): PeerId[] {
    const { hearing, outbox } = this.parts
    const heard = automatic.filter(({ tree, peer }) => hearing(tree, peer).heard)
    const waiting = automatic.filter(
      (link) => !heard.includes(link) && outbox.mark(link.tree, link.peer) !== undefined,
    )
    const room = Math.max(0, limits.neighbours - heard.length)
    return [...heard.slice(0, limits.neighboursMax), ...waiting.slice(0, room)].map(({ peer }) => peer)
  }

  private step(tree: TreeId, mesh: TreeMesh): void {
    const { clock, hearing, probe } = this.parts
    const { probes } = this.change(tree, mesh, () =>
      mesh.step(this.membersOf(tree, mesh), (peer) => hearing(tree, peer), clock.monotonic()),
    )
    for (const peer of probes) probe(tree, peer)
  }

  /** The members that can be neighbours: those that can be dialled, and those that are neighbours already. */
  private membersOf(tree: TreeId, mesh: TreeMesh): Member[] {
    const { links, book, hearing } = this.parts
    const members: Member[] = []
    for (const { peer, automatic, settings } of links.ofTree(tree)) {
      const entry = book.get(peer)
      if (!automatic || settings.paused || entry === undefined || entry.blocked) continue
      if (entry.addresses.length === 0 && !mesh.isNeighbour(peer)) continue
      members.push({
        peer,
        roundTripMs: hearing(tree, peer).roundTripMs,
        // Seeds lead to servers.
        stays: entry.addresses.some(({ source }) => source === 'SEED'),
        shared: (this.shares.get(peer) ?? 0) > Number(mesh.isNeighbour(peer)),
        dialable: entry.addresses.length > 0,
      })
    }
    return members
  }

  /** Runs what may change the neighbours of a tree, then gives the links that it concerns their new place. */
  private change<Result>(tree: TreeId, mesh: TreeMesh, run: () => Result): Result {
    const before = new Set(mesh.neighbours.active.keys())
    const result = run()
    const after = mesh.neighbours.active
    const gone = [...before].filter((peer) => !after.has(peer))
    const come = [...after.keys()].filter((peer) => !before.has(peer))
    for (const peer of gone) this.share(peer, -1)
    for (const peer of come) this.share(peer, 1)
    for (const peer of [...gone, ...come]) this.place(tree, peer)
    if (before.size === 0 && come.length > 0) this.unmark(tree)
    if (gone.length > 0) for (const listener of this.listeners) listener(tree)
    return result
  }

  /** There are neighbours again, so that entries wait for no passive link. */
  private unmark(tree: TreeId): void {
    const { links, outbox, onError } = this.parts
    for (const link of links.ofTree(tree))
      if (this.waitsNowhere(link) && outbox.mark(tree, link.peer) !== undefined)
        outbox.remove(tree, link.peer).catch(onError)
  }

  /**
   * A link has another place: a passive one has no mark, and one that was passive begins with nothing known of the peer. While
   * there is no neighbour to tell of what is new, the marks of passive links say that nobody was told.
   */
  private place(tree: TreeId, peer: PeerId): void {
    const { links, outbox, onPlace, onError } = this.parts
    const link = links.get(tree, peer)
    if (link === undefined) return
    if (this.placeOf(link) !== 'passive') outbox.add(tree, peer).catch(onError)
    else if (this.waitsNowhere(link)) outbox.remove(tree, peer).catch(onError)
    onPlace(tree, peer)
  }
}
