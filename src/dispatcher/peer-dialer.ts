/**
 * The line to one peer: the connection that all its trees share. It is dialled when something needs it, and how that
 * went is kept here once, for all trees: after a failure it waits, ever longer, until the peer was heard again.
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
  readonly dials: Slots
  readonly redials: Slots
}

export class PeerDialer {
  /** Undefined while there is none. */
  connection: PeerConnection | undefined
  /** Dials, watches and connections that failed since the peer was last heard. */
  failures = 0
  /** Why the last of them did. */
  lastError: Failure | undefined
  /** Monotonic: nothing is tried before this. */
  retryAt = Number.NEGATIVE_INFINITY
  private readonly peer: PeerId
  private readonly parts: PeerDialerParts
  private readonly onEnd: () => void
  private attempt: AbortController | undefined
  private neededAt = 0

  /** `onEnd` is called when a connection was lost. */
  constructor(peer: PeerId, parts: PeerDialerParts, onEnd: () => void) {
    this.peer = peer
    this.parts = parts
    this.onEnd = onEnd
  }

  get dialling(): boolean {
    return this.attempt !== undefined
  }

  /** The peer was heard: whatever failed before is over. */
  heard(): void {
    this.failures = 0
    this.lastError = undefined
  }

  /** Nothing stands in the way any more: somebody asked, or the peer is there again. */
  urge(): void {
    this.failures = 0
    this.retryAt = Number.NEGATIVE_INFINITY
  }

  failed(error: CausewayError): void {
    const { clock } = this.parts
    this.failures++
    this.lastError = failureOf(error)
    this.retryAt = retryAt(clock.monotonic(), backoffMs(this.failures, clock.random()))
  }

  /** Opens a connection, when it is its turn; gives why that failed, undefined where it did not or was given up here. */
  async dial(): Promise<CausewayError | undefined> {
    const { clock, counters, connect, dials, redials } = this.parts
    const attempt = new AbortController()
    this.attempt = attempt
    try {
      using _ = await (this.failures < limits.redialAttempts ? dials : redials).take(attempt.signal)
      using limit = deadline(
        clock,
        limits.dialTimeoutMs + limits.dialHandshakeTimeoutMs,
        'Dialling the peer',
        attempt.signal,
      )
      counters.dials++
      const connection = await connect(this.peer, limit.signal)
      if (attempt.signal.aborted) {
        connection.close()
        return undefined
      }
      this.connection = connection
      this.retryAt = Number.NEGATIVE_INFINITY
      this.neededAt = clock.monotonic()
      connection.onEnd(() => {
        if (this.dropEnded() !== undefined) this.onEnd()
      })
      return undefined
    } catch (thrown) {
      if (attempt.signal.aborted) return undefined
      counters.dialsFailed++
      const error = CausewayError.from(thrown)
      this.failed(error)
      return error
    } finally {
      this.attempt = undefined
    }
  }

  /** Lets go of a connection that has ended, whether or not that was told; gives why it did. */
  dropEnded(): CausewayError | undefined {
    const ended = this.connection?.ended
    if (ended === undefined) return undefined
    this.connection = undefined
    this.failed(ended)
    return ended
  }

  /** Closes the connection where nothing has used it for a while; else when that will be, monotonic. */
  closeUnused(used: boolean): number {
    const now = this.parts.clock.monotonic()
    if (used) {
      this.neededAt = now
      return Number.POSITIVE_INFINITY
    }
    const closesAt = this.neededAt + limits.connectionIdleMs
    if (closesAt > now) return closesAt
    this.close(new CausewayError('CLOSED', 'Nothing needed the connection.'))
    return Number.POSITIVE_INFINITY
  }

  giveUpDialling(reason: CausewayError): void {
    this.attempt?.abort(reason)
  }

  close(reason: CausewayError): void {
    const { connection } = this
    this.connection = undefined
    this.giveUpDialling(reason)
    connection?.close()
  }
}
