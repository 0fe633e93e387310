/** The public API of Causeway. Exports for applications are above the line, exports for implementers below it. */

export { Permission, PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
export type { AccessRequest } from './access/requests.ts'
export { CausewayError, type ErrorCode } from './base/errors.ts'
export type { Change } from './dag/body.ts'
export { type EntryId, formatId, parseId, type TreeId } from './dag/id.ts'
export { createIdentity, type Identity, type PeerId } from './dag/identity.ts'
export type { PolicyKeyState, PolicyState } from './dag/policy/state.ts'
export type { AdminOptions } from './node/admin.ts'
export { damagedTables, repairData } from './node/data-folder.ts'
export { type ConnectOptions, connectStores, type RemoteStores } from './node/dialling/connect-stores.ts'
export type { JoinStanding } from './node/joining/joiner.ts'
export { createNode, type Node } from './node/node.ts'
export type { JoinOptions, NodeEvents, NodeOptions, SyncOptions } from './node/options.ts'
export { formatTicket, parseTicket, type Ticket } from './peer/ticket.ts'
export type { SyncResult } from './rpc/services/node-service.ts'

// ---------------------------------------------------------------------------------------------------------------
// For implementers: other transports and databases, clients of the contract, simulations.

export { NodeService } from '../gen/causeway/v1/node_pb.ts'
export { SyncService } from '../gen/causeway/v1/sync_pb.ts'
export { TreeService } from '../gen/causeway/v1/tree_pb.ts'
export { type Clock, systemClock } from './base/clock.ts'
export { limits } from './base/limits.ts'
export {
  type Entry,
  readEntry,
  type SignedEntry,
  signEntry,
  signRoot,
  type VerifiedEntry,
  verifyEntry,
} from './dag/entry.ts'
export { type Asked, checkPrepared, signPrepared } from './dag/prepared.ts'
export { RpcConnection } from './rpc/client/connection.ts'
export { createRemote } from './rpc/client/remote.ts'
export type {
  AbsentItem,
  At,
  Batch,
  PutOptions,
  Store,
  StoreChange,
  StoreItem,
  StorePast,
  Stores,
  StoreVersion,
  WriteOptions,
} from './state/api/stores.ts'
export type { Json, Value } from './state/api/values.ts'
export { signPreparedWrite } from './state/prepared.ts'
export type { SharedText, TextEvents } from './state/text/shared-text.ts'
export type { RepairOptions, TreeRepair } from './store/damage/repair.ts'
export { type Database, openFolder, openMemory } from './store/database/open.ts'
export type { TreeDetails } from './store/details.ts'
export { DagStore, type StoredEntry, type TreeInfo } from './store/store.ts'
export { answerSync } from './sync/answer/answer.ts'
export { runSession, type SessionResult } from './sync/ask/session.ts'
export { Ingest } from './sync/ingest.ts'
export type { Remote } from './sync/remote.ts'
export { createHttpTransport } from './transport/http.ts'
export { TransportManager } from './transport/manager.ts'
export type { Address, Channel, Transport } from './transport/transport.ts'
