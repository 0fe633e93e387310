/** How a link stands, as data: the one answer behind `causeway status`, its RPC, events and /metrics. */
import type { CausewayError } from '../base/errors.ts'
import type { LinkStatus } from '../peer/links.ts'
import type { LinkRun } from './link-run.ts'
import type { Mark } from './outbox.ts'
import type { PeerDialer } from './peer-dialer.ts'

/** What a status is worked out from. `dueInMs`: Infinity where nothing is due. */
export interface StatusParts {
  readonly run: LinkRun
  readonly dialer: PeerDialer
  readonly mark: Mark | undefined
  readonly sequence: number
  readonly nowMs: number
  readonly dueInMs: number
  readonly blocked: boolean
  /** What it waits for instead of being tried. */
  readonly awaited: CausewayError | undefined
  /** There is no connection, and no address to dial. */
  readonly waitsForContact: boolean
}

export function statusOf(parts: StatusParts): LinkStatus {
  const { run, dialer, mark, sequence, nowMs, dueInMs, blocked, awaited, waitsForContact } = parts
  const { link } = run
  const lastError = awaited ?? dialer.lastError ?? run.lastError
  const parked = awaited ?? run.parked
  return {
    tree: link.tree,
    peer: link.peer,
    settings: link.settings,
    inSync: mark === undefined && !run.wanted,
    active: run.active !== undefined,
    peerBehind: mark === undefined || mark.from === 0 ? 0 : sequence - mark.from + 1,
    weBehind: run.wanted ? Math.max(0, run.theirCount - sequence) : 0,
    oldestPendingMs: mark?.sinceMs ?? 0,
    lastSuccessMs: run.lastSuccessMs,
    nextAttemptMs: Number.isFinite(dueInMs) ? Math.round(nowMs + Math.max(0, dueInMs)) : 0,
    lastError: lastError && { code: lastError.code, message: lastError.message },
    attempts: run.attempts + dialer.failures,
    parked: blocked
      ? 'The peer is blocked.'
      : link.settings.paused
        ? 'The link is paused.'
        : (parked?.message ??
          (waitsForContact
            ? 'No address of the peer is known: the link waits for the peer to contact us.'
            : '')),
  }
}
