/** The public API of Causeway. Exports for applications are above the line, exports for implementers below it. */

export { Permission, PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
export type { AccessDesk } from './access/desk.ts'
export type { AccessRequest } from './access/requests.ts'
export { CausewayError, type ErrorCode } from './base/errors.ts'
export type { Change, EntryBody } from './dag/body.ts'
export { type EntryId, formatId, parseId, type TreeId } from './dag/id.ts'
export { createIdentity, type Identity, type PeerId, type Signer } from './dag/identity.ts'
export type { PolicyKeyState, PolicyState } from './dag/policy/state.ts'
export type { AdminOptions } from './node/admin.ts'
export type { BackupFile } from './node/backup/chain.ts'
export type { BackupEnd, DamagedBackupTree } from './node/backup/notes.ts'
export {
  type BackupSource,
  checkBackup,
  type RestoreOptions,
  type RestoreResult,
  restoreData,
} from './node/backup/restore.ts'
export { type BackupSince, readSince } from './node/backup/since.ts'
export { type BackupOptions, type BackupPart, keyBlock } from './node/backup/write.ts'
export type { ChangeOptions } from './node/changes.ts'
export { damagedTables, repairData } from './node/data-folder.ts'
export { type ConnectOptions, connectStores, type RemoteStores } from './node/dialling/connect-stores.ts'
export type { JoinStanding } from './node/joining/joiner.ts'
export { createNode, type Node } from './node/node.ts'
export type {
  HttpListenOptions,
  JoinOptions,
  NodeEvents,
  NodeOptions,
  QuicOptions,
  SyncOptions,
} from './node/options.ts'
export type { NodeReach } from './node/reach/reach.ts'
export type { TicketOptions } from './node/tickets.ts'
export type { PeerAddress, PeerBook, PeerEntry } from './peer/book.ts'
export type { LinkSettings, LinkStatus } from './peer/links.ts'
export { formatTicket, parseTicket, type Ticket } from './peer/ticket.ts'
export type { CallReport } from './rpc/server/observe.ts'
export type { ConnectionInfo, SyncResult } from './rpc/services/node-service.ts'
export type { ReadOptions, VersionStanding } from './state/api/items.ts'
export type { UploadOptions } from './state/api/streams.ts'
export type { BlobRange } from './state/blobs/format.ts'
export type { AuditResult } from './state/blobs/verify.ts'
export type { PastAction } from './state/effects.ts'
export type { Blob } from './state/payload.ts'
export type { AuditOptions } from './store/audit/audit.ts'
export type { AuditProblem } from './store/audit/findings.ts'
export type { CommitOptions } from './store/author/author.ts'
export type { QuotaOptions } from './store/quota.ts'
export { type DecodedEntry, findEntry, type ReadEntriesOptions, readEntries } from './store/read/decoded.ts'
export type { SourceReport } from './sync/ask/gather-sources.ts'
export type { SessionProgress } from './sync/ask/transfer.ts'
export type { AcceptResult } from './transport/manager.ts'

// ---------------------------------------------------------------------------------------------------------------
// For implementers: other transports and databases, clients of the contract, simulations.

export { NodeService } from '../gen/causeway/v1/node_pb.ts'
export { SyncService } from '../gen/causeway/v1/sync_pb.ts'
export { TreeService } from '../gen/causeway/v1/tree_pb.ts'
export { type Clock, systemClock } from './base/clock.ts'
export { limits } from './base/limits.ts'
export {
  type Draft,
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
  GetStreamOptions,
  PutOptions,
  PutStreamOptions,
  Store,
  StoreChange,
  StoreItem,
  StorePast,
  StoreStream,
  Stores,
  StoreVersion,
  WriteOptions,
} from './state/api/stores.ts'
export type { ByteSource } from './state/api/streams.ts'
export type { Json, Value } from './state/api/values.ts'
export { signPreparedWrite } from './state/prepared.ts'
export type { SharedText, TextEvents } from './state/text/shared-text.ts'
export type { RepairOptions, TreeRepair } from './store/damage/repair.ts'
export { type Database, openFolder, openMemory } from './store/database/open.ts'
export type { TreeDetails } from './store/details.ts'
export type { MigrationProgress } from './store/formats/migrate.ts'
export { DagStore, type StoredEntry, type TreeInfo } from './store/store.ts'
export { answerSync } from './sync/answer/answer.ts'
export { runSession, type SessionResult } from './sync/ask/session.ts'
export { Ingest } from './sync/ingest.ts'
export type { Remote } from './sync/remote.ts'
export { createHttpTransport, type HttpTransportOptions } from './transport/http.ts'
export type { IrohTransportOptions } from './transport/iroh/iroh.ts'
export { TransportManager } from './transport/manager.ts'
export type { Address, Channel, Transport } from './transport/transport.ts'
