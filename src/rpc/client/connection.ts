/**
 * The calling side of one byte stream: an HTTP/2 session with Connect clients on it. It pings while calls are under
 * way, so that a remote that was stopped or unplugged causes TIMEOUT and not a hang. It replaces connect-node's session
 * manager, which reconnects automatically, to an address that only the transport can dial, and may end the process with
 * a ping on a destroyed session.
 */
import * as http2 from 'node:http2'
import type { DescService } from '@bufbuild/protobuf'
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport as RpcTransport,
} from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { bindingOf } from '../auth/binding.ts'
import { Prover } from '../auth/prover.ts'
import type { ByteChannel } from '../caller.ts'
import { fastBrotli } from '../compression.ts'
import { leaveHalfOpen } from '../half-open.ts'
import type { CallConnection } from './calls.ts'
import { chunksOf } from './chunks.ts'

/** Stands for the host on streams that were not dialled by one. */
const noHost = 'http://causeway'

export interface RpcConnectionOptions {
  readonly clock: Clock
  readonly protocol?: 'connect' | 'grpc'
  /** The origin of the URL that was dialled: calls name its host, by which a proxy may tell servers apart. */
  readonly origin?: string | undefined
  /** What every call passes before its proof, in order. */
  readonly calling?: readonly Interceptor[] | undefined
  readonly pingIntervalMs?: number
  readonly pingTimeoutMs?: number
}

export class RpcConnection implements CallConnection, AsyncDisposable {
  readonly channel: ByteChannel
  readonly transport: RpcTransport
  /** Why the connection ended; undefined while it lives. */
  ended: CausewayError | undefined
  /** The shortest round trip of the first pings. */
  roundTripMs: number | undefined
  private readonly prover: Prover
  private readonly session: http2.ClientHttp2Session
  private readonly clock: Clock
  private readonly pingIntervalMs: number
  private readonly pingTimeoutMs: number
  /** Resolves when the byte stream has closed and its listeners have been called. */
  private readonly streamClosed: Promise<unknown>
  private cancelTimer = () => {}
  /** Whether a ping waits for its answer. */
  private pinging = false
  private readonly calls = new Set<http2.ClientHttp2Stream>()
  /** Whether the remote takes no more calls, after a GOAWAY or the end of its half. */
  private noMoreCalls = false
  /** When a call began, an answer was read or a ping was answered, whichever was last, in monotonic time. */
  private lastActivityMs = 0
  /** When bytes of an answer were last read, in the clock's monotonic time. */
  lastReadMs = Number.NEGATIVE_INFINITY

  constructor(channel: ByteChannel, options: RpcConnectionOptions) {
    this.channel = channel
    this.clock = options.clock
    this.prover = new Prover(options.clock)
    this.streamClosed = channel.stream.closed
      ? Promise.resolve()
      : new Promise((resolve) => channel.stream.once('close', resolve))
    this.pingIntervalMs = options.pingIntervalMs ?? limits.pingIntervalMs
    this.pingTimeoutMs = options.pingTimeoutMs ?? limits.pingTimeoutMs
    const authority = options.origin ?? noHost
    this.session = http2.connect(authority, {
      createConnection: () => channel.stream,
      maxSessionMemory: limits.sessionMemoryMegabytes,
      settings: {
        initialWindowSize: limits.streamWindowBytes,
        enablePush: false,
        maxHeaderListSize: limits.headerBytes,
      },
    })
    leaveHalfOpen(this.session, channel.stream)
    this.session.on('connect', () => {
      if (this.session.destroyed) return
      this.session.setLocalWindowSize(limits.connectionWindowBytes)
      this.fitWindow()
    })
    // The session listens too, but only until it is destroyed.
    channel.stream.on('error', () => {})
    channel.stream.once('end', () => this.onRemoteEnd())
    this.session.on('error', (error) =>
      this.end(
        new CausewayError('DISCONNECTED', `The connection was lost: ${error.message}`, { cause: error }),
      ),
    )
    this.session.on('close', () => this.end(closedByRemote()))
    // Without an error the session waits until the remote closes the stream, which it may never do.
    this.session.on('goaway', (code) => {
      if (code === http2.constants.NGHTTP2_NO_ERROR) this.onNoMoreCalls()
    })
    const createTransport = options.protocol === 'grpc' ? createGrpcTransport : createConnectTransport
    this.transport = createTransport({
      baseUrl: authority,
      interceptors: [...(options.calling ?? []), this.prover.interceptor],
      httpVersion: '2',
      useBinaryFormat: true,
      // On other channels compressing costs more than it saves.
      ...(channel.dear
        ? { acceptCompression: [fastBrotli], sendCompression: fastBrotli }
        : { acceptCompression: [] }),
      compressMinBytes: limits.compressMinBytes,
      readMaxBytes: limits.messageBytes,
      writeMaxBytes: limits.messageBytes,
      sessionManager: {
        authority,
        request: (method, path, headers) => this.request(method, path, headers),
        notifyResponseByteRead: () => {
          this.lastActivityMs = this.clock.monotonic()
          this.lastReadMs = this.lastActivityMs
        },
      },
    })
  }

  /** From now on sends a proof of the caller with every call; `make` makes the proofs, for the channel's binding. */
  prove(make: (binding: string) => Promise<string>): void {
    this.prover.make = () => make(this.binding)
  }

  /** What this side names the channel. */
  get binding(): string {
    return bindingOf(this.channel)
  }

  client<Service extends DescService>(service: Service): Client<Service> {
    return createClient(service, this.transport)
  }

  private async request(
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
  ): Promise<http2.ClientHttp2Stream> {
    const { ended = this.open ? undefined : closedByRemote() } = this
    if (ended !== undefined)
      throw new ConnectError(ended.message, Code.Unavailable, undefined, undefined, ended)
    const stream = this.session.request({ ...headers, ':method': method, ':path': path })
    stream[Symbol.asyncIterator] = () => chunksOf(stream)
    const close = stream.close.bind(stream)
    stream.close = (code, done) => outsideFrames(() => close(code, done))
    this.lastActivityMs = this.clock.monotonic()
    this.calls.add(stream)
    if (this.calls.size === 1) this.armPing(this.pingIntervalMs)
    stream.once('close', () => {
      this.calls.delete(stream)
      if (this.calls.size > 0) return
      this.cancelTimer()
      if (this.noMoreCalls) this.end(closedByRemote())
    })
    return stream
  }

  /**
   * Sets the window of answers by the round trip. Takes the shortest of a few pings, since a remote that has just
   * started answers slowly; one ping is enough if it shows a short round trip.
   */
  private fitWindow(pings: number = limits.windowPings, leastMs = Number.POSITIVE_INFINITY): void {
    const startedMs = this.clock.monotonic()
    this.session.ping((error) => {
      if (error !== null || this.session.destroyed) return
      const roundTripMs = Math.min(leastMs, this.clock.monotonic() - startedMs)
      this.roundTripMs = roundTripMs
      const initialWindowSize = windowFor(roundTripMs)
      if (initialWindowSize <= limits.streamWindowBytes) return
      if (pings > 1) this.fitWindow(pings - 1, roundTripMs)
      else this.session.settings({ initialWindowSize })
    })
  }

  /**
   * Called when the remote has ended its half. A byte stream may stay half-open, but HTTP/2 ends then, and its session
   * does not notice. Answers that have arrived completely can still be read.
   */
  private onRemoteEnd(): void {
    for (const stream of this.calls)
      if (!stream.closed && stream.state.remoteClose !== 1) stream.destroy(closedByRemote())
    this.onNoMoreCalls()
  }

  /** Called when the remote takes no more calls. Ends the connection after those that are under way. */
  private onNoMoreCalls(): void {
    this.noMoreCalls = true
    if (this.calls.size === 0) this.end(closedByRemote())
  }

  /** Sends a ping after each silent interval while calls are under way. */
  private armPing(delayMs: number): void {
    this.cancelTimer()
    this.cancelTimer = this.clock.setTimer(delayMs, () => {
      const silentMs = this.clock.monotonic() - this.lastActivityMs
      if (silentMs < this.pingIntervalMs) this.armPing(this.pingIntervalMs - silentMs)
      else this.ping()
    })
  }

  /** Finds out soon whether the remote is still there, if calls are under way: the network may have changed. */
  check(): void {
    if (this.calls.size === 0 || this.ended !== undefined || this.pinging) return
    this.cancelTimer()
    this.ping()
  }

  private ping(): void {
    // Also after the remote's GOAWAY, while it still owes answers.
    if (this.session.destroyed) return
    this.awaitSignOfLife(this.bytesReceived())
    this.pinging = true
    try {
      this.session.ping((error) => {
        this.pinging = false
        if (error !== null || this.calls.size === 0) return
        this.lastActivityMs = this.clock.monotonic()
        this.armPing(this.pingIntervalMs)
      })
    } catch {
      // Destroyed in between: 'close' follows.
    }
  }

  /**
   * Ends the connection if nothing arrives within the timeout. On a slow link a ping waits behind earlier bytes, so any
   * byte received counts as a sign of life. If this process was itself stopped or busy, for example because its terminal
   * did not take its output, the answer may be there unread, so what has arrived is read first.
   */
  private awaitSignOfLife(bytesBefore: number): void {
    this.cancelTimer = this.clock.setTimer(this.pingTimeoutMs, () => {
      this.cancelTimer = afterReading(() => {
        const bytes = this.bytesReceived()
        if (bytes > bytesBefore) return this.awaitSignOfLife(bytes)
        const silentMs = this.pingIntervalMs + this.pingTimeoutMs
        this.end(
          new CausewayError(
            'TIMEOUT',
            `The remote sent nothing for ${silentMs} ms, not even an answer to a ping.`,
          ),
        )
      })
    })
  }

  private bytesReceived(): number {
    return this.channel.path?.()?.bytesReceived ?? 0
  }

  private end(reason: CausewayError): void {
    if (this.ended !== undefined) return
    this.ended = reason
    this.cancelTimer()
    outsideFrames(() => {
      this.session.destroy(reason)
      this.channel.stream.destroy()
    })
  }

  /** Whether calls can be made on this connection. */
  get open(): boolean {
    return this.ended === undefined && !this.session.closed && !this.noMoreCalls
  }

  /** Ends the connection now, and with it the calls under way. */
  close(): void {
    this.end(new CausewayError('CLOSED', 'This side has closed the connection.'))
  }

  /** Ends the connection and waits until its stream has closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.streamClosed
  }
}

/** Returns the window of an answer, in bytes, for a round trip of this length. */
export function windowFor(roundTripMs: number): number {
  const bytes = Math.ceil((roundTripMs * limits.streamBytesPerSecond) / 1_000)
  return Math.min(Math.max(bytes, limits.streamWindowBytes), limits.streamWindowMaxBytes)
}

/**
 * Runs `reset` once no frame is being read. Callbacks for a frame run while nghttp2 reads that frame. A stream that is
 * reset in one is freed while nghttp2 still uses it, and nghttp2 then writes to memory that it no longer owns.
 */
function outsideFrames(reset: () => void): void {
  setImmediate(reset)
}

/** Calls `run` after one whole turn of the event loop, in which arrived bytes are read. Returns what cancels it. */
function afterReading(run: () => void): () => void {
  let next = setImmediate(() => {
    next = setImmediate(run)
  })
  return () => clearImmediate(next)
}

function closedByRemote(): CausewayError {
  return new CausewayError('DISCONNECTED', 'The remote has closed the connection.')
}
