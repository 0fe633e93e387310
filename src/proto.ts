/** The contract as generated TypeScript, `causeway-sync/proto`: messages and services for any client of Connect. */

export * from '../gen/causeway/v1/entry_pb.ts'
export * from '../gen/causeway/v1/error_pb.ts'
export * from '../gen/causeway/v1/node_pb.ts'
export * from '../gen/causeway/v1/state_pb.ts'
export * from '../gen/causeway/v1/store_pb.ts'
export * from '../gen/causeway/v1/sync_pb.ts'
export * from '../gen/causeway/v1/tree_pb.ts'
