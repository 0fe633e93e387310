/**
 * One QUIC connection with its streams. It takes a silent remote to be dead, because the binding's own timeout is 30 s
 * and cannot be set, and ends itself when it has been idle for a while. The binding counts datagrams but not when they
 * came, so polling the count bounds that time: the last came between `receivedAfterMs` and `receivedBeforeMs`.
 */
import type { Duplex } from 'node:stream'
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Channel, PathInfo } from '../transport.ts'
import type { QuicConnection } from './binding.ts'

export interface QuicLinkOptions {
  readonly clock: Clock
  readonly inbound: boolean
  readonly idleTimeoutMs: number
  readonly silenceTimeoutMs: number
  /** Called once when the connection has ended, on either side. */
  readonly onEnd: (link: QuicLink) => void
}

export class QuicLink {
  readonly inbound: boolean
  private readonly quic: QuicConnection
  private readonly options: QuicLinkOptions
  private readonly clock: Clock
  private readonly streams = new Set<Duplex>()
  /** Whether the connection has carried a channel. */
  private used = false
  private ended = false
  /** Datagrams received, as of the last poll. */
  private datagrams: number
  private lastPollMs: number
  private receivedAfterMs: number
  private receivedBeforeMs: number
  /** When the last stream closed. */
  private idleSinceMs: number
  private cancelTick = () => {}

  constructor(quic: QuicConnection, options: QuicLinkOptions) {
    this.quic = quic
    this.options = options
    this.clock = options.clock
    this.inbound = options.inbound
    const now = options.clock.monotonic()
    this.datagrams = quic.datagramsReceived()
    this.lastPollMs = this.receivedAfterMs = this.receivedBeforeMs = this.idleSinceMs = now
    quic.limitStreams(limits.irohStreamsPerConnection)
    this.tickLater()
    void quic.closed.then(() => this.forget())
  }

  get peer(): PeerId {
    return this.quic.remotePeer
  }

  /** Where the connection comes from, as limits count it. */
  get origin(): string {
    return originOf(this.quic.remoteAddress)
  }

  /** Opens a stream to the remote. Waits while the remote allows no more streams. */
  async open(): Promise<Channel> {
    return this.channelOf(await this.quic.openStream())
  }

  /** Returns the next stream that the remote opens, or undefined once the connection has ended. */
  async accept(): Promise<Channel | undefined> {
    const stream = await this.quic.acceptStream()
    return stream && this.channelOf(stream)
  }

  /** Ends the connection, and its streams with this error. */
  end(error: CausewayError): void {
    this.forget()
    // The connection first, so that the remote sees one end and not the end of each stream before it.
    this.quic.close(error.code)
    for (const stream of this.streams) stream.destroy(error)
  }

  /**
   * Reports whether a new stream can be opened here; waiting on a dead remote would take a whole silence timeout. A
   * connection that does not answer is ended, since iroh sends a peer's packets to where its open connections lead. One
   * with streams is left to the silence timeout, since a pause of a second is no reason to cut them.
   */
  async answers(signal: AbortSignal): Promise<boolean> {
    if (this.quic.ended()) return false
    this.poll()
    const startedMs = this.clock.monotonic()
    if (startedMs - this.receivedAfterMs < limits.irohFreshMs) return true
    this.quic.ping()
    // A far relay takes longer than any fixed time.
    const roundTripsMs = limits.irohProbeRoundTrips * (this.quic.path()?.roundTripMs ?? 0)
    const patienceMs = Math.min(Math.max(limits.irohProbeTimeoutMs, roundTripsMs), limits.dialTimeoutMs)
    // Ends after that time. Each turn sleeps.
    while (this.clock.monotonic() - startedMs < patienceMs) {
      await sleep(this.clock, limits.irohProbeStepMs, signal)
      if (this.poll()) return true
    }
    if (this.streams.size > 0) return true
    this.end(new CausewayError('DISCONNECTED', 'The remote does not answer.'))
    return false
  }

  private channelOf(stream: Duplex): Channel {
    this.streams.add(stream)
    stream.once('close', () => {
      this.streams.delete(stream)
      this.idleSinceMs = this.clock.monotonic()
    })
    const quic = this.quic
    const { remotePeer, remoteAddress } = quic
    // The first channel's counters include the cost of the connection.
    const before = this.used ? quic.path() : undefined
    this.used = true
    const path = () => since(quic.path(), before)
    return { stream, remotePeer, remoteAddress, protection: { kind: 'keys' }, dear: true, path }
  }

  private tickLater(): void {
    const { silenceTimeoutMs, idleTimeoutMs } = this.options
    const tickMs = Math.min(silenceTimeoutMs / 4, idleTimeoutMs)
    this.cancelTick = this.clock.setTimer(tickMs, () => {
      const error = this.reasonToEnd()
      if (error === undefined) this.tickLater()
      else this.end(error)
    })
  }

  /** Returns why the connection should end: it was silent or idle for too long. Otherwise pings a silent remote. */
  private reasonToEnd(): CausewayError | undefined {
    const { silenceTimeoutMs, idleTimeoutMs } = this.options
    const now = this.clock.monotonic()
    if (!this.poll()) {
      const silentMs = now - this.receivedBeforeMs
      if (silentMs >= silenceTimeoutMs) {
        const text = `The peer ${this.peer} sent nothing for ${Math.round(silentMs)} ms.`
        return new CausewayError('TIMEOUT', text, { data: { peer: this.peer } })
      }
      this.quic.ping()
    }
    // The dialler closes first, so that it never opens a stream on a connection that the other side is closing.
    const idleLimitMs = this.inbound ? 2 * idleTimeoutMs : idleTimeoutMs
    if (this.streams.size > 0 || now - this.idleSinceMs < idleLimitMs) return undefined
    return new CausewayError('DISCONNECTED', 'The connection was idle, so it was closed.')
  }

  /** Reads the count of datagrams, and reports whether any came since the last poll. */
  private poll(): boolean {
    const count = this.quic.datagramsReceived()
    const grew = count !== this.datagrams
    const now = this.clock.monotonic()
    if (grew) {
      this.datagrams = count
      this.receivedAfterMs = this.lastPollMs
      this.receivedBeforeMs = now
    }
    this.lastPollMs = now
    return grew
  }

  private forget(): void {
    if (this.ended) return
    this.ended = true
    this.cancelTick()
    this.options.onEnd(this)
  }
}

/** Returns the path now, with the bytes counted since `before`. */
function since(path: PathInfo | undefined, before: PathInfo | undefined): PathInfo | undefined {
  if (path === undefined || before === undefined) return path
  return {
    ...path,
    bytesSent: path.bytesSent! - before.bytesSent!,
    bytesReceived: path.bytesReceived! - before.bytesReceived!,
  }
}
