/**
 * The node's page for browsers, on the operators' listener: its files, the link that opens it, and the calls that it
 * makes. A caller without a session gets a hint how to get one, and nothing else. No other page can make a call with
 * somebody's session: a browser sends the cookie by itself, but never the header with the page's own secret, which needs
 * a script of this very origin; a foreign script that sets the header has its browser ask first (CORS), and nobody here
 * answers.
 */
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ConnectRouter, createContextValues } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { parseAllowedOrigin } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import { callerKey, stoppingKey } from '../../rpc/caller.ts'
import type { ProblemListener } from '../../rpc/server/boundary.ts'
import { createHandler, type HttpHandler } from '../../rpc/server/handler.ts'
import type { CallListener } from '../../rpc/server/observe.ts'
import { type PageFile, pageHeaders, readPageFiles } from './files.ts'
import type { PageSessions } from './sessions.ts'

export interface PageParts {
  readonly sessions: PageSessions
  readonly clock: Clock
  readonly routes: (router: ConnectRouter) => void
  readonly onCall: CallListener
  readonly onError: ProblemListener
}

/** The header with the page's own secret. */
const keyHeader = 'causeway-page'
const loginPath = '/login/'

const hint = htmlOf(
  'Causeway',
  '<h1>A Causeway node</h1><p>To see its page, run <code>causeway ui</code> on the machine of the node, with the same <code>--data</code>, and open the link that it prints.</p>',
)

export class NodePage {
  /** Where the operators' listener is; undefined while it is closed. */
  url: string | undefined
  private readonly parts: PageParts
  private readonly handler: HttpHandler
  private readonly stopping = new AbortController()
  /** The answers under way, each of which ends with its session. */
  private readonly open = new Set<ServerResponse>()
  private files: ReadonlyMap<string, PageFile> | undefined

  constructor(parts: PageParts) {
    this.parts = parts
    // There is one listener for each call under way.
    setMaxListeners(0, this.stopping.signal)
    this.handler = createHandler({
      ...{ routes: parts.routes, clock: parts.clock, onCall: parts.onCall, onProblem: parts.onError },
      contextValues: ({ socket }) => {
        const caller = { remoteAddress: socket.remoteAddress ?? '', transport: 'page', operator: true }
        return createContextValues().set(callerKey, caller).set(stoppingKey, this.stopping.signal)
      },
      shutdownSignal: this.stopping.signal,
      enter: async () => undefined,
      mayAsk: () => true,
    })
  }

  /** Takes a request that is for the page, and answers it. Returns false for any other. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (/^\/(causeway|grpc)\.[\w.]+\/\w+$/.test(path)) this.call(request, response)
    else if (path.startsWith(loginPath)) void this.login(request, response, path.slice(loginPath.length))
    // A browser asks for it by itself, and would warn of an answer that is none.
    else if (path === '/favicon.ico') response.writeHead(204, pageHeaders).end()
    else if (path === '/' || this.readFiles().has(path)) this.sendFile(request, response, path)
    else return false
    return true
  }

  /**
   * Returns a new link that opens the page, once, at an origin or where it is served. Throws NOT_STARTED if it is not
   * served, and INVALID_ARGUMENT if the origin is none.
   */
  link(origin: string): { readonly url: string; readonly untilMs: number } {
    if (this.url === undefined || !this.readFiles().has('/'))
      throw new CausewayError(
        'NOT_STARTED',
        this.url === undefined
          ? 'The node serves no page: start it without --no-admin.'
          : 'The page of this node is not built: run `npm run build`.',
      )
    const at = origin === '' ? this.url : parseAllowedOrigin(origin)
    if (at === '*') throw new CausewayError('INVALID_ARGUMENT', 'Expected one origin, got *.')
    const { secret, untilMs } = this.parts.sessions.createLink()
    return { url: `${at}${loginPath}${secret}`, untilMs }
  }

  /** Ends all sessions, the calls that they make, and all links. Returns how many sessions there were. */
  async end(): Promise<number> {
    const ended = await this.parts.sessions.end()
    for (const response of this.open) response.destroy()
    return ended
  }

  /** Ends the calls under way that have no end of their own. */
  stop(): void {
    this.url = undefined
    this.stopping.abort(new CausewayError('CLOSED', 'The node is stopping.'))
  }

  private readFiles(): ReadonlyMap<string, PageFile> {
    this.files ??= readPageFiles()
    return this.files ?? new Map()
  }

  private call(request: IncomingMessage, response: ServerResponse): void {
    const { origin, host } = request.headers
    const key = request.headers[keyHeader]
    const untilMs = typeof key === 'string' ? this.parts.sessions.proves(cookieOf(request), key) : undefined
    const isOwn = origin === `http://${host}` || origin === `https://${host}`
    if (request.method !== 'POST' || !isOwn || untilMs === undefined)
      return void sendHtml(request, response, 401, hint)
    const { clock } = this.parts
    const cancel = clock.setTimer(untilMs - clock.now(), () => response.destroy())
    this.open.add(response)
    response.once('close', () => {
      cancel()
      this.open.delete(response)
    })
    this.handler(request, response)
  }

  private async login(request: IncomingMessage, response: ServerResponse, secret: string): Promise<void> {
    // Whoever only looks at a link, such as a mail scanner by HEAD, does not spend it.
    const granted = request.method === 'GET' ? await this.redeem(secret) : undefined
    if (granted === undefined) return void sendHtml(request, response, 403, htmlOf('Causeway', expired))
    const isSecure = request.headers['x-forwarded-proto'] === 'https'
    const seconds = Math.floor(limits.pageSessionMs / 1000)
    response.setHeader(
      'set-cookie',
      `${cookieName(request)}=${granted.cookie}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`,
    )
    // The page takes its secret from the fragment, which no server and no log sees. A redirect would keep the cookie from
    // a browser that came here from another site, a page that goes on by itself does not.
    const next = `<meta http-equiv="refresh" content="0; url=/#key=${granted.key}">`
    sendHtml(request, response, 200, htmlOf('Causeway', '<p>Opening…</p>', next))
  }

  private async redeem(secret: string) {
    try {
      return await this.parts.sessions.redeem(secret)
    } catch (error) {
      this.parts.onError(error, 'the page')
      return undefined
    }
  }

  private sendFile(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void sendHtml(request, response, 405, htmlOf('Causeway', '<p>Expected GET or HEAD.</p>'))
    if (this.parts.sessions.holds(cookieOf(request)) === undefined)
      return void sendHtml(request, response, 403, hint)
    const file = this.readFiles().get(path)
    if (file === undefined) return void sendHtml(request, response, 503, htmlOf('Causeway', unbuilt))
    const isGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    const body = isGzip ? file.gzipped : file.plain
    response.writeHead(200, {
      ...pageHeaders,
      'content-type': file.contentType,
      'content-length': body.length,
      'cache-control': file.isLasting ? 'private, max-age=31536000, immutable' : 'no-store',
      vary: 'Accept-Encoding, Cookie',
      ...(isGzip && { 'content-encoding': 'gzip' }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

const expired =
  '<h1>This link has been used, or has expired</h1><p>Run <code>causeway ui</code> again, and open the new link.</p>'
const unbuilt = '<p>The page of this node is not built: run <code>npm run build</code>.</p>'

/** Browsers send a cookie to all ports of a host, so the name says whose it is. */
function cookieName({ headers: { host = '' } }: IncomingMessage): string {
  return `causeway-page-${/:(\d+)$/.exec(host)?.[1] ?? 'default'}`
}

function cookieOf(request: IncomingMessage): string {
  const name = cookieName(request)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2)
    if (key === name) return value
  }
  return ''
}

function htmlOf(title: string, body: string, head = ''): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">${head}<title>${title}</title><main>${body}</main></html>\n`
}

function sendHtml(request: IncomingMessage, response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    ...pageHeaders,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
