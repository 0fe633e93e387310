/**
 * How signatures cross to the threads that verify them: in one buffer, one record after another. A record is the length
 * of the message (4 bytes, little-endian), the public key (32), the signature (64), and the message, which is the
 * domain and the body. This file imports nothing at run time, because each thread loads it.
 */
import type { Entry } from '../../dag/entry.ts'

/** Records in a buffer, which may be larger. */
export interface SignatureRecords {
  readonly buffer: ArrayBuffer
  readonly count: number
}

const keyAt = 4
const signatureAt = keyAt + 32
const messageAt = signatureAt + 64

/** Returns how many bytes the records of these entries take. */
export function recordsBytes(domain: Uint8Array, entries: readonly Entry[]): number {
  let bytes = 0
  for (const { signed } of entries) bytes += messageAt + domain.length + signed.body.length
  return bytes
}

/** Writes the entries' records into a buffer that is large enough. */
export function packRecords(
  domain: Uint8Array,
  entries: readonly Entry[],
  buffer: ArrayBuffer,
): SignatureRecords {
  const bytes = Buffer.from(buffer)
  let at = 0
  for (const { body, signed } of entries) {
    bytes.writeUint32LE(domain.length + signed.body.length, at)
    bytes.write(body.author, at + keyAt, 'hex')
    bytes.set(signed.signature, at + signatureAt)
    bytes.set(domain, at + messageAt)
    bytes.set(signed.body, at + messageAt + domain.length)
    at += messageAt + domain.length + signed.body.length
  }
  return { buffer, count: entries.length }
}

/** Returns for each record 1 if `check` finds its signature valid, otherwise 0. Throws if `check` returns undefined. */
export function checkRecords(
  { buffer, count }: SignatureRecords,
  check: (signature: Buffer, message: Buffer, key: Buffer) => boolean | undefined,
): Uint8Array {
  const bytes = Buffer.from(buffer)
  const holds = new Uint8Array(count)
  let at = 0
  for (let index = 0; index < count; index++) {
    const end = at + messageAt + bytes.readUint32LE(at)
    const signature = bytes.subarray(at + signatureAt, at + messageAt)
    const key = bytes.subarray(at + keyAt, at + signatureAt)
    const verdict = check(signature, bytes.subarray(at + messageAt, end), key)
    // libsodium's binding returns undefined for memory that it does not accept; no entry may be refused for that.
    if (verdict === undefined) throw new Error('libsodium returned no verdict.')
    if (verdict) holds[index] = 1
    at = end
  }
  return holds
}
