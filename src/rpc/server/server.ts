/**
 * Serves Connect, gRPC and gRPC-web over any byte stream. It reads a connection's first bytes: if they are HTTP/2's
 * preface, the HTTP/2 server takes the connection, otherwise the HTTP/1.1 server, so that plain `curl --json` works on
 * the same port.
 */
import { setMaxListeners } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import {
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type Interceptor,
} from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type ByteChannel, type Caller, callerKey, stoppingKey } from '../caller.ts'
import { leaveHalfOpen } from '../half-open.ts'
import type { ProblemListener } from './boundary.ts'
import { Connections, type InboundConnection } from './connections.ts'
import { Entrance, type Identify } from './entrance.ts'
import { preface } from './frames.ts'
import { createHandler, type PlainAnswer, sendPlain } from './handler.ts'
import type { HttpRequest } from './http-call.ts'
import { requestTimeMs } from './in-time.ts'
import { MeteredStream, Turns } from './metered.ts'
import type { CallListener } from './observe.ts'
import { calm, endUnread, supervise } from './session.ts'
import type { Throttle } from './throttle.ts'
import { type AllowedNames, refuseNaming } from './web/browsers.ts'
import { answerPage } from './web/cors.ts'

export type { PlainAnswer } from './handler.ts'

export interface RpcServerOptions {
  readonly routes: (router: ConnectRouter) => void
  /** Run before each handler. */
  readonly interceptors?: readonly Interceptor[]
  /** Says who makes a call. Without it, it is the connection's caller. */
  readonly identify?: Identify
  /** Bounds what each caller may do. Without it there is no bound. */
  readonly throttle?: Throttle
  readonly clock: Clock
  /** Called with how each call went. */
  readonly onCall?: CallListener
  /** Receives the error of every call that failed for a reason other than its caller. */
  readonly onError?: ProblemListener
  /** Answers HTTP requests that are not RPC, such as /healthz, by their path and the connection's caller. */
  readonly plain?: (path: string, caller: Caller) => PlainAnswer | undefined
  /** Hosts and origins that requests may name beside those that a listener knows to be its own. Default: none. */
  readonly allowed?: AllowedNames
  /** Default: limits.idleTimeoutMs. */
  readonly idleTimeoutMs?: number
}

const stoppingAnswer: PlainAnswer = {
  status: 503,
  contentType: 'text/plain',
  body: 'The node is stopping.\n',
}

const connectionKey = createContextKey<InboundConnection | undefined>(undefined, {
  description: 'the connection of this call',
})

/** The caller of a call whose connection has just ended. */
const unknownCaller: Caller = { remoteAddress: 'unknown', transport: 'unknown', operator: false }

export class RpcServer {
  readonly clock: Clock
  readonly idleTimeoutMs: number
  private readonly throttle: Throttle | undefined
  private readonly http1: http.Server
  private readonly http2: http2.Http2Server
  private readonly sessions = new Set<http2.ServerHttp2Session>()
  private readonly open: Connections
  /** Fires when a stop begins. Calls without an end of their own should end then. */
  private readonly stopping = new AbortController()
  /** Fires when a stop's grace is over, and ends the remaining calls. */
  private readonly shutdown = new AbortController()
  /** In which turns of the event loop the frames of whom are read. */
  private readonly turns = { operator: new Turns(), known: new Turns(), stranger: new Turns() }
  /** The connection of each HTTP/2 session and each HTTP/1.1 socket. */
  private readonly carried = new WeakMap<object, InboundConnection>()

  /** Requests of each HTTP/1.1 connection that are not answered yet. */
  private readonly underWay = new WeakMap<Duplex, number>()

  constructor(options: RpcServerOptions) {
    this.clock = options.clock
    this.throttle = options.throttle
    this.open = new Connections(options.throttle)
    // There is one listener for each call under way, on all connections.
    setMaxListeners(0, this.shutdown.signal, this.stopping.signal)
    this.idleTimeoutMs = options.idleTimeoutMs ?? limits.idleTimeoutMs
    const entrance = new Entrance({
      ...{ identify: options.identify, throttle: options.throttle },
      cut: (connected) => this.cut((caller) => caller === connected),
    })
    const { allowed = { hosts: [], origins: [] } } = options
    const callerOf = (request: HttpRequest) => this.connectionOf(request)?.caller ?? unknownCaller
    const handler = createHandler({
      routes: options.routes,
      interceptors: [this.boundPeers, ...(options.interceptors ?? [])],
      onProblem: options.onError,
      onCall: options.onCall,
      plain: (path, request) => options.plain?.(path, callerOf(request)),
      refuse: (request, isGetCall) => this.refuse(request, isGetCall, allowed),
      answerPage: (request, response) => answerPage(request, response, allowed.origins),
      clock: options.clock,
      shutdownSignal: this.shutdown.signal,
      contextValues: (request) => this.contextValues(request),
      onLate: (request) => this.endLate(request),
      enter: (request, values) => entrance.enter(callerOf(request), request, values),
      mayAsk: (request) => entrance.mayAsk(callerOf(request), request),
    })
    this.http1 = http.createServer(
      {
        maxHeaderSize: limits.headerBytes,
        keepAliveTimeout: this.idleTimeoutMs,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: requestTimeMs(limits.messageBytes),
      },
      (request, response) => {
        // From Node 26 on, a request that is cut emits an error, and one that nobody hears ends the process.
        request.on('error', () => {})
        if (this.stopping.signal.aborted) return sendPlain(response, stoppingAnswer)
        const socket = request.socket as Duplex
        if (this.pipelines(socket, response)) return
        // During a stop, a connection ends with the answer to its last request.
        response.once('finish', () => {
          if (this.stopping.signal.aborted) socket.end(() => socket.destroy())
        })
        handler(request, response)
      },
    )
    this.http1.setTimeout(this.idleTimeoutMs)
    // The server never listens on a port; without this event its timeouts for headers and requests do not run.
    this.http1.emit('listening')
    this.http1.on('clientError', (_error, socket) => socket.destroy())
    this.http2 = http2.createServer(
      {
        maxSessionMemory: limits.sessionMemoryMegabytes,
        settings: {
          maxConcurrentStreams: limits.streamsPerConnection,
          initialWindowSize: limits.requestWindowBytes,
          maxHeaderListSize: limits.headerBytes,
          enablePush: false,
        },
      },
      (request, response) => {
        const { stream } = request
        // It was reset before its turn came, which counts as a request all the same.
        if (stream.destroyed) {
          entrance.mayAsk(callerOf(request), request)
          return
        }
        stream.once('finish', () => endUnread(stream, options.clock))
        handler(request, response)
      },
    )
    this.http2.on('sessionError', () => {})
  }

  /** Counts a request over HTTP/1.1 until it is answered. Ends the connection, and returns true, past the bound. */
  private pipelines(socket: Duplex, response: http.ServerResponse): boolean {
    const count = (this.underWay.get(socket) ?? 0) + 1
    if (count > limits.requestsPipelined) {
      socket.destroy()
      return true
    }
    this.underWay.set(socket, count)
    response.once('close', () => this.underWay.set(socket, this.underWay.get(socket)! - 1))
    return false
  }

  /** Returns a request's connection, or undefined if it has ended. */
  private connectionOf(request: HttpRequest): InboundConnection | undefined {
    const carrier = 'stream' in request ? request.stream.session : request.socket
    return carrier && this.carried.get(carrier)
  }

  /** Bounds the connections of the peer that a call has proven, as soon as the other interceptors have checked it. */
  private readonly boundPeers: Interceptor = (next) => async (request) => {
    try {
      return await next(request)
    } finally {
      const connection = request.contextValues.get(connectionKey)
      if (connection !== undefined) this.open.boundPeer(connection)
    }
  }

  /** Returns the reason to refuse a request that a web page may have made; see web/browsers.ts. */
  private refuse(request: HttpRequest, isGetCall: boolean, allowed: AllowedNames): CausewayError | undefined {
    const listener = this.connectionOf(request)?.channel.listener
    if (listener === undefined) return undefined
    const { ':authority': authority, host, origin, authorization, 'sec-fetch-site': site } = request.headers
    const hosts = [authority, host].filter((name) => typeof name === 'string')
    const proves = authorization !== undefined
    const fromElsewhere = site === 'cross-site' || site === 'same-site'
    const naming = { hosts, origin, proves, isGetCall, fromElsewhere, isHttp2: 'stream' in request }
    return refuseNaming(naming, listener, allowed)
  }

  private contextValues(request: HttpRequest) {
    const connection = this.connectionOf(request)
    const values = createContextValues().set(stoppingKey, this.stopping.signal)
    return connection ? values.set(callerKey, connection.caller).set(connectionKey, connection) : values
  }

  /** Ends a request that came too slowly, once its caller had time to receive the answer. */
  private endLate(request: HttpRequest): void {
    if ('stream' in request) {
      endUnread(request.stream, this.clock)
      return
    }
    const { socket } = request
    const cancelTimer = this.clock.setTimer(limits.unreadTimeoutMs, () => {
      if (!request.complete) socket.destroy()
    })
    socket.once('close', cancelTimer)
  }

  /** Counts a session until it ends. */
  private follow(session: http2.ServerHttp2Session, channel: Duplex): void {
    this.sessions.add(session)
    leaveHalfOpen(session, channel)
    session.setLocalWindowSize(limits.connectionWindowBytes)
    session.on('close', () => this.sessions.delete(session))
    session.on('error', () => session.destroy())
  }

  /** Serves one byte stream until it ends. */
  accept(channel: ByteChannel, transport: string, operator = false): void {
    const { stream } = channel
    stream.on('error', () => stream.destroy())
    if (this.stopping.signal.aborted) {
      stream.destroy()
      return
    }
    const caller: Caller = {
      remoteAddress: channel.remoteAddress,
      transport,
      operator,
      ...(channel.remotePeer !== undefined && { peer: channel.remotePeer }),
      ...(channel.protection !== undefined && { protection: channel.protection }),
      ...(channel.sourceOf !== undefined && { sourceOf: channel.sourceOf }),
    }
    const connection: InboundConnection = { caller, channel, awaitsFirstBytes: true }
    if (!this.open.add(connection)) {
      stream.destroy()
      return
    }
    this.awaitFirstBytes(connection)
  }

  /** Passes a connection to the server of the protocol that its first bytes speak. */
  private awaitFirstBytes(connection: InboundConnection): void {
    const { stream } = connection.channel
    const giveUp = () => stream.destroy()
    const cancelTimer = connection.caller.operator
      ? () => {}
      : this.clock.setTimer(limits.firstBytesTimeoutMs, giveUp)
    stream.once('close', cancelTimer)
    // It ended before its first request.
    stream.once('end', giveUp)
    let firstBytes: Buffer = Buffer.alloc(0)
    const onReadable = () => {
      const chunk = stream.read() as Buffer | null
      if (chunk === null) return
      firstBytes = firstBytes.length === 0 ? chunk : Buffer.concat([firstBytes, chunk])
      const length = Math.min(firstBytes.length, preface.length)
      const isPrefix = preface.compare(firstBytes, 0, length, 0, length) === 0
      if (isPrefix && length < preface.length) return
      stream.off('readable', onReadable)
      stream.off('end', giveUp)
      cancelTimer()
      connection.awaitsFirstBytes = false
      stream.unshift(firstBytes)
      if (isPrefix) this.serveHttp2(connection)
      else {
        this.carried.set(stream, connection)
        this.http1.emit('connection', stream)
      }
    }
    stream.on('readable', onReadable)
  }

  private serveHttp2(connection: InboundConnection): void {
    const { stream } = connection.channel
    let excessive = (): void => void stream.destroy()
    const metered = this.meter(connection, () => excessive())
    const onSession = (session: http2.ServerHttp2Session) => {
      excessive = () => calm(session, stream)
      this.carried.set(session, connection)
      this.follow(session, metered)
      // On the control socket a process of this machine may be silent: its end closes the socket, and it may have stopped
      // reading only because its terminal is slow.
      if (!connection.caller.operator) supervise(session, stream, this)
    }
    this.http2.prependOnceListener('session', onSession)
    this.http2.emit('connection', metered)
    // There is no session if TLS has agreed on another protocol.
    this.http2.off('session', onSession)
    // A remote that has ended its half cannot speak HTTP/2 any more, and the session does not notice.
    stream.once('end', () => stream.end())
  }

  /** Returns the byte stream as its HTTP/2 session gets it. `excessive` is called when it has sent too many frames. */
  private meter({ caller, channel: { stream } }: InboundConnection, excessive: () => void): Duplex {
    const { throttle } = this
    // On a stream whose TLS has agreed on another protocol there will be no session.
    const { alpnProtocol = 'h2' } = stream as Partial<TLSSocket>
    if (throttle === undefined || caller.operator || alpnProtocol !== 'h2') return stream
    return new MeteredStream(stream, {
      turns: () => this.turns[throttle.holderOf(caller).kind],
      pay: (frames) => {
        const paid = throttle.payFrames(caller, frames)
        if (!paid) excessive()
        return paid
      },
    })
  }

  /** Returns the open connections. */
  connections(): { caller: Caller; channel: ByteChannel }[] {
    return [...this.open]
  }

  /** Ends the connections of the callers that match. */
  cut(which: (caller: Caller) => boolean): void {
    this.open.cut(which)
  }

  /**
   * Stops gracefully: refuses new calls and connections, lets the calls under way finish within `graceMs`, then ends
   * everything.
   */
  async drain(graceMs: number): Promise<void> {
    this.stopping.abort(new CausewayError('CLOSED', 'The node is stopping.'))
    for (const session of this.sessions) session.close()
    this.http1.closeIdleConnections()
    for (const { awaitsFirstBytes, channel } of this.open) if (awaitsFirstBytes) channel.stream.destroy()
    const closed = Promise.all(
      [...this.open]
        .filter(({ channel }) => !channel.stream.closed)
        .map(({ channel }) => new Promise((resolve) => channel.stream.once('close', resolve))),
    )
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([closed, graceOver])
    cancelTimer()
    this.shutdown.abort(this.stopping.signal.reason)
    for (const session of this.sessions) session.destroy()
    this.open.cut(() => true)
    await closed
    // Ends the timeouts that the constructor started.
    this.http1.close()
  }
}
