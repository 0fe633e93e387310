/**
 * The network as the dispatcher sees it: a connection to a peer, which sessions and watches share. It is injected, so
 * the dispatcher knows no transport and no RPC, and tests connect it to peers in the same process.
 */

import type { OfferAnswer, OfferProof } from '../access/offer-proof.ts'
import { CausewayError } from '../base/errors.ts'
import type { PeerId } from '../dag/identity.ts'
import type { AddressAnswer, MemberAsk } from '../peer/address-records.ts'
import type { WatchedTree } from '../sync/answer/tree-watch.ts'
import type { WatchMessage } from '../sync/answer/watch.ts'
import type { Remote } from '../sync/remote.ts'

export interface PeerConnection {
  readonly peer: PeerId
  readonly address: string
  readonly remote: Remote
  /** How long a round trip takes, as far as known. */
  readonly roundTripMs?: number | undefined
  /** Why the connection ended, or undefined while it is open. */
  readonly endReason: CausewayError | undefined
  /** Calls `listener` once, when the connection has ended. */
  onEnd(listener: () => void): void
  /** Yields the peer's changes of these trees until the signal fires. Throws UNIMPLEMENTED if it has no Watch. */
  watch(trees: readonly WatchedTree[], signal: AbortSignal): AsyncIterable<WatchMessage>
  /** Offers the peer a tree of which it has none. Absent if the connection carries no offers. */
  offerTree?(proof: OfferProof): Promise<OfferAnswer>
  /** Tells the peer where we are, and exchanges records of a tree's members with it. Absent if the connection cannot. */
  exchangeAddresses?(ask: MemberAsk): Promise<AddressAnswer>
  /** The address of the peer as the connection sees it. */
  readonly remoteAddress?: string
  /** Ends the connection now, with every call under way. */
  close(): void
}

/** Opens a connection to a peer that has proven its key. */
export type Connect = (peer: PeerId, signal: AbortSignal) => Promise<PeerConnection>

/** Returns the reason for what ends since the node is closing. */
export function closingError(): CausewayError {
  return new CausewayError('CLOSED', 'The node is closing.')
}

/** Returns the error of a watch that the peer ended. */
export function watchEndedError(): CausewayError {
  return new CausewayError('DISCONNECTED', 'The peer ended the watch.')
}
