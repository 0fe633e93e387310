/**
 * Passes requests of Node's HTTP servers to services and writes their answers, for all protocols of Connect. It
 * replaces connect-node's adapter, which keeps a handler and all that it holds for ever if the caller leaves while an
 * answer waits for room, throws at requests without an authority, and lets strangers write to the process's stderr.
 */
import type { ServerResponse } from 'node:http'
import {
  type ConnectError,
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
  createContextKey,
  type Interceptor,
} from '@connectrpc/connect'
import type { UniversalServerRequest } from '@connectrpc/connect/protocol'
import { universalRequestFromNodeRequest } from '@connectrpc/connect-node'
import type { Clock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { callerKey } from '../caller.ts'
import { fastBrotli, fastGzip } from '../compression.ts'
import { freePayer, requestBody } from './body/request-body.ts'
import { errorBoundary, type ProblemListener, translateError } from './boundary.ts'
import { capDeadline } from './head/deadline.ts'
import { answersGet, cacheable, once, postOf } from './head/get.ts'
import { type MethodHandler, standInsOf, unknownMethod } from './head/unknown-method.ts'
import type { HttpRequest, HttpResponse } from './http-call.ts'
import { inTime } from './in-time.ts'
import { loadKey } from './load.ts'
import { type CallListener, observeCalls, refusedCall } from './observe.ts'
import type { OpenCall } from './throttle.ts'
import { typedAnswer } from './typed-answer.ts'

type HandlerAnswer = Awaited<ReturnType<MethodHandler>>
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void

export interface PlainAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string | Promise<string>
  /** Whether callers get it even past their bounds, because it must always be possible to ask for it. */
  readonly unbounded?: boolean
}

export interface HandlerOptions {
  readonly routes: (router: ConnectRouter) => void
  /** Run before each handler, inside the boundary that translates errors. */
  readonly interceptors?: readonly Interceptor[] | undefined
  /** Called with how each call went. */
  readonly onCall?: CallListener | undefined
  readonly onProblem?: ProblemListener | undefined
  /** Answers requests that are not RPC, by their path. */
  readonly plain?: ((path: string, request: HttpRequest) => PlainAnswer | undefined) | undefined
  /** Returns the reason to refuse a request whoever makes it, or undefined. */
  readonly refuse?: ((request: HttpRequest, isGetCall: boolean) => CausewayError | undefined) | undefined
  /** Sets the headers of an answer for the page that asks; returns the whole answer if only its browser asks. */
  readonly answerPage?:
    | ((request: HttpRequest, response: HttpResponse) => PlainAnswer | undefined)
    | undefined
  readonly contextValues: (request: HttpRequest) => ContextValues
  readonly clock: Clock
  /**
   * Begins a call before its body is read: sets its caller in the context values. Rejects with the reason to refuse it.
   */
  readonly enter: (request: HttpRequest, values: ContextValues) => Promise<OpenCall | undefined>
  /** Charges a request that is no call. Returns false if its caller has made too many. */
  readonly mayAsk: (request: HttpRequest) => boolean
  /** Called when the body of a request comes too slowly, before the call is answered with TIMEOUT. */
  readonly onLate?: ((request: HttpRequest) => void) | undefined
  /** When it fires, the calls under way end. */
  readonly shutdownSignal: AbortSignal
}

const notFound: PlainAnswer = {
  status: 404,
  contentType: 'text/plain',
  body: 'There is nothing at this path. RPC paths look like /causeway.v1.TreeService/ListTrees.\n',
}

const notAllowed: PlainAnswer = {
  status: 405,
  contentType: 'text/plain',
  body: 'Calls are made by POST; unary ones without side effects also by GET.\n',
}

const badRequest: PlainAnswer = {
  status: 400,
  contentType: 'text/plain',
  body: 'A request must name a host and a path.\n',
}

const tooMany: PlainAnswer = {
  status: 429,
  contentType: 'text/plain',
  body: 'Unknown callers from your address have made too many requests: try again in a second.\n',
}

const forbidden = ({ message }: CausewayError): PlainAnswer => ({
  status: 403,
  contentType: 'text/plain',
  body: `${message}\n`,
})

export function createHandler(options: HandlerOptions): HttpHandler {
  const router = createConnectRouter({
    interceptors: [
      throwRefusal,
      ...(options.onCall ? [observeCalls(options.clock, options.onCall)] : []),
      errorBoundary(options.onProblem),
      ...(options.interceptors ?? []),
    ],
    acceptCompression: [fastGzip, fastBrotli],
    compressMinBytes: limits.compressMinBytes,
    readMaxBytes: limits.messageBytes,
    writeMaxBytes: limits.answerBytes,
    jsonOptions: { ignoreUnknownFields: false },
    shutdownSignal: options.shutdownSignal,
  })
  options.routes(router)
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]))
  const standIn = standInsOf(router.handlers)

  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const known = handlers.get(path)
    const handler = known ?? standIn(path, request)
    const isGet = request.method === 'GET' && known !== undefined && answersGet(known.method)
    const refusal = options.refuse?.(request, isGet)
    // A typed error takes the place of the body, so a request without one gets a plain answer.
    if (refusal !== undefined && (handler === undefined || request.method !== 'POST'))
      return sendPlain(response, forbidden(refusal))
    const toBrowser = refusal === undefined ? options.answerPage?.(request, response) : undefined
    if (toBrowser !== undefined || handler === undefined || !(isGet || request.method === 'POST')) {
      const other = handler === undefined ? (options.plain?.(path, request) ?? notFound) : notAllowed
      const answer = toBrowser ?? other
      const mayAnswer = options.mayAsk(request) || answer.unbounded === true
      return sendPlain(response, mayAnswer ? answer : tooMany)
    }
    let universal: ReturnType<typeof universalRequestFromNodeRequest>
    try {
      universal = universalRequestFromNodeRequest(
        request,
        response,
        undefined,
        options.contextValues(request),
      )
    } catch {
      // An HTTP/1.0 request may name no host, and a path may be malformed.
      return sendPlain(response, badRequest)
    }
    const { header } = universal
    const get = isGet ? postOf(universal) : undefined
    if (get !== undefined) universal = get.post
    capDeadline(universal.header)
    const writer = new AnswerWriter(response)
    const begin = async (): Promise<AsyncIterable<Uint8Array>> => {
      if (refusal !== undefined) throw refusal
      const values = universal.contextValues!
      const call = await options.enter(request, values)
      const sent = universal.body as AsyncIterable<Uint8Array>
      const chunks = get
        ? once(get.readMessage())
        : inTime(request, sent, options.clock, () => options.onLate?.(request))
      if (call !== undefined) {
        values.set(loadKey, call.load)
        // The caller may have left while its proof was checked.
        if (writer.callerGone) call.leave()
        else response.once('close', () => call.leave())
        writer.charge = (bytes, signal) => call.send(bytes, signal)
      }
      if (known === undefined) throw unknownMethod(path)
      return requestBody(universal, call?.body(chunks) ?? chunks, known.method, call?.payer ?? freePayer)
    }
    begin()
      .catch((error) => {
        const reason = translateError(error, path.slice(1), options.onProblem)
        universal.contextValues!.set(refusalKey, reason)
        options.onCall?.(refusedCall(universal.contextValues!.get(callerKey), known, reason))
        return failingBody(reason)
      })
      .then((body) => (writer.callerGone ? undefined : handler({ ...universal, body }).then(typedAnswer)))
      .then((made) => (made && get ? cacheable(made, header, isAnonymous(universal)) : made))
      .then((handlerAnswer) => handlerAnswer && writer.send(handlerAnswer))
      .catch((error) => {
        if (writer.callerGone) return
        options.onProblem?.(error, path.slice(1))
        response.destroy()
      })
  }
}

function isAnonymous({ contextValues }: UniversalServerRequest): boolean {
  const { peer, operator } = contextValues!.get(callerKey)
  return peer === undefined && !operator
}

const refusalKey = createContextKey<ConnectError | undefined>(undefined, {
  description: 'why this call was refused before its body was read',
})

/** Ends a refused call before anything else is done for it. Of streams the body is read after the interceptors. */
const throwRefusal: Interceptor = (next) => (request) => {
  const refusal = request.contextValues.get(refusalKey)
  if (refusal !== undefined) throw refusal
  return next(request)
}

/** Returns a body that fails when read, so that no byte is read and the call is answered with this error. */
function failingBody(error: ConnectError): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
}

/** Writes an answer as fast as the caller reads it and may receive it, charges all of it, and ends the handler's stream when the caller leaves. */
class AnswerWriter {
  private readonly response: ServerResponse
  /** Whether the caller has left, or has received everything. */
  callerGone = false
  /** Charges what was sent, and waits while that is more than the caller may receive now. */
  charge: (bytes: number, signal: AbortSignal) => Promise<void> = async () => {}
  private readonly gone = new AbortController()
  private wake = () => {}

  constructor(response: HttpResponse) {
    // Both kinds of response have the members used here, but their overloads cannot be united.
    this.response = response as ServerResponse
    const onGone = () => {
      this.callerGone = true
      this.wake()
      this.gone.abort()
    }
    this.response.once('close', onGone)
    this.response.once('error', onGone)
    this.response.on('drain', () => this.wake())
  }

  async send({ status, header, body, trailer }: HandlerAnswer): Promise<void> {
    const { response } = this
    const chunks = body?.[Symbol.asyncIterator]()
    try {
      // Read a chunk before sending the headers, because the handler may still set some.
      let chunk = await chunks?.next()
      if (!this.callerGone) response.writeHead(status, Object.fromEntries(header ?? []))
      for (; chunk !== undefined && !chunk.done; chunk = await chunks!.next()) {
        if (this.callerGone) return
        if (!response.write(chunk.value)) await this.room()
        await this.charge(chunk.value.length, this.gone.signal)
      }
      if (this.callerGone) return
      if (trailer !== undefined) response.addTrailers(Object.fromEntries(trailer))
      response.end()
    } finally {
      await chunks?.return?.()
    }
  }

  private room(): Promise<void> | undefined {
    if (this.callerGone) return
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }
}

export function sendPlain(response: HttpResponse, { status, contentType, body }: PlainAnswer): void {
  // Both kinds of response have these members, but their overloads cannot be united.
  const plain = response as ServerResponse
  const send = (text: string) => {
    if (plain.destroyed) return
    plain.writeHead(status, { 'content-type': contentType })
    plain.end(text)
  }
  if (typeof body === 'string') send(body)
  else body.then(send, () => plain.destroy())
}
