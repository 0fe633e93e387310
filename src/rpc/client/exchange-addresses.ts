/**
 * The calling side of ExchangeAddresses: tells the remote where we are, and returns where it is and where it sees us; and
 * exchanges with it what both know of the members of a tree.
 */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { AddressAnswer, MemberAsk, SignedBytes } from '../../peer/address-records.ts'
import { readAddressAnswer, writeMemberAsk } from '../convert-addresses.ts'
import { callError } from './calls.ts'
import type { RpcConnection } from './connection.ts'

/** Throws PROTOCOL if the answer is past a bound, and what a call throws. */
export async function exchangeAddresses(
  connection: RpcConnection,
  own: SignedBytes,
  clock: Clock,
  ask?: MemberAsk,
): Promise<AddressAnswer> {
  using limit = deadline(clock, limits.unaryTimeoutMs, 'Exchanging addresses')
  try {
    const request = { own, ...(ask && writeMemberAsk(ask)) }
    const { signal } = limit
    const answer = await connection.client(SyncService).exchangeAddresses(request, { signal })
    return readAddressAnswer(answer)
  } catch (error) {
    throw callError(connection, error, limit.signal)
  }
}
