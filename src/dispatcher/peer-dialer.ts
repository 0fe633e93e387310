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

export interface PeerDialerParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly connect: Connect
  /** Dials to peers that answered lately. */
  readonly dialSlots: Slots
  /** Dials to peers that failed several times, so that these never delay the others. */
  readonly redialSlots: Slots
}

export class PeerDialer {
  connection: PeerConnection | undefined
  /** Dials, watches and connections that failed since the peer last answered. */
  failures = 0
  lastError: Failure | undefined
  /** Monotonic: no dial and no watch starts before this. */
  retryAt = Number.NEGATIVE_INFINITY
  private readonly peer: PeerId
  private readonly parts: PeerDialerParts
  private readonly onEnd: () => void
  /** Aborts the dial under way. */
  private dialAbort: AbortController | undefined
  /** Monotonic: when something last used the connection. */
  private usedAt = 0

  /** `onEnd` is called when a connection was lost. */
  constructor(peer: PeerId, parts: PeerDialerParts, onEnd: () => void) {
    this.peer = peer
    this.parts = parts
    this.onEnd = onEnd
  }

  get dialling(): boolean {
    return this.dialAbort !== undefined
  }

  /** The peer answered: earlier failures no longer count. */
  peerAnswered(): void {
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
    this.lastError = failureOf(error)
    this.retryAt = retryAt(clock.monotonic(), backoffMs(this.failures, clock.random()))
  }

  /**
   * Opens a connection when a slot is free. Returns the error if that failed, or undefined if it succeeded or
   * `cancelDial` ended it.
   */
  async dial(): Promise<CausewayError | undefined> {
    const { clock, counters, connect, dialSlots, redialSlots } = this.parts
    const abort = new AbortController()
    this.dialAbort = abort
    try {
      using _slot = await (this.failures < limits.redialAttempts ? dialSlots : redialSlots).take(abort.signal)
      using limit = deadline(
        clock,
        limits.dialTimeoutMs + limits.dialHandshakeTimeoutMs,
        'Dialling the peer',
        abort.signal,
      )
      counters.dials++
      const connection = await connect(this.peer, limit.signal)
      if (abort.signal.aborted) {
        connection.close()
        return undefined
      }
      this.connection = connection
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
    const endReason = this.connection?.endReason
    if (endReason === undefined) return undefined
    this.connection = undefined
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
