/**
 * The calling side of one byte stream: an HTTP/2 session with Connect clients on it. It pings while calls are under
 * way, so that a remote that was stopped or unplugged gives TIMEOUT instead of a hang. Written in place of
 * connect-node's session manager because that one reconnects by itself, to an address that only the transport
 * can dial, and may end the process with a ping on a destroyed session.
 */
import * as http2 from 'node:http2'
import type { DescService } from '@bufbuild/protobuf'
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Transport as RpcTransport,
} from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Prover } from '../auth/prover.ts'
import type { ByteChannel } from '../caller.ts'
import { fastBrotli } from '../compression.ts'

const authority = 'http://causeway'

export interface RpcConnectionOptions {
  readonly clock: Clock
  readonly protocol?: 'connect' | 'grpc'
  readonly pingIntervalMs?: number
  readonly pingTimeoutMs?: number
}

export class RpcConnection implements AsyncDisposable {
  readonly channel: ByteChannel
  readonly transport: RpcTransport
  /** Why the connection ended; undefined while it lives. */
  ended: CausewayError | undefined
  private readonly prover = new Prover()
  private readonly session: http2.ClientHttp2Session
  private readonly clock: Clock
  private readonly pingIntervalMs: number
  private readonly pingTimeoutMs: number
  /** Resolves when the byte stream is gone and everybody has been told. */
  private readonly gone: Promise<unknown>
  private cancelTimer = () => {}
  private readonly calls = new Set<http2.ClientHttp2Stream>()
  private remoteEnded = false
  private activity = 0
  /** When bytes of an answer were last read, on the clock's monotonic time. */
  lastReadMs = Number.NEGATIVE_INFINITY

  constructor(channel: ByteChannel, options: RpcConnectionOptions) {
    this.channel = channel
    this.clock = options.clock
    this.gone = channel.stream.closed
      ? Promise.resolve()
      : new Promise((resolve) => channel.stream.once('close', resolve))
    this.pingIntervalMs = options.pingIntervalMs ?? limits.pingIntervalMs
    this.pingTimeoutMs = options.pingTimeoutMs ?? limits.pingTimeoutMs
    this.session = http2.connect(authority, {
      createConnection: () => channel.stream,
      maxSessionMemory: limits.sessionMemoryMegabytes,
      settings: {
        initialWindowSize: limits.streamWindowBytes,
        enablePush: false,
        maxHeaderListSize: limits.headerBytes,
      },
    })
    this.session.on('connect', () => {
      if (this.session.destroyed) return
      this.session.setLocalWindowSize(limits.connectionWindowBytes)
      this.fitWindow()
    })
    // The session listens too, but not any more once it is destroyed.
    channel.stream.on('error', () => {})
    channel.stream.once('end', () => this.onRemoteEnd())
    this.session.on('error', (error) =>
      this.end(
        new CausewayError('DISCONNECTED', `The connection was lost: ${error.message}`, { cause: error }),
      ),
    )
    this.session.on('close', () => this.end(closed()))
    const createTransport = options.protocol === 'grpc' ? createGrpcTransport : createConnectTransport
    this.transport = createTransport({
      baseUrl: authority,
      interceptors: [this.prover.interceptor],
      httpVersion: '2',
      useBinaryFormat: true,
      // Where bytes are not dear, compressing costs more than it saves.
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
          this.activity = this.clock.monotonic()
          this.lastReadMs = this.activity
        },
      },
    })
  }

  /** Proves with every call from now on who calls, by proofs that `make` makes. */
  prove(make: () => Promise<string>): void {
    this.prover.make = make
  }

  client<Service extends DescService>(service: Service): Client<Service> {
    return createClient(service, this.transport)
  }

  private async request(
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
  ): Promise<http2.ClientHttp2Stream> {
    const { ended = this.open ? undefined : closed() } = this
    if (ended !== undefined)
      throw new ConnectError(ended.message, Code.Unavailable, undefined, undefined, ended)
    const stream = this.session.request({ ...headers, ':method': method, ':path': path })
    const close = stream.close.bind(stream)
    stream.close = (code, done) => outsideFrames(() => close(code, done))
    this.activity = this.clock.monotonic()
    this.calls.add(stream)
    if (this.calls.size === 1) this.armPing(this.pingIntervalMs)
    stream.once('close', () => {
      this.calls.delete(stream)
      if (this.calls.size > 0) return
      this.cancelTimer()
      if (this.remoteEnded) this.end(closed())
    })
    return stream
  }

  /**
   * Pings tell how long the way is, and so how much has to be under way on it: the shortest of a few, since a side that has
   * just started is slow to answer. One is enough where the way is short.
   */
  private fitWindow(pings: number = limits.windowPings, leastMs = Number.POSITIVE_INFINITY): void {
    const startedMs = this.clock.monotonic()
    this.session.ping((error) => {
      if (error !== null || this.session.destroyed) return
      const roundTripMs = Math.min(leastMs, this.clock.monotonic() - startedMs)
      const initialWindowSize = windowFor(roundTripMs)
      if (initialWindowSize <= limits.streamWindowBytes) return
      if (pings > 1) this.fitWindow(pings - 1, roundTripMs)
      else this.session.settings({ initialWindowSize })
    })
  }

  /**
   * The remote has ended its half. A byte stream may stay half-open, but HTTP/2 is over then, and its session does not
   * notice by itself. Answers that have come whole may still be read.
   */
  private onRemoteEnd(): void {
    this.remoteEnded = true
    for (const stream of this.calls)
      if (!stream.closed && stream.state.remoteClose !== 1) stream.destroy(closed())
    if (this.calls.size === 0) this.end(closed())
  }

  /** While calls are under way: asks for a sign of life after each silent interval. */
  private armPing(delayMs: number): void {
    this.cancelTimer()
    this.cancelTimer = this.clock.setTimer(delayMs, () => {
      const silentMs = this.clock.monotonic() - this.activity
      if (silentMs < this.pingIntervalMs) this.armPing(this.pingIntervalMs - silentMs)
      else this.ping()
    })
  }

  private ping(): void {
    // Also after the remote has said goodbye, as long as it owes answers.
    if (this.session.destroyed) return
    this.awaitSign(this.heard())
    try {
      this.session.ping((error) => {
        if (error !== null || this.calls.size === 0) return
        this.activity = this.clock.monotonic()
        this.armPing(this.pingIntervalMs)
      })
    } catch {
      // Destroyed in between: 'close' tells it.
    }
  }

  /** On a slow link a ping waits behind what was written before it; whatever comes meanwhile is a sign of life too. */
  private awaitSign(heardBefore: number): void {
    this.cancelTimer = this.clock.setTimer(this.pingTimeoutMs, () => {
      const heard = this.heard()
      if (heard > heardBefore) return this.awaitSign(heard)
      const silentMs = this.pingIntervalMs + this.pingTimeoutMs
      this.end(new CausewayError('TIMEOUT', `The remote gave no sign of life for ${silentMs} ms.`))
    })
  }

  private heard(): number {
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

  /** Whether new calls can be made. */
  get open(): boolean {
    return this.ended === undefined && !this.session.closed && !this.remoteEnded
  }

  /** Ends the connection now, with whatever is under way. */
  close(): void {
    this.end(new CausewayError('CLOSED', 'The connection was closed here.'))
  }

  /** Ends the connection and waits until its stream is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.gone
  }
}

/** Bytes that one answer may have under way on a way of this round trip. */
export function windowFor(roundTripMs: number): number {
  const bytes = Math.ceil((roundTripMs * limits.streamBytesPerSecond) / 1_000)
  return Math.min(Math.max(bytes, limits.streamWindowBytes), limits.streamWindowMaxBytes)
}

/**
 * Runs `reset` once no frame is being read. What a frame brings to the code here runs while nghttp2 reads that frame, and a
 * stream that is reset then is freed under it: it goes on to write to what is somebody else's memory by now.
 */
function outsideFrames(reset: () => void): void {
  setImmediate(reset)
}

function closed(): CausewayError {
  return new CausewayError('DISCONNECTED', 'The remote has closed the connection.')
}
