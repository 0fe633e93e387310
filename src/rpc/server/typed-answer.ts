/**
 * Adds the typed detail to errors that Connect itself answers with, before any handler runs: for a message that cannot
 * be read, is too large or badly compressed, or a malformed deadline. They appear only in the answer, and each protocol
 * has another place for them.
 */
import { Code, ConnectError } from '@connectrpc/connect'
import type { UniversalServerResponse } from '@connectrpc/connect/protocol'
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorFromJsonBytes,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect'
import { findTrailerError, setTrailerStatus } from '@connectrpc/connect/protocol-grpc'
import { isTyped, toConnectError } from '../errors.ts'

/** Returns the answer with a typed detail in its error, if it has one. */
export async function typedAnswer(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { status, header, body, trailer } = answer
  if (body === undefined) return answer
  // gRPC's trailers are known when its body has ended.
  if (trailer !== undefined) return { ...answer, body: withTypedTrailers(body, trailer) }
  const type = header?.get('content-type') ?? ''
  if (type.startsWith('application/connect+')) return { ...answer, body: withTypedEnd(body) }
  const failed = status >= 400 && type === 'application/json' && !header!.has('content-encoding')
  return failed ? typedFailure(answer, body) : answer
}

/** Handles a failed unary call, whose body is the error as JSON. */
async function typedFailure(
  answer: UniversalServerResponse,
  body: AsyncIterable<Uint8Array>,
): Promise<UniversalServerResponse> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const error = errorFromJsonBytes(bytes, undefined, new ConnectError('', Code.Internal))
  if (isTyped(error)) return { ...answer, body: once(bytes) }
  const better = toConnectError(error)
  answer.header!.delete('content-length')
  return { ...answer, status: codeToHttpStatus(better.code), body: once(errorToJsonBytes(better, undefined)) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Passes on the body of a Connect stream, whose last message carries its error. */
async function* withTypedEnd(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    const { error, metadata } =
      chunk[0] === endStreamFlag ? endStreamFromJson(chunk.subarray(envelopeBytes)) : {}
    if (error === undefined || isTyped(error)) yield chunk
    else
      yield envelope(
        endStreamFlag,
        JSON.stringify(endStreamToJson(metadata!, toConnectError(error), undefined)),
      )
  }
}

/** Passes on the body of a gRPC call, then adds the detail to the error in its trailers. */
async function* withTypedTrailers(
  body: AsyncIterable<Uint8Array>,
  trailer: Headers,
): AsyncGenerator<Uint8Array> {
  yield* body
  const error = findTrailerError(trailer)
  if (error !== undefined && !isTyped(error)) setTrailerStatus(trailer, toConnectError(error))
}

const envelopeBytes = 5

function envelope(flag: number, text: string): Uint8Array {
  const data = Buffer.from(text)
  const head = Buffer.alloc(envelopeBytes)
  head[0] = flag
  head.writeUInt32BE(data.length, 1)
  return Buffer.concat([head, data])
}
