/**
 * Spans of calls: one where a call is made, and one, its child, where it is answered. They are named and described as
 * OpenTelemetry's conventions for RPC say; none has a payload, a key that is secret, or the text of an error.
 */
import type { DescMessage } from '@bufbuild/protobuf'
import { Code, type Interceptor, type StreamRequest, type UnaryRequest } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import type { OpenSpan, Tracing } from '../../base/tracing/tracing.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type EntryId, formatId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Caller, callerKey } from '../caller.ts'
import { fromConnectError, toConnectError } from '../errors.ts'
import { readTraceHeaders, writeTraceHeaders } from './headers.ts'

type CallRequest = UnaryRequest<DescMessage, DescMessage> | StreamRequest<DescMessage, DescMessage>

/** Codes that say that the server failed, and not its caller. */
const serverFaults: ReadonlySet<Code> = new Set([
  ...[
    Code.Unknown,
    Code.DeadlineExceeded,
    Code.Unimplemented,
    Code.Internal,
    Code.Unavailable,
    Code.DataLoss,
  ],
])

/** Returns what makes a span of each call to a remote, whose key is known once it has proven it. */
export function traceCalling(tracing: Tracing, remote: () => PeerId | undefined): Interceptor {
  return (next) => (request) => {
    const span = tracing.begin(nameOf(request), { kind: 'CLIENT', attributes: describe(request, remote()) })
    writeTraceHeaders(request.header, span.context)
    return follow(next, request, span, (error) => fail(span, request, error, true))
  }
}

/** Returns what makes a span of each call that is answered. It continues the caller's trace if the caller is `trusted`. */
export function traceServing(tracing: Tracing, trusted: (caller: Caller) => boolean): Interceptor {
  return (next) => (request) => {
    const caller = request.contextValues.get(callerKey)
    const parent = trusted(caller) ? readTraceHeaders(tracing, request.header) : undefined
    const attributes = { ...describe(request, caller.peer), 'causeway.transport': caller.transport }
    const span = tracing.begin(nameOf(request), {
      kind: 'SERVER',
      parents: parent ? [parent] : [],
      attributes,
    })
    return follow(next, request, span, (error) =>
      fail(span, request, error, serverFaults.has(toConnectError(error).code)),
    )
  }
}

type Next = Parameters<Interceptor>[0]
type Failed = (error: unknown) => void

/** Makes a call in the course of its span, and ends the span with the end of the answer. */
async function follow(next: Next, request: CallRequest, span: OpenSpan, failed: Failed) {
  try {
    const noted = request.stream ? { ...request, message: noteFirst(request.message, span) } : request
    const response = await span.run(() => next(noted))
    if (response.stream) {
      // A stream that nobody reads ends with its call.
      request.signal.addEventListener('abort', () => span.end(), { once: true })
      return { ...response, message: followStream(response.message, span, failed) }
    }
    span.end()
    return response
  } catch (error) {
    failed(error)
    span.end()
    throw error
  }
}

/** Passes on the messages of a request, and notes what the first of them says. */
async function* noteFirst<Message extends object>(messages: AsyncIterable<Message>, span: OpenSpan) {
  let isFirst = true
  for await (const message of messages) {
    if (isFirst) span.set(describeMessage(message))
    isFirst = false
    yield message
  }
}

/** Passes on the messages of an answer; each is made in the course of the span. */
function followStream<Message>(
  messages: AsyncIterable<Message>,
  span: OpenSpan,
  failed: Failed,
): AsyncIterable<Message> {
  return {
    [Symbol.asyncIterator]() {
      const each = span.run(() => messages[Symbol.asyncIterator]())
      return {
        async next() {
          try {
            const step = await span.run(() => each.next())
            if (step.done) span.end()
            return step
          } catch (error) {
            failed(error)
            span.end()
            throw error
          }
        },
        async return(value?: unknown) {
          try {
            return (await span.run(() => each.return?.(value))) ?? { done: true, value: undefined }
          } finally {
            span.end()
          }
        },
      }
    },
  }
}

function nameOf({ service, method }: CallRequest): string {
  return `${service.typeName}/${method.name}`
}

function systemOf({ header }: CallRequest): 'grpc' | 'connect_rpc' {
  return header.get('content-type')?.startsWith('application/grpc') ? 'grpc' : 'connect_rpc'
}

function describe(request: CallRequest, peer: PeerId | undefined) {
  const { service, method } = request
  return {
    'rpc.system': systemOf(request),
    'rpc.service': service.typeName,
    'rpc.method': method.name,
    ...(peer !== undefined && { 'causeway.peer': peer }),
    ...(!request.stream && describeMessage(request.message)),
  }
}

/** The tree that a message names, and how many entries it carries. */
function describeMessage(message: object) {
  const { tree, entries } = message as { tree?: unknown; entries?: unknown }
  return {
    ...(tree instanceof Uint8Array && tree.length === 32 && { 'causeway.tree': formatId(readHex(tree)) }),
    ...(Array.isArray(entries) && entries.length > 0 && { 'causeway.entries': entries.length }),
  }
}

const readHex = (id: Uint8Array) => bytesToHex(id) as EntryId

function fail(span: OpenSpan, request: CallRequest, error: unknown, blames: boolean): void {
  const { code } = toConnectError(error)
  if (systemOf(request) === 'grpc') span.set({ 'rpc.grpc.status_code': code })
  else span.set({ 'rpc.connect_rpc.error_code': codeToString(code) })
  span.fail(fromConnectError(error).code, blames)
}
