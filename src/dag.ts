/**
 * The pure part of the public API, `causeway-sync/dag`: entries, ids, keys and policies, without input and output. It runs
 * in Node and in browsers alike.
 */

export { Permission, PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
export { CausewayError, type ErrorCode } from './base/errors.ts'
export { type Change, decodeBody, type EntryBody, encodeBody } from './dag/body.ts'
export {
  type Draft,
  type Entry,
  readEntry,
  readRoot,
  type SignedEntry,
  signEntry,
  signRoot,
  type VerifiedEntry,
  verifyEntry,
} from './dag/entry.ts'
export {
  digestTips,
  type EntryId,
  formatId,
  idFromBytes,
  idToBytes,
  parseId,
  type TreeId,
} from './dag/id.ts'
export { createIdentity, type Identity, type PeerId, parsePeerId, type Signer } from './dag/identity.ts'
export { decodePolicyChange, encodePolicyChange } from './dag/policy/change.ts'
export { type Asked, checkPrepared, signPrepared } from './dag/prepared.ts'
