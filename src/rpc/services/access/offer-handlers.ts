/** SyncService's OfferTree, and NodeService's calls for offers. The node's part is passed as `OfferOperations`. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { OfferStatus, type SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import type { OfferAnswer, OfferProof } from '../../../access/offer-proof.ts'
import type { Offer } from '../../../access/offers.ts'
import { CausewayError } from '../../../base/errors.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import { idToBytes, type TreeId } from '../../../dag/id.ts'
import type { PeerId } from '../../../dag/identity.ts'
import type { SignedBytes } from '../../../peer/address-records.ts'
import { callerKey } from '../../caller.ts'
import { readId, readPeer, readSigned } from '../../convert.ts'
import { loadKey } from '../../server/load.ts'
import { pageSize, readToken, writeToken } from '../paging.ts'

interface OfferFilter {
  readonly tree?: TreeId | undefined
  readonly peer?: PeerId | undefined
}

export interface OfferOperations {
  answer(
    peer: PeerId,
    proof: OfferProof,
    own: SignedBytes | undefined,
    remoteAddress: string,
  ): Promise<OfferAnswer>
  list(): Offer[]
  accept(filter: OfferFilter): Promise<Offer[]>
  decline(filter: OfferFilter): Promise<Offer[]>
}

const statuses = {
  waiting: OfferStatus.WAITING,
  wanted: OfferStatus.WANTED,
  declined: OfferStatus.DECLINED,
} as const

/** Returns SyncService's OfferTree. What is offered to a key must come from a key: throws UNAUTHENTICATED if none is proven. */
export function createOfferHandler({
  offering,
}: {
  readonly offering: OfferOperations
}): Partial<ServiceImpl<typeof SyncService>> {
  return {
    async offerTree({ root, grant, own }, { values, signal }) {
      const { peer, remoteAddress } = values.get(callerKey)
      if (peer === undefined)
        throw new CausewayError(
          'UNAUTHENTICATED',
          'An offer needs proof of your key: send the header "Authorization: Bearer TOKEN", or call over QUIC.',
          { data: { reason: 'missing' } },
        )
      if (root === undefined)
        throw new CausewayError('INVALID_ARGUMENT', '`root` must be the root entry of the tree, got none.')
      const [first, second] = readSigned(grant ? [root, grant] : [root])
      const proof = { root: first!, grant: second }
      const answer = await values
        .get(loadKey)
        .work(signal, () => offering.answer(peer, proof, own, remoteAddress))
      return { status: statuses[answer] }
    },
  }
}

/** Bytes of a page token: a tree and a peer. */
const tokenBytes = 64

export function createOffersHandlers({
  offering,
}: {
  readonly offering: OfferOperations
}): Partial<ServiceImpl<typeof NodeService>> {
  return {
    listOffers(request) {
      const size = pageSize(request.pageSize)
      const after = request.pageToken && bytesToHex(readToken(request.pageToken, tokenBytes))
      const rest = offering.list().filter(({ tree, peer }) => tree + peer > after)
      const page = rest.slice(0, size)
      const last = page.at(-1)
      return {
        offers: page.map(writeOffer),
        nextPageToken: rest.length > size ? writeToken(hexToBytes(last!.tree + last!.peer)) : '',
      }
    },
    acceptOffers: async (request) => ({
      offers: (await offering.accept(readFilter(request))).map(writeOffer),
    }),
    declineOffers: async (request) => ({
      offers: (await offering.decline(readFilter(request))).map(writeOffer),
    }),
  }
}

function readFilter({ tree, peer }: { tree: Uint8Array; peer: Uint8Array }): OfferFilter {
  if (tree.length === 0 && peer.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'The request must have a tree, a peer, or both.')
  return {
    ...(tree.length > 0 && { tree: readId(tree, 'tree') }),
    ...(peer.length > 0 && { peer: readPeer(peer, 'peer') }),
  }
}

function writeOffer({ tree, peer, name, permission, author, createdAtMs, offeredAtMs }: Offer) {
  return {
    ...{ tree: idToBytes(tree), peer: hexToBytes(peer), name, permission, author: hexToBytes(author) },
    ...{ createdAtMs: BigInt(createdAtMs), offeredAtMs: BigInt(offeredAtMs) },
  }
}
