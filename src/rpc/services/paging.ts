/**
 * Page sizes and page tokens of lists. A token is the key of a page's last item in base64url, checked for its length.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../dag/bytes.ts'
import { idFromBytes, idToBytes, type Position } from '../../dag/id.ts'

/** Returns the size of a page: as requested, or 100 if 0. Throws LIMIT_EXCEEDED above the most that a page can have. */
export function pageSize(requestedSize: number): number {
  if (requestedSize > limits.listedEntries)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`page_size\` can be at most ${limits.listedEntries}, got ${requestedSize}.`,
    )
  return requestedSize || limits.listedByDefault
}

export function writeToken(key: Uint8Array): string {
  return toBase64Url(key)
}

/** Decodes a token of `bytes` bytes. Throws INVALID_ARGUMENT if this node cannot have made it. */
export function readToken(token: string, bytes: number): Uint8Array {
  const key = fromBase64Url(token)
  if (key.length !== bytes || writeToken(key) !== token) throw invalidToken()
  return key
}

/** Returns the token of a text; empty for undefined. */
export function writeTextToken(text: string | undefined): string {
  return text === undefined ? '' : writeToken(utf8(text))
}

/** Decodes a token that is a text, '' if it is empty. Throws INVALID_ARGUMENT if this node cannot have made it. */
export function readTextToken(token: string): string {
  const text = fromUtf8(fromBase64Url(token))
  if (writeTextToken(text === '' ? undefined : text) !== token) throw invalidToken()
  return text
}

function invalidToken(): CausewayError {
  return new CausewayError('INVALID_ARGUMENT', '`page_token` must be a token from this node, or empty.')
}

/** Returns the token of a position in the (height, id) order. */
export function writePosition({ height, id }: Position): string {
  const bytes = new Uint8Array(40)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height))
  bytes.set(idToBytes(id), 8)
  return writeToken(bytes)
}

/** Throws INVALID_ARGUMENT if this node cannot have made the token. */
export function readPosition(token: string): Position {
  const bytes = readToken(token, 40)
  const height = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  if (!Number.isSafeInteger(height)) throw invalidToken()
  return { height, id: idFromBytes(bytes.subarray(8)) }
}
