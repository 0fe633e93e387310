/**
 * SyncService's RequestAccess, and NodeService's calls for access: requests that this node receives, and requests that
 * it makes to join a tree. Handlers only translate; the node is passed as `AccessOperations`.
 */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import type { SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import type { AccessAnswer, AccessDesk } from '../../../access/desk.ts'
import type { AccessRequest } from '../../../access/requests.ts'
import { CausewayError } from '../../../base/errors.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import { idToBytes, type TreeId } from '../../../dag/id.ts'
import type { PeerId } from '../../../dag/identity.ts'
import { callerKey, stoppingKey } from '../../caller.ts'
import { accessRequestIdBytes, readId, writeAccessStatus } from '../../convert.ts'
import { pageSize, readToken, writeToken } from '../paging.ts'

/** The state of this node's request to join a tree. */
export interface Standing extends AccessAnswer {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly error?: CausewayError
}

export interface AccessOperations {
  readonly requests: AccessDesk
  join(
    ticket: string,
    options: { permission?: Permission; message?: string; signal?: AbortSignal; goOn?: boolean },
  ): Promise<Standing>
  on(event: 'join', listener: (standing: Standing) => void): unknown
  off(event: 'join', listener: (standing: Standing) => void): unknown
}

/** Returns SyncService's RequestAccess. Access is given to a key, so it throws UNAUTHENTICATED if none is proven. */
export function createAccessHandler(desk: AccessDesk): Partial<ServiceImpl<typeof SyncService>> {
  return {
    async requestAccess({ tree, permission, message, invitation }, { values }: HandlerContext) {
      const { peer } = values.get(callerKey)
      if (peer === undefined)
        throw new CausewayError(
          'UNAUTHENTICATED',
          'A request for access needs proof of your key: send the header "Authorization: Bearer TOKEN", where TOKEN comes from `causeway token --audience PEER`, or call over QUIC.',
          { data: { reason: 'missing' } },
        )
      const answer = await desk.ask({
        ...{ tree: readId(tree, 'tree'), peer, permission, message },
        ...(invitation.length > 0 && { invitation }),
      })
      const { status, request, reason } = answer
      return {
        request: hexToBytes(request),
        status: writeAccessStatus(status),
        permission: answer.permission,
        reason,
      }
    },
  }
}

export function createAccessHandlers(node: AccessOperations): Partial<ServiceImpl<typeof NodeService>> {
  return {
    async *joinTree({ ticket, permission, message, wait }, context) {
      const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
      const changes: Standing[] = []
      let wake = () => {}
      const onJoin = (standing: Standing) => {
        changes.push(standing)
        wake()
      }
      const onAbort = () => wake()
      node.on('join', onJoin)
      signal.addEventListener('abort', onAbort)
      try {
        const options = { message, signal, goOn: wait, ...(permission && { permission }) }
        let standing = await node.join(ticket, options)
        yield writeStanding(standing)
        // Ends with the join, or with the call. Each turn yields a change or waits for one.
        while (wait && standing.status === 'pending' && !signal.aborted) {
          const next = changes.shift()
          if (next === undefined)
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          else if (next.tree === standing.tree && next.peer === standing.peer) {
            standing = next
            yield writeStanding(standing)
          }
        }
      } finally {
        node.off('join', onJoin)
        signal.removeEventListener('abort', onAbort)
      }
    },

    listAccessRequests(request) {
      const size = pageSize(request.pageSize)
      const all = node.requests.list()
      const after = request.pageToken && bytesToHex(readToken(request.pageToken, 8 + accessRequestIdBytes))
      const rest = all.filter((each) => sortKey(each) > after)
      const page = rest.slice(0, size)
      return {
        requests: page.map(writeRequest),
        nextPageToken: rest.length > size ? writeToken(hexToBytes(sortKey(page.at(-1)!))) : '',
      }
    },

    async decideAccess({ id, permission, reason }) {
      if (id.length !== accessRequestIdBytes)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`id\` must have ${accessRequestIdBytes} bytes, got ${id.length}.`,
        )
      const { requests } = node
      const request =
        permission === Permission.UNSPECIFIED
          ? await requests.reject(bytesToHex(id), reason)
          : await requests.approve(bytesToHex(id), permission, reason)
      return { request: writeRequest(request) }
    },
  }
}

/** Returns a request's key in the order of the list: its creation time, then its id, in hex. */
function sortKey({ createdAtMs, id }: AccessRequest): string {
  return createdAtMs.toString(16).padStart(16, '0') + id
}

function writeRequest({ id, tree, peer, permission, message, createdAtMs, askedAtMs }: AccessRequest) {
  return {
    id: hexToBytes(id),
    tree: idToBytes(tree),
    peer: hexToBytes(peer),
    permission,
    message,
    createdAtMs: BigInt(createdAtMs),
    askedAtMs: BigInt(askedAtMs),
  }
}

function writeStanding({ tree, peer, status, request, permission, reason, error }: Standing) {
  return {
    tree: idToBytes(tree),
    peer: hexToBytes(peer),
    status: writeAccessStatus(status),
    request: hexToBytes(request),
    permission,
    reason,
    errorCode: error?.code ?? '',
    errorMessage: error?.message ?? '',
  }
}
