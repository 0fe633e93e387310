/** The calling side of OfferTree: offers the remote a tree of which it has none. */
import { OfferStatus, SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { OfferAnswer, OfferProof } from '../../access/offer-proof.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedBytes } from '../../peer/address-records.ts'
import { callError } from './calls.ts'
import type { RpcConnection } from './connection.ts'

const answers: Readonly<Record<number, OfferAnswer>> = {
  [OfferStatus.WAITING]: 'waiting',
  [OfferStatus.WANTED]: 'wanted',
  [OfferStatus.DECLINED]: 'declined',
}

/** Offers a tree, with our own address record. Throws PROTOCOL if the answer cannot be read. */
export async function offerTree(
  connection: RpcConnection,
  { root, grant }: OfferProof,
  own: SignedBytes,
  clock: Clock,
): Promise<OfferAnswer> {
  using limit = deadline(clock, limits.unaryTimeoutMs, 'Offering a tree')
  try {
    const request = { root, own, ...(grant && { grant }) }
    const { status } = await connection.client(SyncService).offerTree(request, { signal: limit.signal })
    const answer = answers[status]
    if (answer === undefined)
      throw new CausewayError('PROTOCOL', `The remote answered an offer with the unknown status ${status}.`)
    return answer
  } catch (error) {
    throw callError(connection, error, limit.signal)
  }
}
