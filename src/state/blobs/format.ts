/**
 * How a blob is made of chunks: all have limits.blobChunkBytes but the last. Its list is the SHA-256 of each, and its id
 * is the SHA-256 of the list. So whoever has the id can verify the list, and then each chunk, before the rest has come.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../../dag/hex.ts'
import type { Blob } from '../payload.ts'

/** A part of a blob: `offset` bytes are skipped, and at most `length` follow; undefined: all. */
export interface BlobRange {
  readonly offset?: number | undefined
  readonly length?: number | undefined
}

/** Returns the name of a chunk, or of a list: its SHA-256 in hex. */
export const chunkName = (data: Uint8Array): string => sha256Hex(data)

/** Returns how many chunks a blob of this size has. */
export const chunkCount = (size: number): number => Math.ceil(size / limits.blobChunkBytes)

/** Returns the bytes of one chunk of a blob. */
export function chunkLength(size: number, index: number): number {
  return Math.min(limits.blobChunkBytes, size - index * limits.blobChunkBytes)
}

export function encodeList(names: readonly string[]): Uint8Array {
  return hexToBytes(names.join(''))
}

/** Reads the list of a blob. Throws PROTOCOL if it is not the one that the blob's id names, or not of that many chunks. */
export function readList(list: Uint8Array, { id, size }: Blob): string[] {
  if (list.length !== 32 * chunkCount(size) || chunkName(list) !== id)
    throw new CausewayError('PROTOCOL', 'The list of a blob is not the one that its id names.', {
      data: { blob: id },
    })
  const hex = bytesToHex(list)
  return Array.from({ length: list.length / 32 }, (_, index) => hex.slice(64 * index, 64 * index + 64))
}

/** Reports whether some bytes are a chunk of a blob. */
export function isChunk(data: Uint8Array, name: string, blob: Blob, index: number): boolean {
  return isLength(data, blob, index) && chunkName(data) === name
}

/** Reports whether some bytes are as long as a chunk of a blob: whoever names a blob may have made a list of others. */
export function isLength(data: Uint8Array, { size }: Blob, index: number): boolean {
  return data.length === chunkLength(size, index)
}

/** Throws PROTOCOL for a chunk that its blob's list names, but that is of another length. */
export function expectLength(data: Uint8Array, blob: Blob, index: number): void {
  if (!isLength(data, blob, index))
    throw new CausewayError('PROTOCOL', 'A blob has chunks of another length than its size says.', {
      data: { blob: blob.id },
    })
}

/** Returns the first byte and the one after the last that a range names. Throws INVALID_ARGUMENT past the blob's end. */
export function boundsOf({ size }: Blob, { offset = 0, length }: BlobRange): { start: number; end: number } {
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0
  if (!isWhole(offset) || (length !== undefined && !isWhole(length)) || offset >= size)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A range begins inside of the blob, which has ${size} bytes, got the offset ${offset}.`,
      { data: { size } },
    )
  return { start: offset, end: Math.min(size, offset + (length ?? size)) }
}

/** Returns the numbers of the chunks that the bytes from `start` to before `end` touch: the first, and the one after the last. */
export function chunksOf({ start, end }: { start: number; end: number }): { first: number; past: number } {
  const first = Math.floor(start / limits.blobChunkBytes)
  return { first, past: Math.max(first, Math.ceil(end / limits.blobChunkBytes)) }
}

/** Returns what of a chunk lies in a range. */
export function cut(
  data: Uint8Array,
  index: number,
  { start, end }: { start: number; end: number },
): Uint8Array {
  const at = index * limits.blobChunkBytes
  return data.subarray(Math.max(0, start - at), Math.min(data.length, end - at))
}
