/**
 * Who may call each method of the contract: one table. A method without a row does not compile, and one of a service
 * without a table is for operators. Where everybody may call, the tree's policy answers: the handler asks `Access`.
 */
import type { DescService } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { Health } from '../../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as ServerReflectionAlpha } from '../../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { callerKey } from '../caller.ts'

/** Operators are the node's own key, its control socket, and the peers that the node names. */
type Callers = 'everybody' | 'operators'

/** The names of a service's methods, as the generated code spells them. */
type MethodOf<Service extends Pick<DescService, 'method'>> = keyof Service['method']

const sync: Record<MethodOf<typeof SyncService>, Callers> = {
  handshake: 'everybody',
  syncTree: 'everybody',
  sendEntries: 'everybody',
  watch: 'everybody',
  requestAccess: 'everybody',
  exchangeAddresses: 'everybody',
  // Its handler asks for a proven key.
  offerTree: 'everybody',
  // Answered only while somebody pairs here; their handlers ask for a proven key.
  beginPairing: 'everybody',
  revealPairing: 'everybody',
  decidePairing: 'everybody',
  getChunks: 'everybody',
}

const trees: Record<MethodOf<typeof TreeService>, Callers> = {
  // Takes room for a tree that nobody here asked for.
  createTree: 'operators',
  listTrees: 'everybody',
  getTree: 'everybody',
  removeTree: 'operators',
  // Signed with the node's key.
  commit: 'operators',
  // Its handler asks for a proven key.
  prepareCommit: 'everybody',
  // Its handler lets only operators create a tree.
  submitEntries: 'everybody',
  getEntries: 'everybody',
  listEntries: 'everybody',
  watchTree: 'everybody',
}

const stores: Record<MethodOf<typeof StoreService>, Callers> = {
  listStores: 'everybody',
  get: 'everybody',
  list: 'everybody',
  // Signed with the node's key.
  write: 'operators',
  prepareWrite: 'everybody',
  watchStore: 'everybody',
  watchText: 'everybody',
  history: 'everybody',
  listConflicts: 'everybody',
  // Its handler asks for a proven key that may write.
  putChunk: 'everybody',
  getBlob: 'everybody',
}

const node: Record<MethodOf<typeof NodeService>, Callers> = {
  getNode: 'operators',
  diagnose: 'operators',
  createTicket: 'operators',
  syncNow: 'operators',
  verifyTree: 'operators',
  repair: 'operators',
  backup: 'operators',
  addPeer: 'operators',
  removePeer: 'operators',
  blockPeer: 'operators',
  listPeers: 'operators',
  linkTree: 'operators',
  unlinkTree: 'operators',
  watchStatus: 'operators',
  flush: 'operators',
  joinTree: 'operators',
  getPolicy: 'operators',
  changePolicy: 'operators',
  revokeKey: 'operators',
  addApp: 'operators',
  listApps: 'operators',
  revokeApp: 'operators',
  listAccessRequests: 'operators',
  decideAccess: 'operators',
  listInvitations: 'operators',
  revokeInvitation: 'operators',
  watchNode: 'operators',
  getSettings: 'operators',
  getMetrics: 'operators',
  watchLog: 'operators',
  listAuthorStorage: 'operators',
  createPageLink: 'operators',
  endPageSessions: 'operators',
  listOffers: 'operators',
  acceptOffers: 'operators',
  declineOffers: 'operators',
  startPairing: 'operators',
  answerPairing: 'operators',
}

/** What gRPC's tools ask says nothing that a connection, or this source, does not say. */
const health: Record<MethodOf<typeof Health>, Callers> = {
  check: 'everybody',
  list: 'everybody',
  watch: 'everybody',
}
const reflection: Record<MethodOf<typeof ServerReflection>, Callers> = { serverReflectionInfo: 'everybody' }

const tables = new Map<string, Readonly<Record<string, Callers>>>([
  [SyncService.typeName, sync],
  [TreeService.typeName, trees],
  [StoreService.typeName, stores],
  [NodeService.typeName, node],
  [Health.typeName, health],
  [ServerReflection.typeName, reflection],
  [ServerReflectionAlpha.typeName, reflection],
])

/** Refuses a call that is for operators only to any other caller. Throws UNAUTHENTICATED or FORBIDDEN. */
export const checkCaller: Interceptor = (next) => (request) => {
  const { operator, peer } = request.contextValues.get(callerKey)
  const { typeName, name: service } = request.service
  const { localName, name: method } = request.method
  if (operator || tables.get(typeName)?.[localName] === 'everybody') return next(request)
  if (peer === undefined)
    throw new CausewayError(
      'UNAUTHENTICATED',
      `${service}.${method} is for the node's operators only: prove that you are one with the header "Authorization: Bearer TOKEN", where TOKEN comes from \`causeway token\`.`,
      { data: { reason: 'missing' } },
    )
  throw new CausewayError(
    'FORBIDDEN',
    `${service}.${method} is for the node's operators only, and ${peer} is not one: to make it one, run \`causeway serve --operator ${peer}\`.`,
    { data: { peer } },
  )
}
