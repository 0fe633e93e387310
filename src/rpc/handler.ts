/**
 * From a request of Node's HTTP servers to a service and back, for all protocols of Connect. Written in place of
 * connect-node's adapter because that one throws at requests without an authority, and writes a line to the process's
 * stderr for every connection that breaks, which is for a stranger to decide.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { type ConnectRouter, type ContextValues, createConnectRouter } from '@connectrpc/connect'
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node'
import { limits } from '../limits.ts'
import { errorBoundary, type ProblemListener } from './boundary.ts'

export type HttpRequest = IncomingMessage | Http2ServerRequest
export type HttpResponse = ServerResponse | Http2ServerResponse
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void

export interface PlainAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface HandlerOptions {
  readonly routes: (router: ConnectRouter) => void
  readonly onProblem?: ProblemListener | undefined
  /** Answers what is no RPC, by its path. */
  readonly plain?: ((path: string) => PlainAnswer | undefined) | undefined
  readonly contextValues: (request: HttpRequest) => ContextValues
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
    interceptors: [errorBoundary(options.onProblem)],
    acceptCompression: [compressionGzip, compressionBrotli],
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
    handler(universal)
      .then((answered) => universalResponseToNodeResponse(answered, response))
      .catch((error) => {
        // The usual reason is that the caller is gone.
        if (response.destroyed || response.writableEnded) return
        options.onProblem?.(error, path.slice(1))
        response.destroy()
      })
  }
}

export function answer(response: HttpResponse, { status, contentType, body }: PlainAnswer): void {
  // Both kinds of response have these, but their overloads do not unite.
  const plain = response as ServerResponse
  plain.writeHead(status, { 'content-type': contentType })
  plain.end(body)
}
