/** The public API of the client: the same in Node and in browsers. */

export { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
export { CausewayError, type ErrorCode } from '../../../src/base/errors.ts'
export { type Change, decodeBody, type EntryBody, encodeBody } from '../../../src/dag/body.ts'
export {
  type Draft,
  type Entry,
  encodeDraft,
  readEntry,
  type SignedEntry,
  type VerifiedEntry,
  verifyEntry,
} from '../../../src/dag/entry.ts'
export { type EntryId, formatId, parseId, type TreeId } from '../../../src/dag/id.ts'
export { type PeerId, parsePeerId, type Signer } from '../../../src/dag/identity.ts'
export { formatTicket, parseTicket, type Ticket, type TicketPeer } from '../../../src/peer/ticket.ts'
/** The contract as generated: services for `Client.service`, and their messages. */
export * as proto from '../../../src/proto.ts'
export type { Item, ReadOptions } from '../../../src/state/api/items.ts'
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
} from '../../../src/state/api/stores.ts'
export type { Json, Value } from '../../../src/state/api/values.ts'
export { Client, type ClientOptions, connect } from './client.ts'
export { Key } from './key.ts'
export type { AccessReply, Arrivals, ShownEntry, TreeInfo, Trees } from './trees.ts'
export { WholeTree } from './whole-tree.ts'
