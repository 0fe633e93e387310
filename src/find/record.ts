/**
 * Address records: where a peer says that it can be reached, signed by its key, so that others may pass it on. A record
 * has one encoding and is read strictly.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AddressRecordSchema, AddressScope } from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { verifyEd25519 } from '../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import { type Identity, type PeerId, parsePeerId, withDomain } from '../dag/identity.ts'

const domain = 'causeway.addresses.v1\0'

export interface AddressRecord {
  readonly peer: PeerId
  readonly sequence: number
  readonly ttlSeconds: number
  /** Whether it also names addresses that only the peer's own network reaches. */
  readonly near: boolean
  readonly addresses: readonly string[]
}

export interface SignedRecord {
  readonly record: Uint8Array
  readonly signature: Uint8Array
}

/** Encodes a record and signs it. */
export function signRecord(identity: Identity, record: Omit<AddressRecord, 'peer'>): SignedRecord {
  const bytes = encode({ ...record, peer: identity.peer })
  return { record: bytes, signature: identity.sign(domain, bytes) }
}

/**
 * Reads and verifies a record. Throws PROTOCOL if it is malformed, encoded in another way than ours, past a bound, or not
 * signed by its peer.
 */
export async function readRecord({ record, signature }: SignedRecord): Promise<AddressRecord> {
  if (record.length > limits.recordBytes)
    throw bad(`has at most ${limits.recordBytes} bytes, got ${record.length}`)
  const read = decode(record)
  if (!(await verifyEd25519(read.peer, withDomain(domain, record), signature)))
    throw bad('is signed by the peer that it names')
  return read
}

function encode({ peer, sequence, ttlSeconds, near, addresses }: AddressRecord): Uint8Array {
  const scope = near ? AddressScope.NEAR : AddressScope.WIDE
  const fields = {
    peer: hexToBytes(peer),
    sequence: BigInt(sequence),
    ttlSeconds,
    scope,
    addresses: [...addresses],
  }
  return toBinary(AddressRecordSchema, create(AddressRecordSchema, fields))
}

function decode(bytes: Uint8Array): AddressRecord {
  const message = parse(bytes)
  const { ttlSeconds, scope, addresses } = message
  const sequence = Number(message.sequence)
  if (message.peer.length !== 32) throw bad('names its peer by 32 bytes')
  if (!Number.isSafeInteger(sequence) || sequence === 0) throw bad('has a sequence from 1 to 2^53 - 1')
  if (ttlSeconds === 0 || ttlSeconds > limits.recordTtlSeconds)
    throw bad(`holds for 1 to ${limits.recordTtlSeconds} seconds, got ${ttlSeconds}`)
  if (scope !== AddressScope.WIDE && scope !== AddressScope.NEAR) throw bad('says from where it is meant')
  if (addresses.length > limits.dialAddresses)
    throw bad(`has at most ${limits.dialAddresses} addresses, got ${addresses.length}`)
  const near = scope === AddressScope.NEAR
  const record = { peer: parsePeerId(bytesToHex(message.peer)), sequence, ttlSeconds, near, addresses }
  if (Buffer.compare(encode(record), bytes) !== 0) throw bad('has one encoding, and this is another one')
  return record
}

function parse(bytes: Uint8Array) {
  try {
    return fromBinary(AddressRecordSchema, bytes)
  } catch {
    throw bad('is an encoded AddressRecord')
  }
}

function bad(expected: string): CausewayError {
  return new CausewayError('PROTOCOL', `An address record ${expected}.`)
}
