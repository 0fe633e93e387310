/**
 * Bytes to and from lowercase hex, several times for each entry. Node's Buffer does it if there is one, some ten times
 * as fast as a loop; else noble does.
 */
import { bytesToHex as slowBytesToHex, hexToBytes as slowHexToBytes } from '@noble/hashes/utils.js'

const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer }

export const bytesToHex: (bytes: Uint8Array) => string =
  Buffer === undefined
    ? slowBytesToHex
    : (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** Returns a part of some bytes as hex, without creating a view of that part. */
export const hexSlice: (bytes: Uint8Array, start: number, end: number) => string =
  Buffer === undefined
    ? (bytes, start, end) => slowBytesToHex(bytes.subarray(start, end))
    : (bytes, start, end) =>
        (bytes instanceof Buffer
          ? bytes
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        ).toString('hex', start, end)

/** Throws TypeError for anything but hex, where Node's own decoder stops silently. */
export const hexToBytes: (hex: string) => Uint8Array =
  Buffer === undefined
    ? slowHexToBytes
    : (hex) => {
        const bytes = Buffer.from(hex, 'hex')
        if (bytes.length * 2 !== hex.length)
          throw new TypeError(`Expected hex, got ${JSON.stringify(hex.slice(0, 80))}.`)
        return bytes
      }
