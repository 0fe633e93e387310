/**
 * The listener for operators' tools: metrics, health and the node's page over plain HTTP/1.1, on an address of its own, so
 * that who may reach it is decided apart from who may reach the node. For metrics it asks for no proof: by default only
 * this machine reaches it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CausewayError } from '../base/errors.ts'
import { isLoopback } from '../base/hosts.ts'
import { limits } from '../base/limits.ts'
import type { PlainAnswer } from '../rpc/server/server.ts'
import { type AllowedNames, refuseNaming } from '../rpc/server/web/browsers.ts'
import { listenError } from '../transport/listening.ts'

export interface AdminOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Allows an address that other machines can reach. */
  readonly insecure?: boolean
}

export interface AdminListener extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:9464`. */
  readonly url: string
}

/** What the listener serves. */
export interface AdminParts {
  /** Returns the answer to a path, or undefined. */
  readonly answer: (path: string) => PlainAnswer | undefined
  /** Takes the requests that are for the node's page, and answers them. */
  readonly page: { take(request: IncomingMessage, response: ServerResponse): boolean }
}

/**
 * Opens the listener. Throws INVALID_ARGUMENT if other machines could reach it
 * without `insecure`, and BAD_ADDRESS if it cannot listen there.
 */
export async function listenAdmin(
  { host, port, insecure = false }: AdminOptions,
  allowed: AllowedNames,
  { answer, page }: AdminParts,
): Promise<AdminListener> {
  if (!insecure && !isLoopback(host))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Everybody who reaches ${host} could read the node's metrics: give operators 127.0.0.1, or accept that with --insecure.`,
      { data: { host } },
    )
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
    },
    (request, response) => {
      // From Node 26 on, a request that is cut emits an error, and one that nobody hears ends the process.
      request.on('error', () => {})
      const refusal = refuse(request, allowed)
      if (refusal !== undefined || !page.take(request, response))
        send(request, response, refusal ?? answerRequest(request, answer))
    },
  )
  server.maxConnections = limits.adminConnections
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port, '--admin')))
    server.listen({ host, port }, resolve)
  })
  // Later errors concern single connections.
  server.on('error', () => {})
  const { address, port: bound, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const contentType = 'text/plain; charset=utf-8'

/** Returns the answer to a request that a page of another origin may have made, or undefined. */
function refuse(
  { headers: { host, origin } }: IncomingMessage,
  allowed: AllowedNames,
): PlainAnswer | undefined {
  // Wherever it listens, a page in an operator's browser could reach it, and a browser names no origin in a GET.
  const listener = { loopback: true, certifies: () => false }
  // Nothing here is for the pages of all origins, so it asks as if it came with a token.
  const naming = { hosts: host === undefined ? [] : [host], origin, proves: true, isHttp2: false }
  const refusal = refuseNaming(naming, listener, allowed)
  return refusal && { status: 403, contentType, body: `${refusal.message}\n` }
}

function answerRequest({ method, url }: IncomingMessage, answer: AdminParts['answer']): PlainAnswer {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, contentType, body: 'Expected GET or HEAD.\n' }
  const found = answer(url?.split('?', 1)[0] ?? '')
  return found ?? { status: 404, contentType, body: 'Expected /metrics, /healthz or /readyz.\n' }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body }: PlainAnswer,
): void {
  if (typeof body !== 'string')
    return void body.then(
      (text) => send(request, response, { status, contentType, body: text }),
      () => response.destroy(),
    )
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}
