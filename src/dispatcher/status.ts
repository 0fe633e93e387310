/** Computes the status of a link: the one source for `causeway status`, its RPC, events and /metrics. */
import type { Clock } from '../base/clock.ts'
import type { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Link, LinkPlace, LinkStatus } from '../peer/links.ts'
import type { LinkRun } from './link-run.ts'
import type { Mark } from './outbox.ts'
import type { PeerDialer } from './peer-dialer.ts'

/** Why a peer is polled, for people. */
export type Polling = string

const polledText = `it is asked every ${limits.pollIntervalMs / 1000} s instead`
export const unwatchable: Polling = `The peer cannot be watched: ${polledText}.`
export const silentWatch: Polling = `Nothing has come from a watch of the peer for ${limits.watchSilenceMs / 1000} s: ${polledText}. A proxy in between may hold back streams (nginx: set proxy_buffering off).`

/** What others know of a link. */
export interface LinkFacts {
  /** Returns why a link waits: its request for access is pending or was rejected. Undefined if there is none. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined
  /** Returns the place that a link has now. */
  placeOf(link: Link): LinkPlace
  /** Returns whether a peer watches a tree here. */
  watches(tree: TreeId, peer: PeerId): boolean
  /** Returns whether calls of a peer show that it is there. */
  hears(tree: TreeId, peer: PeerId): boolean
}

/** What a status is computed from. */
export interface StatusParts {
  readonly run: LinkRun
  readonly dialer: PeerDialer
  readonly mark: Mark | undefined
  /** Our latest arrival; 0 if we do not have the tree. */
  readonly sequence: number
  readonly clock: Clock
  readonly blocked: boolean
  /** Whether the peer has an address. */
  readonly dialable: boolean
  readonly connected: boolean
  /** Whether the peer is there: it answers, or its own calls show it. */
  readonly heard: boolean
  /** Why the link waits: its request for access is pending or was rejected. Undefined if there is none. */
  readonly waitReason: CausewayError | undefined
  readonly polling: Polling | undefined
  /** Monotonic: when the next session is due on an open connection; Infinity if none is. */
  readonly dueAt: number
}

/** Returns how long it is until the next session; Infinity if none is due. */
function dueInMs({ run, dialer, dueAt, clock, blocked, dialable, connected }: StatusParts): number {
  const now = clock.monotonic()
  if (blocked || (!connected && !dialable)) return Number.POSITIVE_INFINITY
  if (connected) return dueAt - now
  return (run.live ? dialer.retryAt : Math.max(dueAt, dialer.retryAt)) - now
}

export function statusOf(parts: StatusParts): LinkStatus {
  const { run, dialer, mark, sequence, blocked, heard, waitReason, connected } = parts
  const waitsForContact = !connected && !parts.dialable
  const waitMs = dueInMs(parts)
  const { link } = run
  const isPassive = run.place === 'passive'
  const lastError = waitReason ?? dialer.lastError ?? run.lastError
  const parked = waitReason ?? run.parked
  return {
    tree: link.tree,
    peer: link.peer,
    settings: link.settings,
    place: run.place,
    inSync: !isPassive && mark === undefined && !run.wanted && !run.hidden && heard,
    heard,
    active: run.active,
    peerBehind: mark === undefined || mark.from === 0 ? 0 : sequence - mark.from + 1,
    weBehind: run.wanted ? Math.max(0, run.peerCount - sequence) : 0,
    oldestPendingMs: mark?.sinceMs ?? 0,
    lastSuccessMs: run.lastSuccessMs,
    // A session that is due is so since minus infinity.
    nextAttemptMs:
      waitMs === Number.POSITIVE_INFINITY ? 0 : Math.round(parts.clock.now() + Math.max(0, waitMs)),
    lastError: lastError && { code: lastError.code, message: lastError.message },
    attempts: run.attempts + dialer.failures,
    parked: blocked
      ? 'The peer is blocked.'
      : link.settings.paused
        ? 'The link is paused.'
        : (parked?.message ??
          (waitsForContact && (!isPassive || mark !== undefined)
            ? 'No address of the peer is known: the link waits for the peer to contact us.'
            : '')),
    polled: (connected && run.live && parts.polling) || '',
  }
}
