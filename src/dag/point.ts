/**
 * Which encodings of Ed25519 points Causeway accepts, as keys and as the first half of signatures. Implementations of
 * Ed25519 differ at the edges: points of small order, and values at or past the field's prime. Peers must agree on
 * every entry, so both are refused before any library sees them; libsodium and WebCrypto have the same rule.
 */
import { bytesToHex } from './hex.ts'

/** Points of order 1, 2, 4 and 8 without the sign bit. Their signatures are valid for messages that nobody signed. */
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])
const firstBytes = new Set([0x00, 0x01, 0x26, 0xc7])
const firstDigits = /^(0[01]|26|c7|e[c-f]|f)/

/** y at or past the field's prime 2^255 - 19, little-endian. */
const pastPrime = /^(e[d-f]|f[0-9a-f])(ff){30}7f$/

type Flaw = 'small order' | 'not canonical' | undefined

/** Returns what is wrong with the point in the first 32 bytes, or undefined if only the curve itself could tell. */
export function pointFlaw(bytes: Uint8Array): Flaw {
  const first = bytes[0]!
  // Nearly every point returns here: a bad one begins with one of these bytes, or with 0xec or above.
  if (first < 0xec && !firstBytes.has(first)) return undefined
  return flawOf(bytesToHex(bytes.subarray(0, 32)))
}

/** Does the same for a key of 64 lowercase hex digits. */
export function keyFlaw(hex: string): Flaw {
  return firstDigits.test(hex) ? flawOf(hex) : undefined
}

function flawOf(hex: string): Flaw {
  const last = Number.parseInt(hex.slice(62), 16) & 0x7f
  const unsigned = hex.slice(0, 62) + last.toString(16).padStart(2, '0')
  if (smallOrder.has(unsigned)) return 'small order'
  return pastPrime.test(unsigned) ? 'not canonical' : undefined
}
