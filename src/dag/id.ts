/**
 * Ids of entries and trees. In memory an id is 64 lowercase hex digits: a string that works as a map's key and sorts
 * like its bytes. For people it is a CIDv1, and on the wire it is 32 bytes.
 */
import { CID } from 'multiformats/cid'
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
/** Version 1, raw, sha2-256, 32 bytes. */
const cidPrefix = '01551220'
const base32 = 'abcdefghijklmnopqrstuvwxyz234567'

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
  const bytes = hexToBytes(cidPrefix + id)
  // Base32 by hand: multiformats takes ten times as long, and refused pages name a thousand entries.
  let text = 'b'
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += base32[(value >> (bits - 5)) & 31]
  }
  return text + base32[(value << (5 - bits)) & 31]
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

/** Returns the error for a tree that is not here. A caller that may not read a tree gets the same error. */
export function unknownTree(tree: TreeId): CausewayError {
  return new CausewayError(
    'UNKNOWN_TREE',
    `The tree ${formatId(tree)} is not here, or you may not read it: with a ticket, \`causeway join\` requests access.`,
    { data: { tree } },
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
