/**
 * Ids of entries and trees. In memory an id is 64 lowercase hex digits: a string that works as a map's key and sorts
 * like its bytes. For people it is a CIDv1, and on the wire it is 32 bytes.
 */
import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'
import { CausewayError } from '../base/errors.ts'
import { hex32, text as textShape } from '../base/shape.ts'
import { sha256Hex } from './crypto.ts'
import { bytesToHex, hexToBytes } from './hex.ts'

declare const entryIdBrand: unique symbol
/** SHA-256 of `signature ‖ body`, 64 lowercase hex digits. */
export type EntryId = string & { readonly [entryIdBrand]: true }
/** A tree's id is the id of its root. */
export type TreeId = EntryId

const rawCodec = 0x55
const sha256Code = 0x12

export function idFromBytes(bytes: Uint8Array): EntryId {
  if (bytes.length !== 32)
    throw new CausewayError('INVALID_ARGUMENT', `An id has 32 bytes, got ${bytes.length}.`)
  return bytesToHex(bytes) as EntryId
}

export function idToBytes(id: EntryId): Uint8Array {
  return hexToBytes(id)
}

/** Returns the text form: CIDv1, raw, sha2-256, base32 (`bafkrei…`). Throws INVALID_ARGUMENT. */
export function formatId(id: EntryId): string {
  hex32(id, 'id')
  return CID.createV1(rawCodec, digest.create(sha256Code, hexToBytes(id))).toString()
}

/** Parses the text form. Throws INVALID_ARGUMENT for anything else. */
export function parseId(text: string): EntryId {
  textShape(text, 'text')
  try {
    const cid = CID.parse(text)
    if (
      cid.version === 1 &&
      cid.code === rawCodec &&
      cid.multihash.code === sha256Code &&
      cid.multihash.size === 32
    ) {
      const id = bytesToHex(cid.multihash.digest) as EntryId
      // The parser also accepts other bases and upper case, but an id has only one text.
      if (formatId(id) === text) return id
    }
  } catch {
    // The error below says what was expected.
  }
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `An id is a CIDv1 such as bafkrei…, got ${JSON.stringify(text.slice(0, 80))}.`,
  )
}

/**
 * Returns the digest that names a set of entries closed under ancestors: SHA-256 over its tips, concatenated in
 * ascending order; '' for no tips.
 */
export function digestTips(tips: readonly EntryId[]): string {
  if (tips.length === 0) return ''
  return sha256Hex(hexToBytes([...tips].sort().join('')))
}

/** A position in the (height, id) order, which puts parents before children. */
export interface Position {
  readonly height: number
  readonly id: EntryId
}

export function comparePositions(a: Position, b: Position): number {
  return a.height - b.height || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
