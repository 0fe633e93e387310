/**
 * Converts between messages of the contract and the node's own types: single fields, trees and access.
 * `convert-entry.ts` has entries, `convert-sync.ts` the messages of sync. Lengths are checked here, where bytes become ids, so no code below checks
 * them again.
 */
import { create } from '@bufbuild/protobuf'
import type { SignedEntry as SignedEntryMessage } from '../../gen/causeway/v1/entry_pb.ts'
import {
  AccessStatus as AccessStatusMessage,
  type RequestAccessResponse,
} from '../../gen/causeway/v1/sync_pb.ts'
import { type Tree as TreeMessage, TreeSchema } from '../../gen/causeway/v1/tree_pb.ts'
import type { AccessAnswer } from '../access/desk.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { SignedEntry } from '../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import { type EntryId, formatId, idFromBytes, idToBytes } from '../dag/id.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'
import type { TreeDetails } from '../store/details.ts'

/** Reads an id. Throws INVALID_ARGUMENT, naming the field. */
export function readId(bytes: Uint8Array, field: string): EntryId {
  if (bytes.length !== 32)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`${field}\` must be an id of 32 bytes, got ${bytes.length}.`,
      {
        data: { field },
      },
    )
  return idFromBytes(bytes)
}

export function readIds(list: readonly Uint8Array[], field: string, max: number): EntryId[] {
  if (list.length > max)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`${field}\` can have at most ${max} ids, got ${list.length}.`,
      {
        data: { field, max },
      },
    )
  return list.map((bytes) => readId(bytes, field))
}

export function readPeer(bytes: Uint8Array, field: string): PeerId {
  if (bytes.length !== 32)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`${field}\` must be a PeerId of 32 bytes, got ${bytes.length}.`,
      { data: { field } },
    )
  return parsePeerId(bytesToHex(bytes))
}

/** Reads a digest: '' or 64 hex digits. */
export function readDigest(bytes: Uint8Array, field: string): string {
  if (bytes.length !== 0 && bytes.length !== 32)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`${field}\` must be empty or a digest of 32 bytes, got ${bytes.length}.`,
      { data: { field } },
    )
  return bytesToHex(bytes)
}

/** Reads a number. Throws INVALID_ARGUMENT, naming the field. */
export function readCount(count: bigint, field: string): number {
  if (count > BigInt(Number.MAX_SAFE_INTEGER))
    throw new CausewayError('INVALID_ARGUMENT', `\`${field}\` must be at most 2^53 - 1, got ${count}.`, {
      data: { field },
    })
  return Number(count)
}

export function readSigned(entries: readonly SignedEntryMessage[]): SignedEntry[] {
  return entries.map(({ body, signature }) => ({ body, signature }))
}

const toAccessStatus: Record<AccessAnswer['status'], AccessStatusMessage> = {
  granted: AccessStatusMessage.GRANTED,
  pending: AccessStatusMessage.PENDING,
  rejected: AccessStatusMessage.REJECTED,
}
const fromAccessStatus = new Map(
  Object.entries(toAccessStatus).map(([name, status]) => [status, name as AccessAnswer['status']]),
)

/** Bytes of an access request's id. */
export const accessRequestIdBytes = 16

export function writeAccessStatus(status: AccessAnswer['status']): AccessStatusMessage {
  return toAccessStatus[status]
}

/** Reads a remote's answer to RequestAccess. Throws PROTOCOL if its status is unknown or its id has a wrong length. */
export function readAccessAnswer(answer: RequestAccessResponse): AccessAnswer {
  const status = fromAccessStatus.get(answer.status)
  if (status === undefined || (answer.request.length !== 0 && answer.request.length !== accessRequestIdBytes))
    throw new CausewayError('PROTOCOL', 'The remote sent an invalid answer to a request for access.')
  return {
    status,
    request: bytesToHex(answer.request),
    permission: answer.permission,
    reason: answer.reason.slice(0, limits.accessTextBytes),
  }
}

/** Returns a tree for an application. */
export function writeTree(info: TreeDetails, tipCount: number, tipsDigest: string): TreeMessage {
  return create(TreeSchema, {
    id: idToBytes(info.tree),
    cid: formatId(info.tree),
    name: info.name,
    publicAccess: info.publicAccess,
    count: BigInt(info.count),
    tipCount: BigInt(tipCount),
    height: BigInt(info.height),
    bytes: BigInt(info.bytes),
    tipsDigest: hexToBytes(tipsDigest),
    sequence: BigInt(info.sequence),
    damage: info.damage,
  })
}
