/** The services that a node offers, and the parts that each of them works on. */
import type { ConnectRouter } from '@connectrpc/connect'
import { file_causeway_v1_error } from '../../gen/causeway/v1/error_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { file_causeway_v1_state } from '../../gen/causeway/v1/state_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import type { AppsParts } from '../access/apps.ts'
import { type AccessOperations, createAccessHandlers } from '../rpc/services/access/access-service.ts'
import { createAppHandlers } from '../rpc/services/access/app-handlers.ts'
import { createInvitationHandlers } from '../rpc/services/access/invitation-handlers.ts'
import { createOffersHandlers } from '../rpc/services/access/offer-handlers.ts'
import { createPairingOperators } from '../rpc/services/access/pairing-handlers.ts'
import { createPolicyHandlers } from '../rpc/services/access/policy-service.ts'
import { type BackupOperations, createBackupHandlers } from '../rpc/services/backup-service.ts'
import { createDoctorHandlers, type DoctorParts } from '../rpc/services/doctor-service.ts'
import { createHealthService, type HealthParts } from '../rpc/services/grpc/health-service.ts'
import { Reflection } from '../rpc/services/grpc/reflection-service.ts'
import { createLinkHandlers, type LinkOperations } from '../rpc/services/link-service.ts'
import { createNodeService, type NodeOperations } from '../rpc/services/node-service.ts'
import { createOperatingHandlers, type OperatingParts } from '../rpc/services/page/operating-handlers.ts'
import { createPageHandlers, type PageDoor } from '../rpc/services/page/page-handlers.ts'
import { createLogHandlers, type LogParts } from '../rpc/services/page/watch-log.ts'
import { createNodeWatch, type WatchedParts } from '../rpc/services/page/watch-node.ts'
import { createStoreService, type StoreServiceParts } from '../rpc/services/store-service.ts'
import { createSyncService, type SyncServiceParts } from '../rpc/services/sync-service.ts'
import { createTreeService, type TreeServiceParts } from '../rpc/services/tree-service.ts'

/** The operations of the node that NodeService calls. */
export type Operations = NodeOperations & BackupOperations & LinkOperations & AccessOperations

const contract = [SyncService, TreeService, StoreService, NodeService]
/** What gRPC's tools ask of any server. */
const forTools = [Health, ServerReflection, ServerReflectionAlpha]
const all = [...contract, ...forTools]
const names = all.map(({ typeName }) => typeName)
// What errors and payloads say is in files that no service imports.
const files = [...all.map(({ file }) => file), file_causeway_v1_error, file_causeway_v1_state]
const reflection = new Reflection(files, names)

/** Registers all services with a router. */
export function addServices(
  router: ConnectRouter,
  parts: SyncServiceParts &
    TreeServiceParts &
    StoreServiceParts &
    HealthParts &
    AppsParts &
    DoctorParts &
    LogParts &
    OperatingParts &
    Omit<WatchedParts, 'status'> & { readonly page: PageDoor },
  operations: Operations,
): void {
  router.service(SyncService, createSyncService(parts))
  router.service(TreeService, createTreeService(parts))
  router.service(StoreService, createStoreService(parts))
  router.service(NodeService, {
    ...createNodeService(operations),
    ...createBackupHandlers(operations),
    ...createLinkHandlers(operations),
    ...createAccessHandlers(operations),
    ...createInvitationHandlers(parts),
    ...createPolicyHandlers(parts.store, parts.author),
    ...createAppHandlers(parts),
    ...createDoctorHandlers(parts),
    ...createPageHandlers(parts),
    ...createOperatingHandlers(parts),
    ...createLogHandlers(parts),
    ...createNodeWatch({ ...parts, status: () => operations.status() }),
    ...createOffersHandlers(parts),
    ...createPairingOperators(parts),
  })
  router.service(Health, createHealthService(parts, names))
  router.service(ServerReflection, reflection)
  router.service(ServerReflectionAlpha, reflection)
}
