/** Ids as people see them: short, whole on demand, and with a colour for each key. */
import { formatId, idFromBytes, parseId } from '../../../src/dag/id.ts'

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += digits[byte]
  return hex
}

/** Reads hex digits, two for each byte. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  )
}

/** Returns the text form of an id, `bafkrei…`. */
export function cidOf(id: Uint8Array): string {
  return formatId(idFromBytes(id))
}

/** Reads the text form of an id, or 64 hex digits. Returns undefined if it is neither. */
export function readId(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return bytesOf(parseId(text.trim()))
  } catch {
    return undefined
  }
}

/** Ids begin alike, so their end tells them apart. */
export function shortCid(cid: string): string {
  return `…${cid.slice(-8)}`
}

export function shortPeer(hex: string): string {
  return hex.slice(0, 8)
}

/** Returns a colour for a key, the same on every page, as an angle on the wheel of colours. */
export function hueOf(peer: string): number {
  return (Number.parseInt(peer.slice(0, 6), 16) * 137.508) % 360
}
