/**
 * Links a tree with a peer automatically the first time this node serves it to that peer, so that both sides keep it in
 * sync although only one of them was asked to. Only peers that the tree's policy names can cause this, and they never
 * take more than half of the peer book or of the links, nor more links of one tree than are of use. Past that limit the
 * peer is served, but not linked; nor is an application, which keeps no tree.
 */

import type { AppBook } from '../../access/apps.ts'
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
  readonly apps: Pick<AppBook, 'has'>
  readonly dispatcher: Dispatcher
  /** Called if a link cannot be written; the peer is served all the same. */
  readonly onError: (error: unknown, where: string) => void
}

export class AutoLink {
  private readonly parts: AutoLinkParts
  /** Makes one link at a time, so that the limits hold and no link is made twice. */
  private readonly queue = new KeyedQueue<''>()

  constructor(parts: AutoLinkParts) {
    this.parts = parts
  }

  /** Called before a tree is served to a peer that has proven its key. Links the two if that is due. Never throws. */
  async onServed(tree: TreeId, peer: PeerId): Promise<void> {
    try {
      if (this.isDue(tree, peer) && (await this.parts.rights.isNamed(tree, peer)))
        await this.queue.run('', () => this.link(tree, peer))
    } catch (error) {
      this.parts.onError(error, `linking ${linkKey(tree, peer)}`)
    }
  }

  /** A peer that is served a tree asks to be a neighbour: it is linked, if need be in place of a passive one. Never throws. */
  async onAsked(tree: TreeId, peer: PeerId, urgent: boolean): Promise<void> {
    const { dispatcher, rights } = this.parts
    try {
      if (!dispatcher.mesh.hasRoom(tree, urgent)) return
      if (this.isDue(tree, peer, true) && (await rights.isNamed(tree, peer)))
        await this.queue.run('', async () => {
          if (!this.isDue(tree, peer) && this.isDue(tree, peer, true)) await dispatcher.dropPassive(tree)
          await this.link(tree, peer)
        })
    } catch (error) {
      this.parts.onError(error, `linking ${linkKey(tree, peer)}`)
    }
  }

  private async link(tree: TreeId, peer: PeerId): Promise<void> {
    const { store, book, dispatcher } = this.parts
    if (!this.isDue(tree, peer)) return
    const name = (await store.policy(tree))?.key(peer)?.name
    if (book.get(peer) === undefined) await book.add(peer, { name, uninvited: true })
    await dispatcher.linkIf(tree, peer, () => this.isDue(tree, peer))
  }

  /**
   * Whether to link the tree with the peer: the tree is here, not yet linked, not unlinked or removed here before, the
   * peer is a node that is not blocked, and both are within limits. `instead`: another link of the tree makes room.
   */
  private isDue(tree: TreeId, peer: PeerId, instead = false): boolean {
    const { self, store, book, links, apps } = this.parts
    if (store.tree(tree) === undefined || apps.has(peer)) return false
    if (peer === self || links.get(tree, peer) !== undefined || links.wasEnded(tree, peer)) return false
    const entry = book.get(peer)
    if (!instead && links.ofTree(tree).filter((link) => link.automatic).length >= limits.automaticLinks)
      return false
    if (links.size >= limits.links / 2 || (entry === undefined && book.size >= limits.peers / 2)) return false
    return entry?.blocked !== true
  }
}
