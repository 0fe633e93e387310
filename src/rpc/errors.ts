/**
 * Translates errors for the wire and back: a CausewayError becomes a ConnectError with a typed detail, and the other
 * side gets a CausewayError with the same code and data.
 */
import { Code, ConnectError } from '@connectrpc/connect'
import { ErrorDetailSchema } from '../../gen/causeway/v1/error_pb.ts'
import { CausewayError, type ErrorCode, errorCodes } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

const codes: Partial<Record<ErrorCode, Code>> = {
  UNKNOWN_TREE: Code.NotFound,
  UNKNOWN_ENTRY: Code.NotFound,
  UNKNOWN_PEER: Code.NotFound,
  UNKNOWN_REQUEST: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  ALREADY_DECIDED: Code.FailedPrecondition,
  ENTRY_MISSING_PARENT: Code.FailedPrecondition,
  ENTRY_FORBIDDEN: Code.PermissionDenied,
  FORBIDDEN: Code.PermissionDenied,
  CONFLICT: Code.Aborted,
  NOT_HERE_YET: Code.Unavailable,
  VIEW_BUILDING: Code.Unavailable,
  UNKNOWN_BLOB: Code.NotFound,
  BLOB_NOT_HERE: Code.Unavailable,
  ACCESS_PENDING: Code.FailedPrecondition,
  ACCESS_REJECTED: Code.PermissionDenied,
  UNAUTHENTICATED: Code.Unauthenticated,
  WRONG_PEER: Code.Unauthenticated,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  STORE_FULL: Code.ResourceExhausted,
  UNREACHABLE: Code.Unavailable,
  DISCONNECTED: Code.Unavailable,
  CLOSED: Code.Unavailable,
  NOT_STARTED: Code.Unavailable,
  TIMEOUT: Code.DeadlineExceeded,
  CANCELLED: Code.Canceled,
  INCOMPATIBLE: Code.FailedPrecondition,
  UNIMPLEMENTED: Code.Unimplemented,
  NO_TRANSPORT: Code.FailedPrecondition,
  ALREADY_STARTED: Code.FailedPrecondition,
  STORE_LOCKED: Code.Unavailable,
  STORE_FORMAT: Code.Internal,
  STORE_CORRUPT: Code.DataLoss,
  STORE_DENIED: Code.FailedPrecondition,
  PROTOCOL: Code.Internal,
  INTERNAL: Code.Internal,
}

/** Node's codes for a connection that broke during a call. The network is the cause, not the caller or the node. */
const lostConnectionCodes =
  /^(ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED|ERR_HTTP2_.*|ECONNRESET|EPIPE)$/

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && lostConnectionCodes.test((error as NodeJS.ErrnoException).code ?? '')
}

/** Translates what a handler threw for the wire. The text of an unexpected error is not sent. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return withDetail(error)
  const known = CausewayError.from(error, isLostConnection(error) ? 'DISCONNECTED' : 'INTERNAL')
  const message =
    known.code === 'INTERNAL' ? 'An internal error occurred in the node; see its log.' : known.message
  const data: Record<string, string> = {}
  for (const [key, value] of Object.entries(known.data).slice(0, limits.errorFacts))
    data[key] = cutText(String(value), limits.errorFactBytes)
  const { retryAfterMs } = known.data
  const detail = {
    desc: ErrorDetailSchema,
    value: { code: known.code, data, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0 },
  }
  const text = cutText(message, limits.errorTextBytes)
  return new ConnectError(text, codes[known.code] ?? Code.InvalidArgument, undefined, [detail], error)
}

/**
 * Cuts a text to `bytes` bytes: gRPC sends errors in trailers, which clients bound, and an error may quote its request.
 */
function cutText(text: string, bytes: number): string {
  const encoded = Buffer.from(text)
  return encoded.length <= bytes ? text : `${encoded.toString('utf8', 0, bytes - 9).replace(/\ufffd$/, '')} …`
}

const fallbacks: Partial<Record<Code, ErrorCode>> = {
  [Code.Canceled]: 'CANCELLED',
  [Code.InvalidArgument]: 'INVALID_ARGUMENT',
  [Code.DeadlineExceeded]: 'TIMEOUT',
  [Code.NotFound]: 'UNIMPLEMENTED',
  [Code.PermissionDenied]: 'FORBIDDEN',
  [Code.ResourceExhausted]: 'LIMIT_EXCEEDED',
  [Code.Unimplemented]: 'UNIMPLEMENTED',
  [Code.Unavailable]: 'DISCONNECTED',
  [Code.Aborted]: 'DISCONNECTED',
  [Code.Unauthenticated]: 'UNAUTHENTICATED',
}

/** Reports whether an error carries the typed detail, as every error of a node does. */
export function isTyped(error: ConnectError): boolean {
  return error.findDetails(ErrorDetailSchema).length > 0
}

/** Connect's texts for an unreadable message. Its codes then blame the node, but the mistake is the caller's. */
const unreadableMessage = /^(parse binary|received compressed envelope|protocol error)/

/** What protobuf-es says of a name in JSON that the message has not. */
const unknownField = /^cannot decode message (\S+) from JSON: key (".*") is unknown$/s

/** Adds the typed detail to an error of Connect's own: a deadline, an unknown method, an unreadable message. */
function withDetail(error: ConnectError): ConnectError {
  if (isTyped(error)) return error
  const { code, rawMessage } = error
  const [, type, field] = unknownField.exec(rawMessage) ?? []
  if (field !== undefined)
    return toConnectError(
      new CausewayError('INVALID_ARGUMENT', `The message ${type} has no field ${field}.`, {
        data: { field: field.slice(1, -1) },
        cause: error,
      }),
    )
  const isCallersMistake =
    unreadableMessage.test(rawMessage) && (code === Code.Internal || code === Code.DataLoss)
  const better = isCallersMistake ? Code.InvalidArgument : code
  const detail = { desc: ErrorDetailSchema, value: { code: fallbacks[better] ?? 'INTERNAL' } }
  return new ConnectError(cutText(rawMessage, limits.errorTextBytes), better, error.metadata, [detail], error)
}

/** Returns what a call threw as a CausewayError. If the signal fired, its own reason takes precedence. */
export function fromConnectError(error: unknown, signal?: AbortSignal): CausewayError {
  if (signal?.aborted && signal.reason instanceof CausewayError) return signal.reason
  if (!(error instanceof ConnectError)) return CausewayError.from(error)
  const [detail] = error.findDetails(ErrorDetailSchema)
  if (detail !== undefined && (errorCodes as readonly string[]).includes(detail.code))
    return new CausewayError(detail.code as ErrorCode, error.rawMessage, {
      data: {
        ...detail.data,
        ...(detail.retryAfterMs > 0 && {
          retryAfterMs: Math.min(detail.retryAfterMs, limits.retryAfterMaxMs),
        }),
      },
      cause: error,
    })
  if (error.cause instanceof CausewayError) return error.cause
  if (isEndedByRemote(error))
    return new CausewayError('DISCONNECTED', `The connection was lost: ${error.rawMessage}`, { cause: error })
  return new CausewayError(fallbacks[error.code] ?? 'PROTOCOL', error.rawMessage, { cause: error })
}

/** Reports whether the other side ended the connection or the call's stream, which connect-node calls internal. */
function isEndedByRemote(error: ConnectError): boolean {
  if (error.code === Code.Canceled && error.rawMessage.startsWith('http/2 stream closed')) return true
  let { cause } = error
  for (let depth = 0; cause instanceof Error && depth < 8; depth++, cause = cause.cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    if (
      /^(ERR_HTTP2_(GOAWAY_SESSION|INVALID_SESSION|SESSION_ERROR|STREAM_CANCEL)|ERR_STREAM_PREMATURE_CLOSE|ECONNRESET|EPIPE)$/.test(
        code,
      )
    )
      return true
    if (
      code === 'ERR_HTTP2_STREAM_ERROR' &&
      /NGHTTP2_(REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM)/.test(cause.message)
    )
      return true
  }
  return false
}
