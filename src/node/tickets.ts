/** Issues a node's tickets: with its own addresses and, on request, those of linked peers that have the tree. */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook } from '../peer/book.ts'
import type { LinkStatus } from '../peer/links.ts'
import { formatTicket, type TicketPeer } from '../peer/ticket.ts'
import type { NodeReach } from './reach/reach.ts'

/** The options of `Node.createTicket` and `Node.invite`. */
export interface TicketOptions {
  /** Also names linked peers that have the tree, so that a first sync takes entries from them too. Default: false. */
  readonly withPeers?: boolean
  /** Also names addresses that only nodes in the same network reach. Default: only if there are no others. */
  readonly lan?: boolean
  /** The secret of an invitation, 64 hex digits; `Node.invite` sets it. */
  readonly invitation?: string
}

export interface TicketParts {
  readonly peer: PeerId
  readonly peers: PeerBook
  readonly reach: NodeReach
  readonly links: readonly LinkStatus[]
}

/** Formats a ticket. Throws NOT_STARTED if the node does not listen. */
export function issueTicket(parts: TicketParts, tree: TreeId, options: TicketOptions): string {
  const { peer, reach } = parts
  const addresses = reach.ticketAddresses(options.lan ?? false)
  if (addresses.length === 0)
    throw new CausewayError(
      'NOT_STARTED',
      'The node does not listen, so a ticket would have no address: start it with `causeway serve`.',
    )
  const others = options.withPeers ? holders(parts, tree) : []
  const format = () =>
    formatTicket({
      ...{ tree, peer, addresses, others },
      ...(options.invitation !== undefined && { invitation: options.invitation }),
    })
  // Ends with the last of the others. Long addresses of theirs must not make a ticket that nobody reads.
  while (others.length > 0 && format().length > limits.ticketBytes) others.pop()
  return format()
}

/** Returns the linked peers that are known to have a tree, with their addresses. */
function holders({ peers, links }: TicketParts, tree: TreeId): TicketPeer[] {
  return links
    .filter((link) => link.tree === tree && link.inSync)
    .flatMap(({ peer }) => {
      const addresses = peers.get(peer)?.addresses.map(({ address }) => address) ?? []
      return addresses.length > 0 ? [{ peer, addresses }] : []
    })
    .slice(0, limits.gatherSources - 1)
}
