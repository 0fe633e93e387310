/**
 * What happens when a peer is found at an address that nobody gave, by a seed or a beacon, and has proven its key there. A
 * peer that is known, from the peer book or from a tree's policy, is linked as if it had called, and its address goes into
 * the peer book. Of any other peer nothing is kept.
 */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Clock } from '../../base/clock.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { FoundSource, PeerBook } from '../../peer/book.ts'
import type { DagStore } from '../../store/store.ts'

export interface FoundPeersParts {
  readonly clock: Clock
  readonly store: DagStore
  readonly book: PeerBook
  readonly named: NamedPeers
  /** Links a tree with a peer if that is due; see auto-link.ts. */
  link(tree: TreeId, peer: PeerId): Promise<void>
  /** Called when a new address of a peer is in the book. */
  onNew(peer: PeerId): void
}

export class FoundPeers {
  private readonly parts: FoundPeersParts

  constructor(parts: FoundPeersParts) {
    this.parts = parts
  }

  /** Reports whether the peer book or a tree's policy has a peer that is not blocked. */
  isKnown(peer: PeerId): boolean {
    const { book, named } = this.parts
    const entry = book.get(peer)
    return entry === undefined ? named.has(peer) : !entry.blocked
  }

  /** Returns the peers that are known, each at least once. */
  *known(): Generator<PeerId> {
    const { book, named } = this.parts
    for (const { peer, blocked } of book.all()) if (!blocked) yield peer
    for (const peer of named.peers()) if (book.get(peer) === undefined) yield peer
  }

  /** A peer has proven its key at these addresses. Links it if it is known, and keeps them for `ttlMs`. */
  async found(
    peer: PeerId,
    { addresses, source, ttlMs }: { addresses: readonly string[]; source: FoundSource; ttlMs: number },
  ): Promise<void> {
    const { clock, store, book, named, link, onNew } = this.parts
    if (!this.isKnown(peer)) return
    for (const { tree } of store.trees()) if (named.isNamed(tree, peer) !== false) await link(tree, peer)
    const expiresMs = clock.now() + ttlMs
    if (await book.learn(peer, source, { addresses, expiresMs })) onNew(peer)
  }
}
