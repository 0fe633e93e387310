/**
 * How signatures cross to the threads that verify them: in one buffer, one record after the other, each of the message's
 * length (4 bytes, little-endian), the public key (32), the signature (64), and the message, which is the domain and
 * the body. It imports nothing, since each thread loads it.
 */
import type { Entry } from '../../dag/entry.ts'

export interface Records {
  readonly buffer: ArrayBuffer
  readonly count: number
}

const keyAt = 4
const signatureAt = keyAt + 32
const messageAt = signatureAt + 64

/** Bytes that these take. */
export function recordsBytes(domain: Uint8Array, entries: readonly Entry[]): number {
  let bytes = 0
  for (const { signed } of entries) bytes += messageAt + domain.length + signed.body.length
  return bytes
}

/** Writes the entries' signatures into a buffer that has room for them. */
export function packRecords(domain: Uint8Array, entries: readonly Entry[], buffer: ArrayBuffer): Records {
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

/** For each record 1 where `check` says that its signature holds. */
export function checkRecords(
  { buffer, count }: Records,
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
    // libsodium's binding says nothing at all of memory that it does not take; nobody is refused for that.
    if (verdict === undefined) throw new Error('libsodium gave no verdict.')
    if (verdict) holds[index] = 1
    at = end
  }
  return holds
}
