/** Translates errors of the database into Causeway's closed codes, by their cause. */
import { CausewayError } from '../../base/errors.ts'

const closedCodes = new Set([
  'LEVEL_DATABASE_NOT_OPEN',
  'LEVEL_ITERATOR_NOT_OPEN',
  'LEVEL_SNAPSHOT_NOT_OPEN',
  'LEVEL_ABORTED',
])

export function closedError(cause?: unknown): CausewayError {
  return new CausewayError('CLOSED', 'The store is closed.', { cause })
}

/**
 * Returns STORE_FULL for a full disk, STORE_DENIED if this user may not read or write there, CLOSED for a closed store,
 * otherwise STORE_CORRUPT with `data.unreadable`. `what` begins the message. A CausewayError is returned as it is.
 */
export function storeError(error: unknown, what: string): CausewayError {
  if (error instanceof CausewayError) return error
  const { code, message, cause } = error as { code?: string; message?: string; cause?: Error }
  if (code !== undefined && closedCodes.has(code)) return closedError(error)
  const text = [message ?? String(error), cause?.message].filter(Boolean).join(': ')
  if (/no space left|ENOSPC|disk quota|EDQUOT|file too large|EFBIG/i.test(text))
    return new CausewayError('STORE_FULL', `${what}: the disk is full. Free some space and try again.`, {
      cause: error,
    })
  if (/permission denied|EACCES|operation not permitted|EPERM|read-only file system|EROFS/i.test(text))
    return new CausewayError(
      'STORE_DENIED',
      `${what} (${text}): even reading needs the right to write there. Run as the user that owns it, or copy it to a folder of your own.`,
      { cause: error },
    )
  return new CausewayError(
    'STORE_CORRUPT',
    `${what}: ${text}. Stop the node, if one runs, and run \`causeway repair\`.`,
    { data: { unreadable: true }, cause: error },
  )
}
