/**
 * Bytes to and from lowercase hex: Node's Buffer where there is one, since it is some ten times as fast as a
 * loop and this runs several times for each entry; else noble's.
 */
import { bytesToHex as slowBytesToHex, hexToBytes as slowHexToBytes } from '@noble/hashes/utils.js'

const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer }

export const bytesToHex: (bytes: Uint8Array) => string =
  Buffer === undefined
    ? slowBytesToHex
    : (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** Hex of a part of some bytes, without a view of that part. */
export const hexSlice: (bytes: Uint8Array, start: number, end: number) => string =
  Buffer === undefined
    ? (bytes, start, end) => slowBytesToHex(bytes.subarray(start, end))
    : (bytes, start, end) =>
        (bytes instanceof Buffer
          ? bytes
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        ).toString('hex', start, end)

/** Throws for anything but hex: Node's own reader stops there in silence. */
export const hexToBytes: (hex: string) => Uint8Array =
  Buffer === undefined
    ? slowHexToBytes
    : (hex) => {
        const bytes = Buffer.from(hex, 'hex')
        if (bytes.length * 2 !== hex.length)
          throw new TypeError(`Not hex: ${JSON.stringify(hex.slice(0, 80))}`)
        return bytes
      }
