/**
 * Wires what follows from the address records of members: questions to peers, links with members, and the search for peers
 * that are gone.
 */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Clock } from '../../base/clock.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { PeerConnection } from '../../dispatcher/connection.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { AddressRecords } from '../../peer/address-records.ts'
import type { Links } from '../../peer/links.ts'
import type { ProblemListener } from '../../rpc/server/boundary.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import type { RecordKeeper } from '../reach/record-keeper.ts'
import { Healing } from './healing.ts'
import { MemberAsks } from './member-asks.ts'
import { MemberLinks } from './member-links.ts'
import type { Members } from './members.ts'

export interface MembershipParts {
  readonly identity: Identity
  readonly clock: Clock
  readonly named: NamedPeers
  readonly links: Links
  readonly addressRecords: AddressRecords
  readonly keeper: RecordKeeper
  readonly members: Members
  readonly exchange: AddressExchange
  readonly dispatcher: Pick<Dispatcher, 'isWatchedBy'>
  /** Links a tree with a peer if that is due; see auto-link.ts. */
  link(tree: TreeId, peer: PeerId): Promise<void>
  readonly onError: ProblemListener
}

export interface Membership {
  /** A watch on a connection has begun, or has said that there are new records. */
  readonly ask: MemberAsks['ask']
  /** Returns the connection that a dial of a peer opens, and follows whether the peer can be reached. */
  watching<Connection extends PeerConnection>(
    peer: PeerId,
    signal: AbortSignal,
    dial: Promise<Connection>,
  ): Promise<Connection>
  close(): void
}

export function membershipOf(parts: MembershipParts): Membership {
  const self = parts.identity.peer
  const asks = new MemberAsks({
    ...{ ...parts, self },
    isWatchedBy: (tree, peer) => parts.dispatcher.isWatchedBy(tree, peer),
  })
  const healing = new Healing({ ...parts, askAbout: (peer) => asks.askAbout(peer) })
  // It follows the news from now on.
  new MemberLinks({ ...parts, self, records: parts.addressRecords })
  return {
    ask: (connection, trees, isBeginning) => asks.ask(connection, trees, isBeginning),
    async watching(peer, signal, dial) {
      const connection = await healing.watching(peer, signal, dial)
      asks.opened(connection)
      return connection
    },
    close() {
      healing.close()
      asks.close()
    },
  }
}
