/** NodeService's calls for invitations: which there are, who has used them, and their end. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import type { AccessDesk } from '../../../access/desk.ts'
import type { Invitation } from '../../../access/invitations.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import { idToBytes } from '../../../dag/id.ts'
import { readId } from '../../convert.ts'
import { pageSize, readToken, writeToken } from '../paging.ts'

/** Bytes of a page token: when an invitation was made, and its id. */
const tokenBytes = 40

export function createInvitationHandlers({
  requests,
}: {
  readonly requests: Pick<AccessDesk, 'invitations' | 'revokeInvitation'>
}): Pick<ServiceImpl<typeof NodeService>, 'listInvitations' | 'revokeInvitation'> {
  return {
    listInvitations(request) {
      const size = pageSize(request.pageSize)
      const after = request.pageToken && bytesToHex(readToken(request.pageToken, tokenBytes))
      const rest = requests.invitations().filter((each) => sortKey(each) > after)
      const page = rest.slice(0, size)
      return {
        invitations: page.map(writeInvitation),
        nextPageToken: rest.length > size ? writeToken(hexToBytes(sortKey(page.at(-1)!))) : '',
      }
    },

    async revokeInvitation({ id }) {
      await requests.revokeInvitation(readId(id, 'id'))
      return {}
    },
  }
}

/** Returns an invitation's key in the order of the list, in hex. */
function sortKey({ createdAtMs, id }: Invitation): string {
  return createdAtMs.toString(16).padStart(16, '0') + id
}

function writeInvitation({ id, tree, permission, createdAtMs, untilMs, use }: Invitation) {
  return {
    ...{ id: hexToBytes(id), tree: idToBytes(tree), permission },
    ...{ createdAtMs: BigInt(createdAtMs), expiresMs: BigInt(untilMs) },
    ...(use && { usedBy: hexToBytes(use.peer), usedAtMs: BigInt(use.atMs) }),
  }
}
