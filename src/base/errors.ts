/**
 * The one error that Causeway throws, with a closed set of stable codes. Callers branch on `code` and read `data`. The
 * message is free text for people and says what to do next.
 */

/** What is wrong with an entry. The verdict depends on the entry and its ancestors alone. */
const entryErrorCodes = [
  'ENTRY_TOO_LARGE',
  'ENTRY_MALFORMED',
  'ENTRY_NOT_CANONICAL',
  'ENTRY_VERSION',
  'ENTRY_ID_LENGTH',
  'ENTRY_SIGNATURE',
  'ENTRY_AUTHOR',
  'ENTRY_TREE',
  'ENTRY_ROOT',
  'ENTRY_PARENTS',
  'ENTRY_HEIGHT',
  'ENTRY_TIME',
  'ENTRY_POLICY',
  'ENTRY_CHANGES',
  'ENTRY_NONCE',
  'ENTRY_MISSING_PARENT',
  'ENTRY_FORBIDDEN',
] as const

export const errorCodes = [
  ...entryErrorCodes,
  /** An argument has the wrong shape. The message says what was expected and what came. */
  'INVALID_ARGUMENT',
  /** A bound of `limits.ts` was exceeded. */
  'LIMIT_EXCEEDED',
  /** The caller may retry later: too much is in progress, or a quota is used up. */
  'RESOURCE_EXHAUSTED',
  'UNKNOWN_TREE',
  'UNKNOWN_ENTRY',
  'UNKNOWN_PEER',
  'UNKNOWN_REQUEST',
  'ALREADY_EXISTS',
  'ALREADY_DECIDED',
  /** The caller did not prove who it is, or its proof is not valid. */
  'UNAUTHENTICATED',
  /** The caller has proven who it is, but may not do this. */
  'FORBIDDEN',
  /** A key does not have the versions that a write expects. */
  'CONFLICT',
  /** A read waits for entries that have not come yet. */
  'NOT_HERE_YET',
  /** The state of a tree is being computed. */
  'VIEW_BUILDING',
  /** No entry of the tree names this blob. */
  'UNKNOWN_BLOB',
  /** Chunks of a blob are not here, and no peer has them now. */
  'BLOB_NOT_HERE',
  /** Access was requested and is not decided yet. */
  'ACCESS_PENDING',
  'ACCESS_REJECTED',
  'BAD_ADDRESS',
  /** No transport can handle this address. */
  'NO_TRANSPORT',
  'NOT_STARTED',
  'ALREADY_STARTED',
  /** The remote refused the connection or cannot be reached. */
  'UNREACHABLE',
  'TIMEOUT',
  'CANCELLED',
  /** The connection was lost during an operation. */
  'DISCONNECTED',
  /** The remote is not the expected peer. */
  'WRONG_PEER',
  /** The remote broke the protocol or lied. */
  'PROTOCOL',
  'INCOMPATIBLE',
  'UNIMPLEMENTED',
  'STORE_LOCKED',
  'STORE_FORMAT',
  'STORE_CORRUPT',
  'STORE_FULL',
  /** This user may not read or write the store's folder. */
  'STORE_DENIED',
  'CLOSED',
  'INTERNAL',
] as const

export type EntryErrorCode = (typeof entryErrorCodes)[number]
export type ErrorCode = (typeof errorCodes)[number]
export type ErrorData = Readonly<Record<string, string | number | boolean>>

export class CausewayError extends Error {
  override readonly name = 'CausewayError'
  readonly code: ErrorCode
  readonly data: ErrorData

  constructor(code: ErrorCode, message: string, options: { data?: ErrorData; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data ?? {}
  }

  /** How long to wait before the same call may succeed, if that is known. */
  get retryAfterMs(): number | undefined {
    const { retryAfterMs } = this.data
    return typeof retryAfterMs === 'number' ? retryAfterMs : undefined
  }

  /** Returns any thrown value as a CausewayError: itself, or wrapped under `code` with the original as its `cause`. */
  static from(error: unknown, code: ErrorCode = 'INTERNAL'): CausewayError {
    if (error instanceof CausewayError) return error
    if (error instanceof Error && error.name === 'AbortError')
      return new CausewayError('CANCELLED', 'The operation was cancelled.', { cause: error })
    return new CausewayError(code, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** The part of an error that may be kept for long. Its stack would keep everything it was thrown from in memory. */
export type Failure = Pick<CausewayError, 'code' | 'message' | 'data'>

export function failureOf({ code, message, data }: CausewayError): Failure {
  return { code, message, data }
}
