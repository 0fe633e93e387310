/**
 * Serves Connect, gRPC and gRPC-web over any byte stream. It looks at a connection's first bytes: HTTP/2's preface
 * goes to the HTTP/2 server, everything else is HTTP/1.1, so that plain `curl --json` works on the same port.
 */
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { type ConnectRouter, createContextValues, type Interceptor } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { ErrorDetailSchema } from '../../gen/causeway/v1/error_pb.ts'
import type { Clock } from '../clock.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import { type ByteChannel, type Caller, callerKey } from './caller.ts'
import { toConnectError } from './errors.ts'

export interface PlainAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface RpcServerOptions {
  readonly routes: (router: ConnectRouter) => void
  readonly clock: Clock
  /** Told of every call that failed for a reason that is not the caller's. */
  readonly onError?: (error: unknown, method: string) => void
  /** Answers plain HTTP requests that are no RPC, such as /metrics, by their path. */
  readonly plain?: (path: string) => PlainAnswer | undefined
}

const notFound: PlainAnswer = {
  status: 404,
  contentType: 'text/plain',
  body: 'Not found. RPC paths look like /causeway.v1.TreeService/ListTrees.\n',
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export class RpcServer {
  private readonly clock: Clock
  private readonly http1: http.Server
  private readonly http2: http2.Http2Server
  private readonly sessions = new Set<http2.ServerHttp2Session>()
  /** Streams that are open, with their callers. */
  private readonly channels = new Map<Duplex, { caller: Caller; channel: ByteChannel }>()
  /** Ends the calls that are left when a stop's grace is over. */
  private readonly shutdown = new AbortController()
  private readonly callers = new WeakMap<object, Caller>()
  private draining = false

  constructor(options: RpcServerOptions) {
    this.clock = options.clock
    const adapter = connectNodeAdapter({
      routes: options.routes,
      interceptors: [this.boundary(options.onError)],
      readMaxBytes: limits.messageBytes,
      writeMaxBytes: limits.messageBytes,
      maxTimeoutMs: limits.callTimeoutMs,
      shutdownSignal: this.shutdown.signal,
      compressMinBytes: limits.compressMinBytes,
      contextValues: (request) => {
        const carrier = 'stream' in request ? request.stream.session : request.socket
        const caller = carrier && this.callers.get(carrier)
        return caller ? createContextValues().set(callerKey, caller) : createContextValues()
      },
      fallback: (request, response) => {
        const answer = options.plain?.(request.url?.split('?', 1)[0] ?? '/') ?? notFound
        response.writeHead(answer.status, { 'content-type': answer.contentType })
        response.end(answer.body)
      },
    })
    const handler: typeof adapter = (request, response) => {
      try {
        adapter(request, response)
      } catch {
        // The adapter throws at requests without an authority, which would end the process.
        response.writeHead(400, { 'content-type': 'text/plain' })
        response.end('A request names its host.\n')
      }
    }
    this.http1 = http.createServer(
      { maxHeaderSize: limits.headerBytes, keepAliveTimeout: limits.idleTimeoutMs },
      handler,
    )
    this.http1.setTimeout(limits.idleTimeoutMs)
    this.http2 = http2.createServer(
      {
        maxSessionMemory: limits.sessionMemoryMegabytes,
        settings: {
          maxConcurrentStreams: limits.streamsPerConnection,
          initialWindowSize: limits.streamWindowBytes,
          maxHeaderListSize: limits.headerBytes,
          enablePush: false,
        },
      },
      handler,
    )
    this.http2.on('session', (session) => {
      this.sessions.add(session)
      session.setLocalWindowSize(limits.connectionWindowBytes)
      session.on('close', () => this.sessions.delete(session))
      session.on('error', () => session.destroy())
    })
    this.http2.on('stream', (stream) =>
      stream.setTimeout(limits.idleTimeoutMs, () => stream.close(http2.constants.NGHTTP2_CANCEL)),
    )
    this.http2.on('sessionError', () => {})
    this.http1.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Translates errors once, at the edge, and lets a stop end the calls that are left. */
  private boundary(onError: RpcServerOptions['onError']): Interceptor {
    return (next) => async (request) => {
      const report = (error: unknown) => {
        const translated = toConnectError(error)
        if (translated.findDetails(ErrorDetailSchema).some((detail) => detail.code === 'INTERNAL'))
          onError?.(error, `${request.service.typeName}/${request.method.name}`)
        return translated
      }
      try {
        const response = await next(request)
        if (!response.stream) return response
        return { ...response, message: translate(response.message, report) }
      } catch (error) {
        throw report(error)
      }
    }
  }

  /** Serves one byte stream until it ends. */
  accept(channel: ByteChannel, transport: string, operator = false): void {
    const { stream } = channel
    if (this.draining) {
      stream.destroy()
      return
    }
    const caller: Caller = {
      remoteAddress: channel.remoteAddress,
      transport,
      operator,
      ...(channel.remotePeer !== undefined && { peer: channel.remotePeer }),
    }
    this.channels.set(stream, { caller, channel })
    stream.on('error', () => stream.destroy())
    stream.once('close', () => this.channels.delete(stream))
    const cancelTimer = this.clock.setTimer(limits.firstBytesTimeoutMs, () => stream.destroy())
    let seen: Buffer = Buffer.alloc(0)
    const look = () => {
      const chunk = stream.read() as Buffer | null
      if (chunk === null) return
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      const length = Math.min(seen.length, preface.length)
      const isPrefix = preface.compare(seen, 0, length, 0, length) === 0
      if (isPrefix && length < preface.length) return
      stream.off('readable', look)
      cancelTimer()
      stream.unshift(seen)
      if (isPrefix) {
        this.http2.once('session', (session) => this.callers.set(session, caller))
        this.http2.emit('connection', stream)
      } else {
        this.callers.set(stream, caller)
        this.http1.emit('connection', stream)
      }
    }
    stream.once('close', cancelTimer)
    stream.on('readable', look)
  }

  /** Connections that are open now, by caller. */
  connections(): { caller: Caller; channel: ByteChannel }[] {
    return [...this.channels.values()]
  }

  /** Ends the connections of these callers now. */
  cut(which: (caller: Caller) => boolean): void {
    for (const [stream, { caller }] of this.channels) if (which(caller)) stream.destroy()
  }

  /**
   * Stops gracefully: no new calls, those under way may finish within `graceMs`; then everything is cut. The transports
   * must have stopped accepting.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true
    for (const session of this.sessions) session.close()
    this.http1.closeIdleConnections()
    const open = [...this.channels.keys()].filter((stream) => !stream.destroyed)
    const closed = Promise.all(open.map((stream) => new Promise((resolve) => stream.once('close', resolve))))
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([closed, graceOver])
    cancelTimer()
    this.shutdown.abort(new CausewayError('CLOSED', 'The node is stopping.'))
    for (const session of this.sessions) session.destroy()
    for (const stream of this.channels.keys()) stream.destroy()
    await closed
  }
}

/** Passes a stream of answers on, with its error translated. */
async function* translate<Message>(messages: AsyncIterable<Message>, report: (error: unknown) => Error) {
  try {
    yield* messages
  } catch (error) {
    throw report(error)
  }
}
