/**
 * Serves Connect, gRPC and gRPC-web over any byte stream. It looks at a connection's first bytes: HTTP/2's preface
 * goes to the HTTP/2 server, everything else is HTTP/1.1, so that plain `curl --json` works on the same port.
 */
import { setMaxListeners } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { type ConnectRouter, createContextValues, type Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type ByteChannel, type Caller, callerKey, stoppingKey } from '../caller.ts'
import type { ProblemListener } from './boundary.ts'
import { answer, createHandler, type PlainAnswer } from './handler.ts'
import type { HttpRequest } from './http-call.ts'
import type { Entered, Throttle } from './throttle.ts'

export type { PlainAnswer } from './handler.ts'

export interface RpcServerOptions {
  readonly routes: (router: ConnectRouter) => void
  /** What every call passes before its handler. */
  readonly interceptors?: readonly Interceptor[]
  /** Says how much each caller may do; absent: anything. */
  readonly throttle?: Throttle
  readonly clock: Clock
  /** Told of every call that failed for a reason that is not the caller's. */
  readonly onError?: ProblemListener
  /** Answers plain HTTP requests that are no RPC, such as /metrics, by their path. */
  readonly plain?: (path: string) => PlainAnswer | undefined
  /** In place of limits.idleTimeoutMs. */
  readonly idleTimeoutMs?: number
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const stoppingAnswer: PlainAnswer = {
  status: 503,
  contentType: 'text/plain',
  body: 'The node is stopping.\n',
}

/** A call whose connection has just ended. */
const nobody: Caller = { remoteAddress: 'unknown', transport: 'unknown', operator: false }

interface Accepted {
  readonly caller: Caller
  readonly channel: ByteChannel
  /** No request has come yet, so nothing is lost by closing. */
  looking: boolean
}

export class RpcServer {
  private readonly clock: Clock
  private readonly idleTimeoutMs: number
  private readonly throttle: Throttle | undefined
  private readonly http1: http.Server
  private readonly http2: http2.Http2Server
  private readonly sessions = new Set<http2.ServerHttp2Session>()
  private readonly channels = new Map<Duplex, Accepted>()
  /** Fires when a stop begins: calls without an end of their own should end. */
  private readonly stopping = new AbortController()
  /** Fires when a stop's grace is over: ends the calls that are left. */
  private readonly shutdown = new AbortController()
  private readonly callers = new WeakMap<object, Caller>()

  constructor(options: RpcServerOptions) {
    this.clock = options.clock
    this.throttle = options.throttle
    // One listener for each call under way, on every connection.
    setMaxListeners(0, this.shutdown.signal, this.stopping.signal)
    this.idleTimeoutMs = options.idleTimeoutMs ?? limits.idleTimeoutMs
    const handler = createHandler({
      routes: options.routes,
      interceptors: options.interceptors,
      onProblem: options.onError,
      plain: options.plain,
      clock: options.clock,
      shutdownSignal: this.shutdown.signal,
      contextValues: (request) => this.contextValues(request),
      enter: options.throttle && ((request) => this.enter(options.throttle!, request)),
    })
    this.http1 = http.createServer(
      {
        maxHeaderSize: limits.headerBytes,
        keepAliveTimeout: this.idleTimeoutMs,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
      },
      (request, response) => {
        if (this.stopping.signal.aborted) return answer(response, stoppingAnswer)
        const socket = request.socket as Duplex
        // During a stop a connection ends with the answer that it waited for.
        response.once('finish', () => {
          if (this.stopping.signal.aborted) socket.end(() => socket.destroy())
        })
        handler(request, response)
      },
    )
    this.http1.setTimeout(this.idleTimeoutMs)
    // The server does not listen by itself; without this its timeouts for headers and requests never run.
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
        stream.once('finish', () => this.endUnread(stream))
        handler(request, response)
      },
    )
    this.http2.on('sessionError', () => {})
  }

  private callerOf(request: HttpRequest): Caller | undefined {
    const carrier = 'stream' in request ? request.stream.session : request.socket
    return carrier && this.callers.get(carrier)
  }

  /** Begins a call, or cuts a caller that is refused again and again. */
  private enter(throttle: Throttle, request: HttpRequest): Entered {
    const connected = this.callerOf(request) ?? nobody
    try {
      return throttle.enter(connected, request.headers.authorization, request.url)
    } catch (error) {
      if (throttle.refused(connected)) this.cut((caller) => caller === connected)
      throw error
    }
  }

  private contextValues(request: HttpRequest) {
    const caller = this.callerOf(request)
    const values = createContextValues().set(stoppingKey, this.stopping.signal)
    return caller ? values.set(callerKey, caller) : values
  }

  /** Ends a stream that was answered before its request was over, or has waited for the rest of it for too long. */
  private endUnread(stream: http2.ServerHttp2Stream): void {
    if (stream.closed || stream.state.remoteClose === 1) return
    const cancelTimer = this.clock.setTimer(limits.unreadTimeoutMs, () => {
      const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = http2.constants
      // Without an error the reset would wait until the caller has taken the answer.
      cut(stream, stream.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL)
    })
    stream.once('close', cancelTimer)
  }

  /**
   * Looks after a session: cuts streams whose caller has fallen silent, and sessions whose other side is gone. That
   * must be asked, since a caller that leaves is not always noticed: when a write over TLS fails while more is to be
   * written, node:http2 waits for ever for room.
   */
  private keep(session: http2.ServerHttp2Session, channel: Duplex): void {
    this.sessions.add(session)
    session.setLocalWindowSize(limits.connectionWindowBytes)
    session.on('close', () => this.sessions.delete(session))
    session.on('error', () => session.destroy())
    let streams = 0
    // A session that waits for a write ends only with its byte stream.
    const giveUp = () => {
      session.destroy()
      channel.destroy()
    }
    session.on('stream', (stream) => {
      streams++
      stream.once('close', () => streams--)
      const onSilence = () => {
        // Silent because a handler is at work: that is for its own deadline to end.
        if (stream.readableEnded && stream.writableLength === 0)
          stream.setTimeout(this.idleTimeoutMs, onSilence)
        else cut(stream, http2.constants.NGHTTP2_CANCEL)
      }
      stream.setTimeout(this.idleTimeoutMs, onSilence)
      const cancelTimer = this.clock.setTimer(limits.requestTimeoutMs, () => this.endUnread(stream))
      stream.once('close', cancelTimer)
    })
    // Not asked sooner: over a slow link what was written before a ping takes its time, and nothing tells how it goes.
    const onSilence = () => {
      if (streams === 0 || session.destroyed) return giveUp()
      const cancelTimer = this.clock.setTimer(limits.pingTimeoutMs, giveUp)
      session.once('close', cancelTimer)
      session.ping(() => {
        cancelTimer()
        session.off('close', cancelTimer)
      })
      session.setTimeout(this.idleTimeoutMs, onSilence)
    }
    session.setTimeout(this.idleTimeoutMs, onSilence)
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
    }
    const accepted: Accepted = { caller, channel, looking: true }
    if (this.channels.size >= limits.connections && !this.makeRoom()) {
      stream.destroy()
      return
    }
    this.channels.set(stream, accepted)
    const giveUp = () => stream.destroy()
    const cancelTimer = this.clock.setTimer(limits.firstBytesTimeoutMs, giveUp)
    stream.once('close', () => {
      cancelTimer()
      this.channels.delete(stream)
    })
    // Ended before it said what it is.
    stream.once('end', giveUp)
    let seen: Buffer = Buffer.alloc(0)
    const look = () => {
      const chunk = stream.read() as Buffer | null
      if (chunk === null) return
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      const length = Math.min(seen.length, preface.length)
      const isPrefix = preface.compare(seen, 0, length, 0, length) === 0
      if (isPrefix && length < preface.length) return
      stream.off('readable', look)
      stream.off('end', giveUp)
      cancelTimer()
      accepted.looking = false
      stream.unshift(seen)
      if (isPrefix) {
        const onSession = (session: http2.ServerHttp2Session) => {
          this.callers.set(session, caller)
          this.keep(session, stream)
        }
        this.http2.prependOnceListener('session', onSession)
        this.http2.emit('connection', stream)
        // There is none where TLS has agreed on another protocol.
        this.http2.off('session', onSession)
        // Nobody who has ended their half can still mean to speak HTTP/2; the session does not notice by itself.
        stream.once('end', () => stream.end())
      } else {
        this.callers.set(stream, caller)
        this.http1.emit('connection', stream)
      }
    }
    stream.on('readable', look)
  }

  /** Ends the oldest connection of a stranger; false: there is none. */
  private makeRoom(): boolean {
    for (const [stream, { caller }] of this.channels) {
      if (stream.destroyed || !(this.throttle?.isStranger(caller) ?? true)) continue
      stream.destroy()
      this.channels.delete(stream)
      return true
    }
    return false
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
   * Stops gracefully: no new calls, those under way may finish within `graceMs`, then everything is cut. Connections
   * that still come are closed.
   */
  async drain(graceMs: number): Promise<void> {
    this.stopping.abort(new CausewayError('CLOSED', 'The node is stopping.'))
    for (const session of this.sessions) session.close()
    this.http1.closeIdleConnections()
    for (const [stream, { looking }] of this.channels) if (looking) stream.destroy()
    const closed = Promise.all(
      [...this.channels.keys()]
        .filter((stream) => !stream.closed)
        .map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    )
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([closed, graceOver])
    cancelTimer()
    this.shutdown.abort(this.stopping.signal.reason)
    for (const session of this.sessions) session.destroy()
    for (const stream of this.channels.keys()) stream.destroy()
    await closed
    // Ends the timeouts that the constructor began.
    this.http1.close()
  }
}

/** Resets a stream. What nobody has read of it would keep it from closing. */
function cut(stream: http2.ServerHttp2Stream, code: number): void {
  stream.close(code)
  stream.resume()
}
