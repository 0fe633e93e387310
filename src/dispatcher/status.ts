/** Computes the status of a link: the one source for `causeway status`, its RPC, events and /metrics. */
import type { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { LinkStatus } from '../peer/links.ts'
import type { LinkRun } from './link-run.ts'
import type { Mark } from './outbox.ts'
import type { PeerDialer } from './peer-dialer.ts'

/** Why a peer is polled, for people. */
export type Polling = string

const polledText = `it is asked every ${limits.pollIntervalMs / 1000} s instead`
export const unwatchable: Polling = `The peer cannot be watched: ${polledText}.`
export const silentWatch: Polling = `Nothing has come from a watch of the peer for ${limits.watchSilenceMs / 1000} s: ${polledText}. A proxy in between may hold back streams (nginx: set proxy_buffering off).`

/** What a status is computed from. */
export interface StatusParts {
  readonly run: LinkRun
  readonly dialer: PeerDialer
  readonly mark: Mark | undefined
  /** Our latest arrival; 0 if we do not have the tree. */
  readonly sequence: number
  readonly nowMs: number
  /** Time until the next session; Infinity if none is due. */
  readonly dueInMs: number
  readonly blocked: boolean
  /** Why the link waits: its request for access is pending or was rejected. Undefined if there is none. */
  readonly waitReason: CausewayError | undefined
  /** Whether the peer is not connected and has no address to dial. */
  readonly waitsForContact: boolean
  readonly polling: Polling | undefined
}

export function statusOf(parts: StatusParts): LinkStatus {
  const { run, dialer, mark, sequence, nowMs, dueInMs, blocked, waitReason, waitsForContact, polling } = parts
  const { link } = run
  const lastError = waitReason ?? dialer.lastError ?? run.lastError
  const parked = waitReason ?? run.parked
  return {
    tree: link.tree,
    peer: link.peer,
    settings: link.settings,
    inSync: mark === undefined && !run.wanted,
    active: run.active,
    peerBehind: mark === undefined || mark.from === 0 ? 0 : sequence - mark.from + 1,
    weBehind: run.wanted ? Math.max(0, run.peerCount - sequence) : 0,
    oldestPendingMs: mark?.sinceMs ?? 0,
    lastSuccessMs: run.lastSuccessMs,
    // A session that is due is so since minus infinity.
    nextAttemptMs: dueInMs === Number.POSITIVE_INFINITY ? 0 : Math.round(nowMs + Math.max(0, dueInMs)),
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
    polled: (run.live && polling) || '',
  }
}
