/**
 * The one place where errors cross the wire: a CausewayError becomes a ConnectError with a typed detail, and comes
 * out at the other side as a CausewayError with the same code and data.
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
  PROTOCOL: Code.Internal,
  INTERNAL: Code.Internal,
}

/** Node's words for a connection that broke under a call: the network's doing, and nobody's mistake. */
const cutCodes = /^(ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED|ERR_HTTP2_.*|ECONNRESET|EPIPE)$/

function wasCut(error: unknown): boolean {
  return error instanceof Error && cutCodes.test((error as NodeJS.ErrnoException).code ?? '')
}

/** Whatever a handler threw, for the wire. Unexpected errors keep their text to themselves. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return withDetail(error)
  const known = CausewayError.from(error, wasCut(error) ? 'DISCONNECTED' : 'INTERNAL')
  const message =
    known.code === 'INTERNAL' ? 'Something went wrong inside the node; its log says what.' : known.message
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

/** gRPC carries errors in trailers, which a client takes up to a bound; what a caller said may be long, and come back. */
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

/** Whether an error carries the detail that every error of ours has. */
export function isTyped(error: ConnectError): boolean {
  return error.findDetails(ErrorDetailSchema).length > 0
}

/** What Connect says of a message that it cannot read, as if the mistake were the node's. */
const callersMistake = /^(parse binary|received compressed envelope|protocol error)/

/** Connect's own errors (deadlines, what is not built, what cannot be read) with the detail that every error carries. */
function withDetail(error: ConnectError): ConnectError {
  if (isTyped(error)) return error
  const { code, rawMessage } = error
  const callers = callersMistake.test(rawMessage) && (code === Code.Internal || code === Code.DataLoss)
  const better = callers ? Code.InvalidArgument : code
  const detail = { desc: ErrorDetailSchema, value: { code: fallbacks[better] ?? 'INTERNAL' } }
  return new ConnectError(cutText(rawMessage, limits.errorTextBytes), better, error.metadata, [detail], error)
}

/** Whatever a call threw, as a CausewayError. An aborted signal's own reason wins over what it caused. */
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
  if (isBreak(error))
    return new CausewayError('DISCONNECTED', `The connection was lost: ${error.rawMessage}`, { cause: error })
  return new CausewayError(fallbacks[error.code] ?? 'PROTOCOL', error.rawMessage, { cause: error })
}

/** The connection, or the call's stream on it, was ended by the other side; connect-node calls that internal. */
function isBreak(error: ConnectError): boolean {
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
    if (code === 'ERR_HTTP2_STREAM_ERROR' && /NGHTTP2_(REFUSED_STREAM|CANCEL)/.test(cause.message))
      return true
  }
  return false
}
