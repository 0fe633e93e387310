/**
 * Links the trees of this node with members whose addresses have become known, as if they had called. So a tree stays
 * connected when whoever invited its members is gone.
 */
import type { NamedPeers } from '../../access/named-peers.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { AddressRecords } from '../../peer/address-records.ts'
import type { Links } from '../../peer/links.ts'
import type { RecordKeeper } from '../reach/record-keeper.ts'
import type { Members } from './members.ts'

export interface MemberLinksParts {
  readonly self: PeerId
  readonly named: NamedPeers
  readonly links: Links
  readonly records: AddressRecords
  readonly keeper: Pick<RecordKeeper, 'settle'>
  readonly members: Pick<Members, 'onNews'>
  /** Links a tree with a peer if that is due and the tree has room for the link; see auto-link.ts. */
  link(tree: TreeId, peer: PeerId): Promise<void>
  onError(error: unknown, where: string): void
}

export class MemberLinks {
  private readonly parts: MemberLinksParts
  private readonly queue = new KeyedQueue<TreeId>()

  constructor(parts: MemberLinksParts) {
    this.parts = parts
    parts.members.onNews((tree, member) => void this.queue.run(tree, () => this.learned(tree, member)))
  }

  private async learned(tree: TreeId, member: PeerId | undefined): Promise<void> {
    const { named, onError } = this.parts
    try {
      for (const peer of member === undefined ? named.members(tree) : [member])
        if (this.isDue(tree, peer)) await this.link(tree, peer)
    } catch (error) {
      onError(error, `linking members of ${tree}`)
    }
  }

  private async link(tree: TreeId, peer: PeerId): Promise<void> {
    await this.parts.link(tree, peer)
    // It has come into the peer book only now.
    await this.parts.keeper.settle(peer)
  }

  /** Whether the policy names both, and the peer has an address and no link. */
  private isDue(tree: TreeId, peer: PeerId): boolean {
    const { self, named, links, records } = this.parts
    if (peer === self || links.get(tree, peer) !== undefined) return false
    if (!named.isNamed(tree, self) || !named.isNamed(tree, peer)) return false
    return records.of(peer).some(({ addresses }) => addresses.length > 0)
  }
}
