/**
 * What two machines say to each other that nobody has introduced: a hello in the LAN, and six digits that both show for
 * people to compare. The digits follow the numeric comparison of Bluetooth (Core Specification 5.4, volume 3, part H,
 * 2.3.5.6.2) and the hash commitment of ZRTP (RFC 6189, section 4.4.1.1): the server commits to its nonce before it sees
 * the caller's, and shows its own after. So nobody in between can choose a nonce that makes the digits of both sides
 * equal; each try succeeds once in a million.
 */
import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'
import { decodePorts, encodePorts, type ListenerPort } from './beacon.ts'

/** What a node says while it pairs: that it does, who it is, and its ports. */
export interface Hello {
  readonly peer: PeerId
  readonly ports: readonly ListenerPort[]
}

export const helloMagic = 'CWP1'
const peerBytes = 32
const headBytes = helloMagic.length + peerBytes

/** Encodes `"CWP1" ‖ PeerId (32) ‖ ports`, with ports as in a beacon. */
export function encodeHello({ peer, ports }: Hello): Uint8Array {
  return Buffer.concat([Buffer.from(helloMagic), hexToBytes(peer), encodePorts(ports)])
}

/** Reads a datagram; undefined if it is no hello. */
export function readHello(datagram: Uint8Array): Hello | undefined {
  if (datagram.length <= headBytes) return undefined
  if (Buffer.from(datagram.subarray(0, helloMagic.length)).toString('latin1') !== helloMagic) return undefined
  const ports = decodePorts(datagram.subarray(headBytes))
  if (ports === undefined) return undefined
  return { peer: parsePeerId(bytesToHex(datagram.subarray(helloMagic.length, headBytes))), ports }
}

/** The two who pair: who called, and who was called. */
export interface PairingSides {
  readonly caller: PeerId
  readonly server: PeerId
}

const commitDomain = Buffer.from('causeway.pair.commit.v1\0')
const digitsDomain = Buffer.from('causeway.pair.digits.v1\0')

/** Returns what the server shows of its nonce at first, in hex. */
export function commitmentOf({ caller, server }: PairingSides, serverNonce: Uint8Array): string {
  return sha256Hex(commitDomain, hexToBytes(caller), hexToBytes(server), serverNonce)
}

/** Returns the six digits that people compare. */
export function digitsOf(
  { caller, server }: PairingSides,
  callerNonce: Uint8Array,
  serverNonce: Uint8Array,
): string {
  const hash = sha256Hex(digitsDomain, hexToBytes(caller), hexToBytes(server), callerNonce, serverNonce)
  // 2^64 is so many times a million that no digits are noticeably more frequent.
  return String(BigInt(`0x${hash.slice(0, 16)}`) % 10n ** BigInt(limits.pairingDigits)).padStart(
    limits.pairingDigits,
    '0',
  )
}
