/**
 * Decides for every service whether a caller may make a call. A tree's policy says who may read it. Operators alone may
 * call the other services: the node's own key, its control socket, and the peers that it names. A caller that may not
 * read a tree gets the same answer as for a tree that does not exist.
 */
import type { Interceptor } from '@connectrpc/connect'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { Rights } from '../../access/rights.ts'
import { CausewayError } from '../../base/errors.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { callerKey } from '../caller.ts'

/** Lets only operators call services other than SyncService. Throws UNAUTHENTICATED or FORBIDDEN. */
export const operatorsOnly: Interceptor = (next) => (request) => {
  const { operator, peer } = request.contextValues.get(callerKey)
  if (operator || request.service.typeName === SyncService.typeName) return next(request)
  if (request.service.typeName === StoreService.typeName && request.method.name !== 'Write')
    return next(request)
  const name = request.service.typeName.split('.').at(-1)
  if (peer === undefined)
    throw new CausewayError(
      'UNAUTHENTICATED',
      `${name} is for the node's operators only: prove that you are one with the header "Authorization: Bearer TOKEN", where TOKEN comes from \`causeway token\`.`,
      { data: { reason: 'missing' } },
    )
  throw new CausewayError(
    'FORBIDDEN',
    `${name} is for the node's operators only, and ${peer} is not one: to make it one, run \`causeway serve --operator ${peer}\`.`,
    { data: { peer } },
  )
}

export class Access {
  private readonly rights: Rights
  private readonly onNamed: (peer: PeerId) => void

  /** `onNamed` is called with the peer of a call for a tree whose policy names that peer. */
  constructor(rights: Rights, onNamed: (peer: PeerId) => void) {
    this.rights = rights
    this.onNamed = onNamed
  }

  /** Reports whether a caller may read a tree. Operators always may. */
  async mayRead(tree: TreeId, { operator, peer }: Caller): Promise<boolean> {
    if (operator) return true
    if (peer !== undefined && (await this.rights.isNamed(tree, peer))) this.onNamed(peer)
    return this.rights.mayRead(tree, peer)
  }

  /** Throws UNKNOWN_TREE unless the caller may read the tree. An operator passes even if there is no such tree. */
  async read(tree: TreeId, caller: Caller): Promise<void> {
    if (!(await this.mayRead(tree, caller))) throw unknownTree(tree)
  }
}
