/** The calling side of RequestAccess: asks the peer at the other end of a connection for access to a tree. */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { AccessAnswer, AccessAsk } from '../../access/desk.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes } from '../../dag/id.ts'
import { readAccessAnswer } from '../convert.ts'
import { callError } from './calls.ts'
import type { RpcConnection } from './connection.ts'

/** Asks the remote for access to a tree and returns its answer. Throws PROTOCOL if the answer cannot be read. */
export async function requestAccess(
  connection: RpcConnection,
  ask: Omit<AccessAsk, 'peer'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<AccessAnswer> {
  using limit = deadline(clock, limits.unaryTimeoutMs, 'Asking for access', signal)
  try {
    const { tree, permission, message, invitation } = ask
    const answer = await connection
      .client(SyncService)
      .requestAccess(
        { tree: idToBytes(tree), permission, message, ...(invitation && { invitation }) },
        { signal: limit.signal },
      )
    return readAccessAnswer(answer)
  } catch (error) {
    throw callError(connection, error, limit.signal)
  }
}
