/**
 * RequestAccess at both ends, and NodeService's part for who is let in: what is asked of this node, and what it asks of
 * others. Handlers translate and call; the node is given as `AccessOperations`.
 */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import type { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { AccessAnswer, AccessDesk } from '../../access/desk.ts'
import type { AccessRequest } from '../../access/requests.ts'
import { CausewayError } from '../../base/errors.ts'
import { bytesToHex, hexToBytes } from '../../dag/hex.ts'
import { idToBytes, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { callerKey, stoppingKey } from '../caller.ts'
import { accessRequestIdBytes, readId, writeAccessStatus } from '../convert.ts'
import { pageSize, readToken, writeToken } from './paging.ts'

/** How a wish of this node to join a tree stands. */
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

/** SyncService's RequestAccess. UNAUTHENTICATED where the caller has not proven its key: it is the key that is let in. */
export function createAccessHandler(desk: AccessDesk): Partial<ServiceImpl<typeof SyncService>> {
  return {
    async requestAccess({ tree, permission, message, invitation }, { values }: HandlerContext) {
      const { peer } = values.get(callerKey)
      if (peer === undefined)
        throw new CausewayError(
          'UNAUTHENTICATED',
          'Whoever asks for access shows its key: by the header "Authorization: Bearer TOKEN", where TOKEN comes from `causeway token --audience PEER`, or by calling over QUIC.',
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
      const left = all.filter((each) => placeOf(each) > after)
      const page = left.slice(0, size)
      return {
        requests: page.map(writeRequest),
        nextPageToken: left.length > size ? writeToken(hexToBytes(placeOf(page.at(-1)!))) : '',
      }
    },

    async decideAccess({ id, permission, reason }) {
      if (id.length !== accessRequestIdBytes)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`id\` has ${accessRequestIdBytes} bytes, got ${id.length}.`,
        )
      const request = bytesToHex(id)
      const decided =
        permission === Permission.UNSPECIFIED
          ? await node.requests.reject(request, reason)
          : await node.requests.approve(request, permission, reason)
      return { request: writeRequest(decided) }
    },
  }
}

/** Where a request stands in the list: its age, then its id, hex. */
function placeOf({ createdAtMs, id }: AccessRequest): string {
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
