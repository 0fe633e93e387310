/**
 * Page sizes and page tokens of lists. A token is the key of a page's last item in base64url, checked for its length.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

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
  return Buffer.from(key).toString('base64url')
}

/** Decodes a token of `bytes` bytes. Throws INVALID_ARGUMENT if this node cannot have made it. */
export function readToken(token: string, bytes: number): Uint8Array {
  const key = new Uint8Array(Buffer.from(token, 'base64url'))
  if (key.length !== bytes || writeToken(key) !== token) throw invalidToken()
  return key
}

export function invalidToken(): CausewayError {
  return new CausewayError('INVALID_ARGUMENT', '`page_token` must be a token from this node, or empty.')
}
