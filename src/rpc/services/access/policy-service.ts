/** NodeService's calls for a tree's policy. The node's own key signs the changes. */
import type { ServiceImpl } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { idToBytes, unknownTree } from '../../../dag/id.ts'
import { lastAcceptedOf } from '../../../dag/policy/tree-policy.ts'
import type { Author } from '../../../store/author/author.ts'
import type { DagStore } from '../../../store/store.ts'
import { readId, readPeer } from '../../convert.ts'

export function createPolicyHandlers(
  store: DagStore,
  author: Author,
): Partial<ServiceImpl<typeof NodeService>> {
  return {
    async getPolicy(request) {
      const tree = readId(request.tree, 'tree')
      const [policy, all] = await Promise.all([store.policy(tree), store.treePolicy(tree)])
      if (policy === undefined || all === undefined) throw unknownTree(tree)
      const idOf = (number = 0) => idToBytes(all.graph.entries[number]!.id)
      const members = [...policy.keys].sort(([a], [b]) => (a < b ? -1 : 1))
      return {
        publicAccess: policy.publicAccess,
        // The root closes a tree without saying so.
        publicAccessEntry: idOf(policy.openedBy),
        members: members.map(([peer, key]) => {
          return { ...key, peer: hexToBytes(peer), entry: idOf(policy.saidBy(peer)) }
        }),
        own: policy.permission(author.identity.peer),
      }
    },

    async changePolicy(request) {
      const tree = readId(request.tree, 'tree')
      const { publicAccess, grants } = request
      if (grants.length > limits.policyKeys)
        throw new CausewayError(
          'LIMIT_EXCEEDED',
          `\`grants\` can have at most ${limits.policyKeys} keys, got ${grants.length}.`,
        )
      if (grants.length === 0 && publicAccess === PublicAccess.UNSPECIFIED)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'The request changes nothing: it must have grants or a public access.',
        )
      if (PublicAccess[publicAccess] === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`public_access\` must be none, read or write, got ${publicAccess}.`,
        )
      const keys = grants.map(({ peer, permission, name }) => {
        if (Permission[permission] === undefined)
          throw new CausewayError(
            'INVALID_ARGUMENT',
            `\`permission\` must be read, write or admin, got ${permission}.`,
          )
        if (Buffer.byteLength(name) > limits.nameBytes)
          throw new CausewayError(
            'INVALID_ARGUMENT',
            `\`name\` can have at most ${limits.nameBytes} bytes, got ${Buffer.byteLength(name)}.`,
          )
        return { peer: readPeer(peer, 'grants.peer'), permission, name }
      })
      if (new Set(keys.map(({ peer }) => peer)).size < keys.length)
        throw new CausewayError('INVALID_ARGUMENT', '`grants` must name each key once, but names one twice.')
      const entry = await author.changePolicy(tree, { publicAccess, keys })
      return { entry: idToBytes(entry.id) }
    },

    async revokeKey(request) {
      const entry = await author.revoke(readId(request.tree, 'tree'), readPeer(request.peer, 'peer'))
      return { entry: idToBytes(entry.id), lastAccepted: lastAcceptedOf(entry).map(idToBytes) }
    },
  }
}
