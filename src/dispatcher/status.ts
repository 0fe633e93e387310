/**
 * How every link stands, as data: the one answer behind `causeway status`, its RPC, events and /metrics. /metrics is
 * open to whoever reaches the port, so it has totals only and names no tree and no peer.
 */
import type { CausewayError } from '../base/errors.ts'
import type { LinkStatus } from '../peer/links.ts'
import type { LinkRun } from './link-run.ts'
import type { Mark } from './outbox.ts'
import type { Line } from './peer-dialer.ts'

/** What a status is worked out from. `dueInMs`: Infinity where nothing is due. */
export interface StatusParts {
  readonly run: LinkRun
  readonly line: Line
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
  const { run, line, mark, sequence, nowMs, dueInMs, blocked, awaited, waitsForContact } = parts
  const { link } = run
  const lastError = awaited ?? line.lastError ?? run.lastError
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
    attempts: run.attempts + line.failures,
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

/** Totals since the node was opened. */
export class Counters {
  dials = 0
  dialsFailed = 0
  sessions = 0
  sessionsFailed = 0
  directPushes = 0
  entriesReceived = 0
  entriesSent = 0
  watchEvents = 0
  watchEntries = 0
}

/** What else /metrics tells. */
export interface Gauges {
  readonly trees: number
  readonly entries: number
  readonly peers: number
  readonly connectedPeers: number
  readonly connections: number
  readonly nowMs: number
}

/** Prometheus' text format, version 0.0.4. */
export function prometheusText(links: readonly LinkStatus[], counters: Counters, gauges: Gauges): string {
  const pending = links.filter(({ oldestPendingMs }) => oldestPendingMs > 0)
  const oldest = pending.reduce(
    (least, { oldestPendingMs }) => Math.min(least, oldestPendingMs),
    gauges.nowMs,
  )
  const count = (which: (link: LinkStatus) => boolean) => links.filter(which).length
  const metrics: [name: string, type: 'gauge' | 'counter', help: string, value: number][] = [
    ['trees', 'gauge', 'Trees on this node.', gauges.trees],
    ['entries', 'gauge', 'Entries in all trees.', gauges.entries],
    ['peers', 'gauge', 'Peers in the peer book.', gauges.peers],
    ['peers_connected', 'gauge', 'Peers that the dispatcher is connected with.', gauges.connectedPeers],
    ['connections', 'gauge', 'Connections that are open, both ways.', gauges.connections],
    ['links', 'gauge', 'Links of a tree with a peer.', links.length],
    ['links_in_sync', 'gauge', 'Links whose sides are equal.', count(({ inSync }) => inSync)],
    [
      'links_parked',
      'gauge',
      'Links that are not tried by themselves.',
      count(({ parked }) => parked !== ''),
    ],
    ['links_failing', 'gauge', 'Links whose last attempt failed.', count(({ attempts }) => attempts > 0)],
    ['outbox_marks', 'gauge', 'Links that have something undelivered.', pending.length],
    [
      'outbox_oldest_seconds',
      'gauge',
      'Age of the oldest undelivered change.',
      (gauges.nowMs - oldest) / 1000,
    ],
    ['dials_total', 'counter', 'Dials to peers.', counters.dials],
    ['dials_failed_total', 'counter', 'Dials that failed.', counters.dialsFailed],
    ['sessions_total', 'counter', 'Sessions begun by the dispatcher.', counters.sessions],
    ['sessions_failed_total', 'counter', 'Sessions that failed.', counters.sessionsFailed],
    ['pushes_total', 'counter', 'Small changes pushed without a session.', counters.directPushes],
    ['entries_received_total', 'counter', 'New entries from sessions.', counters.entriesReceived],
    ['entries_sent_total', 'counter', 'Entries sent that were new there.', counters.entriesSent],
    ['watch_events_total', 'counter', 'Changes heard from watched peers.', counters.watchEvents],
    ['watch_entries_total', 'counter', 'New entries from watched peers.', counters.watchEntries],
  ]
  return metrics
    .map(
      ([name, type, help, value]) =>
        `# HELP causeway_${name} ${help}\n# TYPE causeway_${name} ${type}\ncauseway_${name} ${value}\n`,
    )
    .join('')
}
