/**
 * From a request of Node's HTTP servers to a service and back, for all protocols of Connect. Written in place of
 * connect-node's adapter because that one waits for ever, with all that the handler holds, when a caller leaves while
 * an answer waits for room; throws at requests without an authority; and lets strangers write to the process's stderr.
 */
import type { ServerResponse } from 'node:http'
import {
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
  type Interceptor,
} from '@connectrpc/connect'
import { universalRequestFromNodeRequest } from '@connectrpc/connect-node'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { fastBrotli, fastGzip } from '../compression.ts'
import { toConnectError } from '../errors.ts'
import { errorBoundary, type ProblemListener } from './boundary.ts'
import type { HttpRequest, HttpResponse } from './http-call.ts'
import { inTime } from './in-time.ts'
import { loadKey } from './load.ts'
import type { Entered } from './throttle.ts'
import { typedAnswer } from './typed-answer.ts'

type Answered = Awaited<ReturnType<ReturnType<typeof createConnectRouter>['handlers'][number]>>
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void

export interface PlainAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface HandlerOptions {
  readonly routes: (router: ConnectRouter) => void
  /** What every call passes before its handler, inside the boundary that translates errors. */
  readonly interceptors?: readonly Interceptor[] | undefined
  readonly onProblem?: ProblemListener | undefined
  /** Answers what is no RPC, by its path. */
  readonly plain?: ((path: string) => PlainAnswer | undefined) | undefined
  readonly contextValues: (request: HttpRequest) => ContextValues
  readonly clock: Clock
  /** Begins a call, or throws why it may not. */
  readonly enter?: ((request: HttpRequest) => Entered) | undefined
  /** Ends the calls that are under way. */
  readonly shutdownSignal: AbortSignal
}

const notFound: PlainAnswer = {
  status: 404,
  contentType: 'text/plain',
  body: 'Not found. RPC paths look like /causeway.v1.TreeService/ListTrees.\n',
}

const badRequest: PlainAnswer = {
  status: 400,
  contentType: 'text/plain',
  body: 'A request names its host and a path.\n',
}

export function createHandler(options: HandlerOptions): HttpHandler {
  const router = createConnectRouter({
    interceptors: [errorBoundary(options.onProblem), ...(options.interceptors ?? [])],
    acceptCompression: [fastGzip, fastBrotli],
    compressMinBytes: limits.compressMinBytes,
    readMaxBytes: limits.messageBytes,
    writeMaxBytes: limits.answerBytes,
    maxTimeoutMs: limits.callTimeoutMs,
    shutdownSignal: options.shutdownSignal,
  })
  options.routes(router)
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]))

  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const handler = handlers.get(path)
    if (handler === undefined) return answer(response, options.plain?.(path) ?? notFound)
    let universal: ReturnType<typeof universalRequestFromNodeRequest>
    try {
      universal = universalRequestFromNodeRequest(
        request,
        response,
        undefined,
        options.contextValues(request),
      )
    } catch {
      // HTTP/1.0 need not say which host it wants, and a path may be no path.
      return answer(response, badRequest)
    }
    const writer = new AnswerWriter(response)
    let body: AsyncIterable<Uint8Array> = inTime(
      request,
      universal.body as AsyncIterable<Uint8Array>,
      options.clock,
    )
    try {
      const entered = options.enter?.(request)
      if (entered !== undefined) {
        universal.contextValues!.set(loadKey, entered.load)
        response.once('close', () => entered.leave())
        body = entered.body(body)
      }
    } catch (error) {
      body = refusing(error)
    }
    handler({ ...universal, body })
      .then(typedAnswer)
      .then((answered) => writer.send(answered))
      .catch((error) => {
        if (writer.left) return
        options.onProblem?.(error, path.slice(1))
        response.destroy()
      })
  }
}

/** In place of a request's body: the call is answered with the error, in whatever protocol it came, and nothing of it is read. */
function refusing(error: unknown): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(toConnectError(error)) }),
  }
}

/** Writes an answer as fast as the caller takes it, and ends the handler's stream when the caller leaves. */
class AnswerWriter {
  private readonly response: ServerResponse
  /** The caller is gone, or has all. */
  left = false
  private wake = () => {}

  constructor(response: HttpResponse) {
    // Both kinds of response have what is used here, but their overloads do not unite.
    this.response = response as ServerResponse
    const onLeft = () => {
      this.left = true
      this.wake()
    }
    this.response.once('close', onLeft)
    this.response.once('error', onLeft)
    this.response.on('drain', () => this.wake())
  }

  async send({ status, header, body, trailer }: Answered): Promise<void> {
    const { response } = this
    const chunks = body?.[Symbol.asyncIterator]()
    try {
      // Read before the headers are sent, because the handler may still set some.
      let chunk = await chunks?.next()
      if (!this.left) response.writeHead(status, Object.fromEntries(header ?? []))
      for (; chunk !== undefined && !chunk.done; chunk = await chunks!.next()) {
        if (this.left) return
        if (!response.write(chunk.value)) await this.room()
      }
      if (this.left) return
      if (trailer !== undefined) response.addTrailers(Object.fromEntries(trailer))
      response.end()
    } finally {
      await chunks?.return?.()
    }
  }

  private room(): Promise<void> | undefined {
    if (this.left) return
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }
}

export function answer(response: HttpResponse, { status, contentType, body }: PlainAnswer): void {
  // Both kinds of response have these, but their overloads do not unite.
  const plain = response as ServerResponse
  plain.writeHead(status, { 'content-type': contentType })
  plain.end(body)
}
