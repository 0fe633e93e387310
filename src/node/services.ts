/** The services that a node offers, and the parts that each of them works on. */
import type { ConnectRouter } from '@connectrpc/connect'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { type AccessOperations, createAccessHandlers } from '../rpc/services/access-service.ts'
import { createLinkHandlers, type LinkOperations } from '../rpc/services/link-service.ts'
import { createNodeService, type NodeOperations } from '../rpc/services/node-service.ts'
import { createPolicyHandlers } from '../rpc/services/policy-service.ts'
import { createStoreService, type StoreServiceParts } from '../rpc/services/store-service.ts'
import { createSyncService, type SyncServiceParts } from '../rpc/services/sync-service.ts'
import { createTreeService, type TreeServiceParts } from '../rpc/services/tree-service.ts'

/** The operations of the node that NodeService calls. */
export type Operations = NodeOperations & LinkOperations & AccessOperations

/** Registers SyncService, TreeService, StoreService and NodeService with a router. */
export function addServices(
  router: ConnectRouter,
  parts: SyncServiceParts & TreeServiceParts & StoreServiceParts,
  operations: Operations,
): void {
  router.service(SyncService, createSyncService(parts))
  router.service(TreeService, createTreeService(parts))
  router.service(StoreService, createStoreService(parts))
  router.service(NodeService, {
    ...createNodeService(operations),
    ...createLinkHandlers(operations),
    ...createAccessHandlers(operations),
    ...createPolicyHandlers(parts.store, parts.author),
  })
}
