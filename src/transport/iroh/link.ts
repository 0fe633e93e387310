/**
 * One QUIC connection with its streams. It notices by its silence that the remote has died, because the binding's own
 * timeout is 30 s and cannot be set, and ends itself when nothing has used it for a while. The binding counts what it
 * hears but does not say when, so looking at the count bounds the time: what came last came between `#heardAfterMs` and
 * `#heardBeforeMs`.
 */
import type { Duplex } from 'node:stream'
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Channel, PathInfo } from '../transport.ts'
import type { QuicConnection } from './binding.ts'

export interface QuicLinkOptions {
  readonly clock: Clock
  readonly inbound: boolean
  readonly idleTimeoutMs: number
  readonly silenceTimeoutMs: number
  /** Told once when it has ended, whoever ended it. */
  readonly onEnd: (link: QuicLink) => void
}

export class QuicLink {
  readonly inbound: boolean
  private readonly quic: QuicConnection
  private readonly options: QuicLinkOptions
  private readonly clock: Clock
  private readonly streams = new Set<Duplex>()
  /** It has carried a channel. */
  private used = false
  private ended = false
  private heardCount: number
  private lookedAtMs: number
  private heardAfterMs: number
  private heardBeforeMs: number
  /** When its last stream closed. */
  private idleSinceMs: number
  private cancelTick = () => {}

  constructor(quic: QuicConnection, options: QuicLinkOptions) {
    this.quic = quic
    this.options = options
    this.clock = options.clock
    this.inbound = options.inbound
    const now = options.clock.monotonic()
    this.heardCount = quic.heard()
    this.lookedAtMs = this.heardAfterMs = this.heardBeforeMs = this.idleSinceMs = now
    quic.limitStreams(limits.irohStreamsPerConnection)
    this.tickLater()
    void quic.closed.then(() => this.forget())
  }

  get peer(): PeerId {
    return this.quic.remotePeer
  }

  /** A new stream to the remote. Waits where the remote allows no more of them now. */
  async open(): Promise<Channel> {
    return this.channelOf(await this.quic.openStream())
  }

  /** The next stream that the remote opens; undefined once the connection has ended. */
  async accept(): Promise<Channel | undefined> {
    const stream = await this.quic.acceptStream()
    return stream && this.channelOf(stream)
  }

  /** Ends it and its streams, with the reason for their owners. */
  end(error: CausewayError): void {
    this.forget()
    // First the connection: the remote then sees one end, and not that of each stream before it.
    this.quic.close(error.code)
    for (const stream of this.streams) stream.destroy(error)
  }

  /**
   * Whether a new stream may be opened on it: one whose remote has died would cost a whole silence timeout, and is ended,
   * as iroh sends what is for a peer to where its open connections lead. One that carries streams is left to its own
   * timeout: a pause of a second is no reason to cut them.
   */
  async answers(signal: AbortSignal): Promise<boolean> {
    if (this.quic.ended()) return false
    this.listen()
    const startedMs = this.clock.monotonic()
    if (startedMs - this.heardAfterMs < limits.irohFreshMs) return true
    this.quic.ping()
    while (this.clock.monotonic() - startedMs < limits.irohProbeTimeoutMs) {
      await sleep(this.clock, limits.irohProbeStepMs, signal)
      if (this.listen()) return true
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
    // The first channel pays for the connection too.
    const before = this.used ? quic.path() : undefined
    this.used = true
    return { stream, remotePeer, remoteAddress, dear: true, path: () => since(quic.path(), before) }
  }

  private tickLater(): void {
    const { silenceTimeoutMs, idleTimeoutMs } = this.options
    const tickMs = Math.min(silenceTimeoutMs / 4, idleTimeoutMs)
    this.cancelTick = this.clock.setTimer(tickMs, () => {
      const error = this.lookAfter()
      if (error === undefined) this.tickLater()
      else this.end(error)
    })
  }

  /** Why it should end, if it should: silent for too long, or idle for too long. */
  private lookAfter(): CausewayError | undefined {
    const { silenceTimeoutMs, idleTimeoutMs } = this.options
    const now = this.clock.monotonic()
    if (!this.listen()) {
      const silentMs = now - this.heardBeforeMs
      if (silentMs >= silenceTimeoutMs) {
        const text = `Nothing came from the peer ${this.peer} for ${Math.round(silentMs)} ms.`
        return new CausewayError('TIMEOUT', text, { data: { peer: this.peer } })
      }
      this.quic.ping()
    }
    // The dialler closes first, so that it never opens a stream on what the other side is about to close.
    const idleLimitMs = this.inbound ? 2 * idleTimeoutMs : idleTimeoutMs
    if (this.streams.size > 0 || now - this.idleSinceMs < idleLimitMs) return undefined
    return new CausewayError('DISCONNECTED', 'The connection was idle.')
  }

  /** Whether something has come since the last time. */
  private listen(): boolean {
    const count = this.quic.heard()
    const grown = count !== this.heardCount
    const now = this.clock.monotonic()
    if (grown) {
      this.heardCount = count
      this.heardAfterMs = this.lookedAtMs
      this.heardBeforeMs = now
    }
    this.lookedAtMs = now
    return grown
  }

  private forget(): void {
    if (this.ended) return
    this.ended = true
    this.cancelTick()
    this.options.onEnd(this)
  }
}

/** The path now, with what was counted after `before`. */
function since(path: PathInfo | undefined, before: PathInfo | undefined): PathInfo | undefined {
  if (path === undefined || before === undefined) return path
  return {
    ...path,
    bytesSent: path.bytesSent! - before.bytesSent!,
    bytesReceived: path.bytesReceived! - before.bytesReceived!,
  }
}
