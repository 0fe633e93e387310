/**
 * What the dispatcher knows of one link while the node runs: what is wanted, what failed and when it is due. Nothing
 * here has to survive a restart: what must is in the link and in its outbox mark.
 */

import { backoffMs } from '../base/backoff.ts'
import { type CausewayError, type ErrorCode, type Failure, failureOf } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Link } from '../peer/links.ts'
import type { Mark } from './outbox.ts'

/** Errors that waiting does not heal: an operator, the peer's admin or a new version has to do something. */
const permanent: ReadonlySet<ErrorCode> = new Set([
  'FORBIDDEN',
  'ACCESS_REJECTED',
  'UNKNOWN_TREE',
  'INCOMPATIBLE',
  'UNIMPLEMENTED',
  'BAD_ADDRESS',
  'NO_TRANSPORT',
])

function isPermanent({ code }: CausewayError): boolean {
  return permanent.has(code) || (code.startsWith('ENTRY_') && code !== 'ENTRY_MISSING_PARENT')
}

export class LinkRun {
  link: Link
  /** The session that runs or waits for its turn. */
  active: AbortController | undefined
  /** A session is wanted whatever the outbox says: the peer has something new, or somebody asked. */
  wanted = false
  /** Failures since the last success, of this link alone. */
  attempts = 0
  lastError: Failure | undefined
  /** Why it is not tried any more by itself. */
  parked: Failure | undefined
  lastSuccessMs: number
  /** Monotonic: not before this. */
  retryAt = Number.NEGATIVE_INFINITY
  /** Monotonic: when the last session began. */
  ranAt = Number.NEGATIVE_INFINITY
  /** Monotonic: when the peer is asked once more, so that it learns that we have what has moved. */
  confirmAt = Number.POSITIVE_INFINITY
  /** Of the last event of the peer's watch. */
  cursor = 0
  /** How many entries the peer said it has; 0: not said. */
  theirCount = 0
  /** Events of the peer that are being stored: what they bring is not sent back. */
  hearing = 0

  constructor(link: Link) {
    this.link = link
    this.lastSuccessMs = link.lastSuccessMs ?? 0
  }

  /** Whether the peer's changes are to be heard as they happen. */
  get live(): boolean {
    const { paused, pull, onCommit, intervalSeconds } = this.link.settings
    return !paused && pull && (onCommit || intervalSeconds === 0)
  }

  /** The peer does not show us the tree. */
  get hidden(): boolean {
    return this.parked?.code === 'UNKNOWN_TREE'
  }

  /** Nothing of the tree may be told to the peer. */
  get withheld(): boolean {
    return this.parked?.data.withheld === true
  }

  /** Monotonic time of the next session; Infinity: none is due. `polled`: the peer cannot be watched. */
  dueAt(mark: Mark | undefined, polled: boolean): number {
    const { paused, pull, onCommit, intervalSeconds } = this.link.settings
    if (paused || this.parked !== undefined || this.active !== undefined || this.hearing > 0)
      return Number.POSITIVE_INFINITY
    let at = Number.POSITIVE_INFINITY
    if (this.wanted || (mark !== undefined && (onCommit || mark.from === 0))) at = this.retryAt
    at = Math.min(at, this.confirmAt)
    if (intervalSeconds > 0) at = Math.min(at, this.ranAt + intervalSeconds * 1000)
    if (polled && pull) at = Math.min(at, this.ranAt + limits.pollIntervalMs)
    return Math.max(at, this.retryAt)
  }

  /** Entries went one way or the other, and the peer was not shown that both sides are equal now. */
  moved(now: number): void {
    if (this.live) this.confirmAt = Math.min(this.confirmAt, now + limits.confirmMs)
  }

  failed(error: CausewayError, now: number, random: number): void {
    this.lastError = failureOf(error)
    this.attempts++
    if (isPermanent(error)) this.parked = this.lastError
    const { retryAfterMs } = error.data
    this.retryAt = now + (typeof retryAfterMs === 'number' ? retryAfterMs : backoffMs(this.attempts, random))
  }

  succeeded(nowMs: number): void {
    this.lastSuccessMs = nowMs
    this.attempts = 0
    this.lastError = undefined
    this.parked = undefined
    this.retryAt = Number.NEGATIVE_INFINITY
  }

  /** The peer shows us the tree now: at once, but for one that tells of what it then refuses, again and again. */
  shown(): void {
    this.parked = undefined
    if (this.attempts === 1) this.retryAt = Number.NEGATIVE_INFINITY
  }

  /** Forgets what stands in the way: somebody asked, or the peer is there again. */
  urge(): void {
    this.parked = undefined
    this.retryAt = Number.NEGATIVE_INFINITY
  }
}
