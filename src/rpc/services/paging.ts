/** Page sizes and page tokens: a token is the last item's key in base64url, checked for its length when it comes back. */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** What was asked for, 100 by default; LIMIT_EXCEEDED past the most that a page may have. */
export function pageSize(asked: number): number {
  if (asked > limits.listedEntries)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`page_size\` is at most ${limits.listedEntries}, got ${asked}.`,
    )
  return asked || limits.listedByDefault
}

export function writeToken(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url')
}

export function readToken(token: string, bytes: number): Uint8Array {
  const key = new Uint8Array(Buffer.from(token, 'base64url'))
  if (key.length !== bytes || writeToken(key) !== token)
    throw new CausewayError('INVALID_ARGUMENT', '`page_token` is not one that this node gave.')
  return key
}
