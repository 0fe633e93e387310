/**
 * The text of /metrics: totals of links, dials, sessions and entries. They are for operators, whose tools keep
 * them where others read them, so they name no tree and no peer.
 */
import type { LinkStatus } from '../peer/links.ts'
import type { Counters } from './counters.ts'

/** Present values that do not come from the links. */
export interface Gauges {
  readonly trees: number
  readonly entries: number
  readonly peers: number
  readonly connectedPeers: number
  readonly connections: number
  readonly nowMs: number
}

/** Returns the metrics in Prometheus' text format, version 0.0.4. */
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
    ['peers_connected', 'gauge', 'Peers that the dispatcher is connected to.', gauges.connectedPeers],
    ['connections', 'gauge', 'Open connections, inbound and outbound.', gauges.connections],
    ['links', 'gauge', 'Links of a tree with a peer.', links.length],
    ['links_in_sync', 'gauge', 'Links whose sides are equal.', count(({ inSync }) => inSync)],
    [
      'links_parked',
      'gauge',
      'Links that are not retried automatically.',
      count(({ parked }) => parked !== ''),
    ],
    ['links_failing', 'gauge', 'Links whose last attempt failed.', count(({ attempts }) => attempts > 0)],
    ['outbox_marks', 'gauge', 'Links with undelivered changes.', pending.length],
    [
      'outbox_oldest_seconds',
      'gauge',
      'Age of the oldest undelivered change.',
      (gauges.nowMs - oldest) / 1000,
    ],
    ['dials_total', 'counter', 'Dials to peers.', counters.dials],
    ['dials_failed_total', 'counter', 'Dials that failed.', counters.dialsFailed],
    ['sessions_total', 'counter', 'Sessions started by the dispatcher.', counters.sessions],
    ['sessions_failed_total', 'counter', 'Sessions that failed.', counters.sessionsFailed],
    ['pushes_total', 'counter', 'Small changes pushed without a session.', counters.directPushes],
    ['entries_received_total', 'counter', 'New entries from sessions.', counters.entriesReceived],
    ['entries_sent_total', 'counter', 'Entries sent that were new to the peer.', counters.entriesSent],
    ['watch_events_total', 'counter', 'Changes received from watched peers.', counters.watchEvents],
    ['watch_entries_total', 'counter', 'New entries from watched peers.', counters.watchEntries],
  ]
  return metrics
    .map(
      ([name, type, help, value]) =>
        `# HELP causeway_${name} ${help}\n# TYPE causeway_${name} ${type}\ncauseway_${name} ${value}\n`,
    )
    .join('')
}
