/**
 * Links a tree with a peer by itself, the first time when the peer is served it: so that both sides keep it equal although
 * only one of them was told to. Nobody can make us grow by that but whom the tree's policy names, within bounds that
 * leave half of the book and of the links to the operator; past them the call goes on, and nothing is kept.
 */

import type { Rights } from '../../access/rights.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { PeerBook } from '../../peer/book.ts'
import { type Links, linkKey } from '../../peer/links.ts'
import type { DagStore } from '../../store/store.ts'

export interface AutoLinkParts {
  readonly self: PeerId
  readonly store: DagStore
  readonly book: PeerBook
  readonly links: Links
  readonly rights: Rights
  readonly dispatcher: Dispatcher
  /** Called when a link could not be written; the peer is served all the same. */
  readonly onError: (error: unknown, where: string) => void
}

export class AutoLink {
  private readonly parts: AutoLinkParts
  /** One at a time, so that the bounds hold, and the same link is not made twice. */
  private readonly queue = new KeyedQueue<''>()

  constructor(parts: AutoLinkParts) {
    this.parts = parts
  }

  /** A peer that has proven its key is served a tree: links them where that is due. Never fails. */
  async onServed(tree: TreeId, peer: PeerId): Promise<void> {
    try {
      if (this.isDue(tree, peer) && (await this.parts.rights.isNamed(tree, peer)))
        await this.queue.run('', () => this.link(tree, peer))
    } catch (error) {
      this.parts.onError(error, `linking ${linkKey(tree, peer)}`)
    }
  }

  private async link(tree: TreeId, peer: PeerId): Promise<void> {
    const { store, book, dispatcher } = this.parts
    if (!this.isDue(tree, peer)) return
    const name = (await store.policy(tree))?.key(peer)?.name
    if (book.get(peer) === undefined) await book.add(peer, { name, uninvited: true })
    await dispatcher.link(tree, peer)
  }

  private isDue(tree: TreeId, peer: PeerId): boolean {
    const { self, book, links } = this.parts
    if (peer === self || links.get(tree, peer) !== undefined || links.wasEnded(tree, peer)) return false
    const entry = book.get(peer)
    if (links.size >= limits.links / 2 || (entry === undefined && book.size >= limits.peers / 2)) return false
    return entry?.blocked !== true
  }
}
