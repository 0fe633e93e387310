/**
 * Who may do what: the one place that decides, for every service. Trees are read by whom their policy lets; the node and
 * its applications' trees are operated by its own key, its control socket, and the peers that it names. Whoever may not
 * read a tree is told what somebody is told of a tree that is not here.
 */
import type { Interceptor } from '@connectrpc/connect'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { Rights } from '../../access/rights.ts'
import { CausewayError, unknownTree } from '../../base/errors.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { callerKey } from '../caller.ts'

/** Lets only operators call services that are not between peers. UNAUTHENTICATED, FORBIDDEN. */
export const operatorsOnly: Interceptor = (next) => (request) => {
  const { operator, peer } = request.contextValues.get(callerKey)
  if (operator || request.service.typeName === SyncService.typeName) return next(request)
  const name = request.service.typeName.split('.').at(-1)
  if (peer === undefined)
    throw new CausewayError(
      'UNAUTHENTICATED',
      `${name} is for the node's operators: prove to be one with the header "Authorization: Bearer TOKEN", where TOKEN comes from \`causeway token\`.`,
      { data: { reason: 'missing' } },
    )
  throw new CausewayError(
    'FORBIDDEN',
    `${name} is for the node's operators, and ${peer} is none: \`causeway serve --operator ${peer}\` makes it one.`,
    { data: { peer } },
  )
}

export class Access {
  private readonly rights: Rights
  private readonly onNamed: (peer: PeerId) => void

  /** `onNamed` is called when a call shows that a tree's policy names its peer. */
  constructor(rights: Rights, onNamed: (peer: PeerId) => void) {
    this.rights = rights
    this.onNamed = onNamed
  }

  async mayRead(tree: TreeId, { operator, peer }: Caller): Promise<boolean> {
    if (operator) return true
    if (peer !== undefined && (await this.rights.isNamed(tree, peer))) this.onNamed(peer)
    return this.rights.mayRead(tree, peer)
  }

  /** Passes callers that may read the tree, also where it is not here to an operator; else UNKNOWN_TREE. */
  async read(tree: TreeId, caller: Caller): Promise<void> {
    if (!(await this.mayRead(tree, caller))) throw unknownTree(tree)
  }
}
