/**
 * What the view keeps of one key: its heads, the greatest first. The first limits.stateHeads are in the key's row, and
 * the value of the first with it, if it is small: a read takes one lookup. docs/state.md defines what a head is.
 */
import { limits } from '../base/limits.ts'
import type { EntryId, Position } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { checksumBytes } from '../store/database/checksum.ts'
import type { Blob, MapPut } from './payload.ts'
import { refuseRow } from './rows.ts'

/** A version that nothing replaces. The id is that of its entry, or `zeroVersion`. */
export interface Head extends Position {
  /** The number of the change in its entry. */
  readonly index: number
  /** The sum of the adds that name it, modulo 2^64 as an int64, or undefined if there are none. */
  adds: bigint | undefined
}

/** What a read shows of a version. */
export interface Details {
  readonly author: PeerId
  readonly createdAtMs: number
  readonly type: string
  /** Bytes of the value. */
  readonly size: number
  /** The value, if it lies in the key's row. Empty if there is a blob. */
  readonly value: Uint8Array | undefined
  readonly blob?: Blob | undefined
}

/** The heads of one key. */
export interface KeyState {
  /** In descending order, at most `limits.stateHeads`. */
  heads: Head[]
  /** How many further heads have rows of their own. */
  overflow: number
  /** Of the first head. Undefined if there is none, or if they have to be read from its entry. */
  first: Details | undefined
  /** Whether there are names of versions that were no heads when they were named. */
  hasNames: boolean
}

/** Returns a sum of int64 modulo 2^64, which does not depend on the order. */
export function addInt64(a: bigint, b: bigint): bigint {
  return BigInt.asIntN(64, a + b)
}

const fixedBytes = 7
const headBytes = 51
const detailBytes = 45
const blobBytes = 40
const noAuthor = '0'.repeat(64) as PeerId

/** Encodes `adds` of a head or a name: 1 byte whether there are any, and their sum. */
export function writeAdds(target: Buffer, adds: bigint | undefined, offset: number): void {
  target[offset] = adds === undefined ? 0 : 1
  target.writeBigInt64BE(adds ?? 0n, offset + 1)
}

export function readAdds(source: Buffer, offset: number): bigint | undefined {
  return source[offset] === 1 ? source.readBigInt64BE(offset + 1) : undefined
}

/**
 * Encodes a key's row: flags(1) heads(2) overflow(4), each head, then the details of the first, and its blob last. The
 * bytes after that are left for the checksum.
 */
export function encodeKeyState({ heads, overflow, first, hasNames }: KeyState): Buffer {
  const inline = first?.value
  const size =
    fixedBytes +
    headBytes * heads.length +
    (first === undefined ? 0 : detailBytes + first.type.length + (inline?.length ?? 0)) +
    (first?.blob === undefined ? 0 : blobBytes)
  const value = Buffer.allocUnsafe(size + checksumBytes)
  value[0] = (hasNames ? 1 : 0) | (first === undefined ? 0 : 2) | (inline === undefined ? 0 : 4)
  if (first?.blob !== undefined) value[0] |= 8
  value.writeUInt16BE(heads.length, 1)
  value.writeUInt32BE(overflow, 3)
  let offset = fixedBytes
  for (const { height, id, index, adds } of heads) {
    writeNumber(value, height, offset)
    value.write(id, offset + 8, 'hex')
    value.writeUInt16BE(index, offset + 40)
    writeAdds(value, adds, offset + 42)
    offset += headBytes
  }
  if (first === undefined) return value
  value.write(first.author, offset, 'hex')
  writeNumber(value, first.createdAtMs, offset + 32)
  value.writeUInt32BE(first.size, offset + 40)
  // A type is printable ASCII.
  value[offset + 44] = first.type.length
  value.write(first.type, offset + detailBytes, 'latin1')
  offset += detailBytes + first.type.length
  if (inline !== undefined) value.set(inline, offset)
  offset += inline?.length ?? 0
  if (first.blob === undefined) return value
  value.write(first.blob.id, offset, 'hex')
  writeNumber(value, first.blob.size, offset + 32)
  return value
}

/** Throws STORE_CORRUPT. */
export function decodeKeyState(value: Buffer): KeyState {
  if (value.length < fixedBytes) refuseRow('key')
  const flags = value[0]!
  const count = value.readUInt16BE(1)
  const overflow = value.readUInt32BE(3)
  let offset = fixedBytes
  if (value.length < offset + count * headBytes) refuseRow('key')
  const heads: Head[] = []
  for (let index = 0; index < count; index++, offset += headBytes)
    heads.push({
      height: readNumber(value, offset),
      id: value.toString('hex', offset + 8, offset + 40) as EntryId,
      index: value.readUInt16BE(offset + 40),
      adds: readAdds(value, offset + 42),
    })
  const first = (flags & 2) === 0 ? undefined : readDetails(value, offset, flags)
  return { heads, overflow, first, hasNames: (flags & 1) !== 0 }
}

function readDetails(value: Buffer, offset: number, flags: number): Details {
  if (value.length < offset + detailBytes) refuseRow('key')
  const typeEnd = offset + detailBytes + value[offset + 44]!
  const size = value.readUInt32BE(offset + 40)
  const hasValue = (flags & 4) !== 0
  const valueEnd = typeEnd + (hasValue ? size : 0)
  const hasBlob = (flags & 8) !== 0
  if (value.length !== valueEnd + (hasBlob ? blobBytes : 0)) refuseRow('key')
  return {
    author: value.toString('hex', offset, offset + 32) as PeerId,
    createdAtMs: readNumber(value, offset + 32),
    type: value.toString('latin1', offset + detailBytes, typeEnd),
    size,
    value: hasValue ? new Uint8Array(value.subarray(typeEnd, valueEnd)) : undefined,
    ...(hasBlob && {
      blob: { id: value.toString('hex', valueEnd, valueEnd + 32), size: readNumber(value, valueEnd + 32) },
    }),
  }
}

function writeNumber(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset)
  target.writeUInt32BE(value % 2 ** 32, offset + 4)
}

/** Reads a number below 2^53 from eight bytes, without a bigint for each. */
function readNumber(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4)
}

/** The details of `zeroVersion`, which no entry has put. */
export const zeroDetails: Details = {
  ...{ author: noAuthor, createdAtMs: 0, type: '', size: 0, value: new Uint8Array(0) },
}

export const emptyKeyState = (): KeyState => ({ heads: [], overflow: 0, first: undefined, hasNames: false })

/** Returns the details of what an entry puts. The value is a part of the entry's bytes. */
export function detailsOf(
  { author, createdAtMs }: Pick<Details, 'author' | 'createdAtMs'>,
  { type, value, blob }: Pick<MapPut, 'type' | 'value' | 'blob'>,
  always = false,
): Details {
  const size = value.length
  return { author, createdAtMs, type, size, value: always || isInline(size) ? value : undefined, blob }
}

/** Returns a state that holds on to no entry's bytes: a value is copied if it is tiny, and left out if not. */
export function detached({ heads, overflow, first, hasNames }: KeyState): KeyState {
  const value = first?.value
  const isTiny = value !== undefined && value.length <= tinyBytes
  return {
    heads,
    overflow,
    first: isTiny ? { ...first!, value: new Uint8Array(value) } : undefined,
    hasNames,
  }
}

/** Up to so many bytes V8 keeps in its own heap. Counters are that small, and change without being put again. */
const tinyBytes = 64

/** Returns a copy whose heads can be changed without changing those of the original. */
export function copyOf({ heads, overflow, first, hasNames }: KeyState): KeyState {
  const copies = heads.map(({ height, id, index, adds }) => ({ height, id, index, adds }))
  return { heads: copies, overflow, first, hasNames }
}

/** Reports whether the view has a row for the key. */
export const hasRow = ({ heads, hasNames }: KeyState): boolean => heads.length > 0 || hasNames

/** Reports whether a small value lies in its key's row. */
const isInline = (size: number): boolean => size <= limits.stateInlineBytes
