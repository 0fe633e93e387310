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
  /** Of bodies and signatures, and how many the node may store. */
  readonly entryBytes: number
  readonly quotaBytes: number
  /** Of the views of trees in the tables of the database; 0 in memory. */
  readonly viewBytes: number
  /** Of blobs. */
  readonly chunks: number
  readonly chunkBytes: number
  readonly peers: number
  readonly connectedPeers: number
  readonly connections: number
  /** What waits for its turn in each queue of the node, by the queue's name. */
  readonly queues: Readonly<Record<string, number>>
  /** Peers that are dialled again after a wait. */
  readonly peersWaiting: number
  readonly nowMs: number
}

/** Returns the metrics in Prometheus' text format, version 0.0.4. */
export function prometheusText(all: readonly LinkStatus[], counters: Counters, gauges: Gauges): string {
  const links = all.filter(({ place }) => place !== 'passive')
  const pending = links.filter(({ oldestPendingMs }) => oldestPendingMs > 0)
  const oldest = pending.reduce(
    (least, { oldestPendingMs }) => Math.min(least, oldestPendingMs),
    gauges.nowMs,
  )
  const count = (which: (link: LinkStatus) => boolean) => links.filter(which).length
  const metrics: [name: string, type: 'gauge' | 'counter', help: string, value: number][] = [
    ['trees', 'gauge', 'Trees on this node.', gauges.trees],
    ['entries', 'gauge', 'Entries in all trees.', gauges.entries],
    ['entry_bytes', 'gauge', 'Bytes of these entries.', gauges.entryBytes],
    ['quota_bytes', 'gauge', 'Bytes of entries and blobs that the node may store.', gauges.quotaBytes],
    ['view_bytes', 'gauge', 'Bytes that views of trees take on disk, estimated.', gauges.viewBytes],
    ['blob_chunks', 'gauge', 'Chunks of blobs on this node.', gauges.chunks],
    ['blob_bytes', 'gauge', 'Bytes of these chunks.', gauges.chunkBytes],
    ['peers', 'gauge', 'Peers in the peer book.', gauges.peers],
    ['peers_connected', 'gauge', 'Peers that the dispatcher is connected to.', gauges.connectedPeers],
    ['peers_waiting', 'gauge', 'Peers that are dialled again after a wait.', gauges.peersWaiting],
    ['connections', 'gauge', 'Open connections, inbound and outbound.', gauges.connections],
    ['links', 'gauge', 'Links of a tree with a peer that are kept in sync.', links.length],
    ['links_passive', 'gauge', 'Links that are kept for when others are lost.', all.length - links.length],
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
      'outbox_entries',
      'gauge',
      'Entries that peers may lack, over all links.',
      links.reduce((sum, { peerBehind }) => sum + peerBehind, 0),
    ],
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
    ['watch_copies_total', 'counter', 'Entries from watched peers that were here.', counters.watchCopies],
  ]
  const texts = metrics.map(
    ([name, type, help, value]) =>
      `# HELP causeway_${name} ${help}\n# TYPE causeway_${name} ${type}\ncauseway_${name} ${value}\n`,
  )
  return `${texts.join('')}${queueText(gauges.queues)}`
}

function queueText(queues: Gauges['queues']): string {
  const name = 'causeway_queue_length'
  const rows = Object.entries(queues).map(([queue, length]) => `${name}{queue="${queue}"} ${length}\n`)
  return `# HELP ${name} What waits for its turn, by queue.\n# TYPE ${name} gauge\n${rows.join('')}`
}
