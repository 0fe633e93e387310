/** NodeService's calls for application keys. The node gets public keys alone: who makes a key keeps its seed. */
import type { ServiceImpl } from '@connectrpc/connect'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { AppGrant as AppGrantMessage, NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { type App, type AppsParts, addApp, revokeApp, rightsOfApp } from '../../../access/apps.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { idToBytes } from '../../../dag/id.ts'
import { readId, readPeer } from '../../convert.ts'
import { pageSize, readTextToken, writeTextToken } from '../paging.ts'

export function createAppHandlers(
  parts: AppsParts,
): Pick<ServiceImpl<typeof NodeService>, 'addApp' | 'listApps' | 'revokeApp'> {
  const write = async (app: App) => ({
    name: app.name,
    peer: hexToBytes(app.peer),
    createdAtMs: BigInt(app.createdMs),
    rights: (await rightsOfApp(parts, app)).map(({ tree, permission }) => ({
      tree: idToBytes(tree),
      permission,
    })),
  })
  return {
    async addApp({ name, peer, grants }) {
      const app = await addApp(parts, readName(name), readPeer(peer, 'peer'), readGrants(grants))
      return { app: await write(app) }
    },

    async listApps(request) {
      const size = pageSize(request.pageSize)
      const after = readTextToken(request.pageToken)
      const rest = parts.apps.list().filter(({ name }) => name > after)
      const apps = await Promise.all(rest.slice(0, size).map(write))
      return { apps, nextPageToken: writeTextToken(rest.length > size ? rest[size - 1]!.name : undefined) }
    },

    async revokeApp({ name }) {
      return { trees: (await revokeApp(parts, name)).map(idToBytes) }
    },
  }
}

function readName(name: string): string {
  const bytes = Buffer.byteLength(name)
  if (bytes < 1 || bytes > limits.nameBytes || /\p{Cc}/u.test(name))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`name\` must have 1 to ${limits.nameBytes} bytes and no control characters, got ${bytes} bytes.`,
    )
  return name
}

function readGrants(grants: readonly AppGrantMessage[]) {
  if (grants.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', '`grants` must have at least one tree, got none.')
  const read = grants.map(({ tree, permission }) => {
    if (permission === Permission.UNSPECIFIED || Permission[permission] === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `\`permission\` must be read, write or admin, got ${permission}.`,
      )
    return { tree: readId(tree, 'grants.tree'), permission }
  })
  if (new Set(read.map(({ tree }) => tree)).size < read.length)
    throw new CausewayError('INVALID_ARGUMENT', '`grants` must name each tree once, but names one twice.')
  return read
}
