/**
 * Dials one peer and holds the connection that all its links share. It dials when a link needs the connection. After a
 * failure it waits longer each time until the peer answers; it counts the failures once, for all links.
 */

import { backoffMs, retryAt } from '../base/backoff.ts'
import { type Clock, deadline } from '../base/clock.ts'
import { CausewayError, type Failure, failureOf } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Slots } from '../base/slots.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Connect, PeerConnection } from './connection.ts'
import type { Counters } from './counters.ts'
import type { RecentPeers } from './presence/recent-peers.ts'

export interface PeerDialerParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly connect: Connect
  /** Peers that were live a short while ago. */
  readonly recent: RecentPeers
  /** Dials to these. */
  readonly recentSlots: Slots
  /** Dials to other peers that failed seldom. */
  readonly dialSlots: Slots
  /** Dials to peers that failed several times, so that these never delay the others. */
  readonly redialSlots: Slots
}

export class PeerDialer {
  connection: PeerConnection | undefined
  /** Dials, watches and connections that failed since the peer last answered. */
  failures = 0
  lastError: Failure | undefined
  /** Whether the peer answered, and nothing failed since. */
  reachable = false
  /** Monotonic: no dial and no watch starts before this. */
  retryAt = Number.NEGATIVE_INFINITY
  private readonly peer: PeerId
  private readonly parts: PeerDialerParts
  private readonly onEnd: () => void
  /** Aborts the dial under way. */
  private dialAbort: AbortController | undefined
  /** Monotonic: when something last used the connection. */
  private usedAt = 0
  /** Whether the peer has answered on the connection. */
  private answered = false
  /** The round trip of the last connection; 0: not known. */
  private roundTripMs = 0

  /** `onEnd` is called when a connection was lost. */
  constructor(peer: PeerId, parts: PeerDialerParts, onEnd: () => void) {
    this.peer = peer
    this.parts = parts
    this.onEnd = onEnd
  }

  /** The round trip of the connection, or of the last one; undefined: not known. */
  get lastRoundTripMs(): number | undefined {
    return this.connection?.roundTripMs ?? (this.roundTripMs || undefined)
  }

  get dialling(): boolean {
    return this.dialAbort !== undefined
  }

  /** Whether the peer is dialled again after a wait, and not before. */
  get waits(): boolean {
    return this.connection === undefined && !this.dialling && this.retryAt > this.parts.clock.monotonic()
  }

  /** The peer answered: earlier failures no longer count. */
  peerAnswered(): void {
    this.answered = true
    this.reachable = true
    this.failures = 0
    this.lastError = undefined
  }

  /** Ends the wait: a user asked for a retry, or the peer is there again. */
  retryNow(): void {
    this.failures = 0
    this.retryAt = Number.NEGATIVE_INFINITY
  }

  failed(error: CausewayError): void {
    const { clock } = this.parts
    this.failures++
    this.reachable = false
    this.lastError = failureOf(error)
    const waitMs = backoffMs(this.failures, clock.random(), {
      baseMs: limits.backoffBaseMs,
      capMs: this.wasLive ? limits.recentBackoffCapMs : limits.backoffCapMs,
    })
    this.retryAt = retryAt(clock.monotonic(), waitMs)
  }

  /** Whether the peer was live a short while ago, and so is probably there again soon. */
  private get wasLive(): boolean {
    return this.parts.recent.has(this.peer)
  }

  private get slots(): Slots {
    const { recentSlots, dialSlots, redialSlots } = this.parts
    if (this.wasLive) return recentSlots
    return this.failures < limits.redialAttempts ? dialSlots : redialSlots
  }

  /** How long a dial may take. */
  private get dialMs(): number {
    const longest = limits.dialTimeoutMs + limits.dialHandshakeTimeoutMs
    if (!this.wasLive) return longest
    return Math.min(longest, Math.max(limits.recentDialMs, limits.recentDialRoundTrips * this.roundTripMs))
  }

  /**
   * Opens a connection when a slot is free. Returns the error if that failed, or undefined if it succeeded or
   * `cancelDial` ended it.
   */
  async dial(): Promise<CausewayError | undefined> {
    const { clock, counters, connect } = this.parts
    const abort = new AbortController()
    this.dialAbort = abort
    try {
      using _slot = await this.slots.take(abort.signal)
      using limit = deadline(clock, this.dialMs, 'Dialling the peer', abort.signal)
      counters.dials++
      const connection = await connect(this.peer, limit.signal)
      if (abort.signal.aborted) {
        connection.close()
        return undefined
      }
      this.connection = connection
      this.answered = false
      this.retryAt = Number.NEGATIVE_INFINITY
      this.usedAt = clock.monotonic()
      connection.onEnd(() => {
        if (this.dropIfEnded() !== undefined) this.onEnd()
      })
      return undefined
    } catch (thrown) {
      if (abort.signal.aborted) return undefined
      counters.dialsFailed++
      const error = CausewayError.from(thrown)
      this.failed(error)
      return error
    } finally {
      this.dialAbort = undefined
    }
  }

  /**
   * Drops a connection that has ended, even before it reports its end. Returns why it ended, or undefined if it is
   * open.
   */
  dropIfEnded(): CausewayError | undefined {
    const { connection } = this
    const endReason = connection?.endReason
    if (connection === undefined || endReason === undefined) return undefined
    this.connection = undefined
    this.roundTripMs = connection.roundTripMs ?? this.roundTripMs
    if (this.answered) this.parts.recent.lost(this.peer)
    this.failed(endReason)
    return endReason
  }

  /**
   * Closes the connection if nothing has used it for limits.connectionIdleMs. Otherwise returns the monotonic time when
   * that will be; Infinity if it is in use or now closed.
   */
  closeUnused(used: boolean): number {
    const now = this.parts.clock.monotonic()
    if (used) {
      this.usedAt = now
      return Number.POSITIVE_INFINITY
    }
    const closesAt = this.usedAt + limits.connectionIdleMs
    if (closesAt > now) return closesAt
    this.close(new CausewayError('CLOSED', 'Nothing needed the connection.'))
    return Number.POSITIVE_INFINITY
  }

  cancelDial(reason: CausewayError): void {
    this.dialAbort?.abort(reason)
  }

  /** Closes the connection and cancels a dial under way. */
  close(reason: CausewayError): void {
    const { connection } = this
    this.connection = undefined
    this.cancelDial(reason)
    connection?.close()
  }
}
