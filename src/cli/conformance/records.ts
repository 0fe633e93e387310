/** Address records and beacons as the kit makes them: from the document, and not by the code of the node. */
import { createHmac } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AddressRecordSchema, AddressScope } from '../../../gen/causeway/v1/sync_pb.ts'
import { verifyEd25519 } from '../../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../../dag/hex.ts'
import { type Identity, withDomain } from '../../dag/identity.ts'

const domain = 'causeway.addresses.v1\0'

interface RecordFields {
  readonly sequence: number
  readonly ttlSeconds: number
  readonly near: boolean
  readonly addresses: readonly string[]
}

export interface SignedRecord {
  readonly record: Uint8Array
  readonly signature: Uint8Array
}

export function signRecord(identity: Identity, fields: RecordFields): SignedRecord {
  const { sequence, ttlSeconds, near, addresses } = fields
  const message = create(AddressRecordSchema, {
    ...{ peer: hexToBytes(identity.peer), sequence: BigInt(sequence), ttlSeconds, addresses: [...addresses] },
    scope: near ? AddressScope.NEAR : AddressScope.WIDE,
  })
  const record = toBinary(AddressRecordSchema, message)
  return { record, signature: identity.sign(domain, record) }
}

/** Reads a record, or returns what is wrong with it. */
export async function readRecord({ record, signature }: SignedRecord) {
  const message = fromBinary(AddressRecordSchema, record)
  const peer = bytesToHex(message.peer)
  if (Buffer.compare(toBinary(AddressRecordSchema, message), record) !== 0) return 'in another encoding'
  if (!(await verifyEd25519(peer, withDomain(domain, record), signature))) return 'not signed by its peer'
  const { sequence, scope, addresses } = message
  return { peer, sequence: Number(sequence), near: scope === AddressScope.NEAR, addresses }
}

export interface BeaconPort {
  readonly kind: 'http' | 'https' | 'quic'
  readonly port: number
}

const kinds = { http: 1, https: 2, quic: 3 }

/** Returns the ports of a datagram, in hex. */
export function portHex(ports: readonly BeaconPort[]): string {
  return ports.map(({ kind, port }) => `0${kinds[kind]}${port.toString(16).padStart(4, '0')}`).join('')
}

/** Returns the beacon of a peer with these bytes of ports, in hex. */
export function beaconHex(peer: string, salt: string, nowMs: number, portBytes: string): string {
  const hour = Math.floor(nowMs / 3_600_000)
    .toString(16)
    .padStart(8, '0')
  const tag = createHmac('sha256', hexToBytes(peer))
    .update(Buffer.concat([Buffer.from('beacon'), ...[salt, hour, portBytes].map(hexToBytes)]))
    .digest('hex')
  return `43574231${salt}${tag.slice(0, 16)}${portBytes}`
}
