/**
 * Beacons: datagrams that a node sends in its LAN. A beacon names neither a peer nor a tree. Its tag is made with the sender's PeerId
 * as the key, so only who knows that PeerId recognises it, and its random salt makes each one look different.
 *
 *     "CWB1" ‖ salt (8) ‖ tag (8) ‖ ports (1 to 4 times: kind (1) ‖ port (2))
 *     tag = the first 8 bytes of HMAC-SHA256(PeerId, "beacon" ‖ salt ‖ hour (4) ‖ ports), numbers big-endian
 */
import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import type { PeerId } from '../dag/identity.ts'

/** What listens on a port. */
export type ListenerKind = 'http' | 'https' | 'quic'

export interface ListenerPort {
  readonly kind: ListenerKind
  readonly port: number
}

export interface Beacon {
  /** In hex. */
  readonly salt: string
  /** In hex. */
  readonly tag: string
  /** Without those of kinds that this version does not know. */
  readonly ports: readonly ListenerPort[]
  /** As they came, since the tag covers them. */
  readonly portBytes: Uint8Array
}

export const beaconMagic = 'CWB1'
const saltBytes = 8
const tagBytes = 8
const portBytes = 3
const headBytes = beaconMagic.length + saltBytes + tagBytes
const kinds: Readonly<Record<ListenerKind, number>> = { http: 1, https: 2, quic: 3 }
const hourMs = 3_600_000

/** Returns the hour of a moment, counted from 1970. */
export function hourOf(nowMs: number): number {
  return Math.floor(nowMs / hourMs)
}

/** Encodes a beacon of a peer, with a salt of 8 random bytes. */
export function encodeBeacon(
  peer: PeerId,
  { salt, nowMs, ports }: { salt: Uint8Array; nowMs: number; ports: readonly ListenerPort[] },
): Uint8Array {
  const encoded = encodePorts(ports)
  const tag = new TagMaker(Buffer.from(salt).toString('hex'), encoded).tag(peer, hourOf(nowMs))
  return Buffer.concat([Buffer.from(beaconMagic), salt, Buffer.from(tag, 'hex'), encoded])
}

/** Encodes the ports of a datagram, at most `limits.beaconPorts` of them. */
export function encodePorts(ports: readonly ListenerPort[]): Uint8Array {
  const named = ports.slice(0, limits.beaconPorts)
  const bytes = Buffer.alloc(named.length * portBytes)
  for (const [index, { kind, port }] of named.entries()) {
    bytes[index * portBytes] = kinds[kind]
    bytes.writeUInt16BE(port, index * portBytes + 1)
  }
  return bytes
}

/** Decodes the ports of a datagram; undefined if these are none, or too many. Leaves out those of unknown kinds. */
export function decodePorts(bytes: Uint8Array): ListenerPort[] | undefined {
  const count = bytes.length / portBytes
  if (!Number.isInteger(count) || count < 1 || count > limits.beaconPorts) return undefined
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const ports: ListenerPort[] = []
  for (let at = 0; at < view.length; at += portBytes) {
    const port = view.readUInt16BE(at + 1)
    if (port === 0) return undefined
    for (const kind of ['quic', 'https', 'http'] as const)
      if (kinds[kind] === view[at]) ports.push({ kind, port })
  }
  return ports
}

/** Reads a datagram; undefined if it is no beacon. */
export function readBeacon(datagram: Uint8Array): Beacon | undefined {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length)
  if (bytes.toString('latin1', 0, beaconMagic.length) !== beaconMagic) return undefined
  const encoded = bytes.subarray(headBytes)
  const ports = decodePorts(encoded)
  if (ports === undefined) return undefined
  const salt = bytes.toString('hex', beaconMagic.length, beaconMagic.length + saltBytes)
  const tag = bytes.toString('hex', headBytes - tagBytes, headBytes)
  return { salt, tag, ports, portBytes: Uint8Array.from(encoded) }
}

const blockBytes = 64
const hashBytes = 32
const label = Buffer.from('beacon')

/**
 * Makes the tags that a beacon would have, had a peer sent it in an hour. HMAC is spelled out, as two hashes over buffers
 * that are used again: a Hmac object of node:crypto for each try takes 2.5 times as long.
 */
export class TagMaker {
  /** Key ‖ "beacon" ‖ salt ‖ hour ‖ ports, and key ‖ inner hash: the keys padded to a block (RFC 2104). */
  private readonly inner: Buffer
  private readonly outer = Buffer.alloc(blockBytes + hashBytes, 0x5c)
  private readonly key = Buffer.alloc(hashBytes)
  private readonly hourAt = blockBytes + label.length + saltBytes

  constructor(salt: string, encodedPorts: Uint8Array) {
    const pad = Buffer.alloc(blockBytes, 0x36)
    this.inner = Buffer.concat([pad, label, Buffer.from(salt, 'hex'), Buffer.alloc(4), encodedPorts])
  }

  /** Returns the tag in hex. */
  tag(peer: PeerId, hour: number): string {
    const { inner, outer, key, hourAt } = this
    key.write(peer, 'hex')
    for (let at = 0; at < hashBytes; at++) {
      inner[at] = key[at]! ^ 0x36
      outer[at] = key[at]! ^ 0x5c
    }
    inner.writeUInt32BE(hour, hourAt)
    outer.write(sha256Hex(inner), blockBytes, 'hex')
    return sha256Hex(outer).slice(0, 2 * tagBytes)
  }
}
