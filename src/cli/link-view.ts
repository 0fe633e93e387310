/** The sync status of a link as `status`, `link` and `flush` print it. */
import type { LinkStatus } from '../../gen/causeway/v1/node_pb.ts'
import { agoText, hexText, idText, plainText, timeText } from './output.ts'

export function linkDocument(link: LinkStatus) {
  const { settings } = link
  return {
    tree: idText(link.tree),
    peer: hexText(link.peer),
    inSync: link.inSync,
    active: link.active,
    peerBehind: Number(link.peerBehind),
    weBehind: Number(link.weBehind),
    oldestPending: timeText(link.oldestPendingMs),
    lastSuccess: timeText(link.lastSuccessMs),
    nextAttempt: timeText(link.nextAttemptMs),
    attempts: link.attempts,
    lastError:
      link.lastErrorCode === '' ? null : { code: link.lastErrorCode, message: link.lastErrorMessage },
    parked: link.parked || null,
    polled: link.polled || null,
    settings: {
      onCommit: settings!.onCommit,
      everySeconds: settings!.intervalSeconds,
      pull: settings!.pull,
      push: settings!.push,
      paused: settings!.paused,
    },
  }
}

/** Returns the state in one or two words; `status --help` explains them. */
function stateText(link: LinkStatus): string {
  if (link.active) return 'syncing'
  if (link.parked !== '') return 'parked'
  if (link.inSync) return link.lastErrorCode === '' ? 'in sync' : 'away'
  return link.attempts > 0 ? 'waiting' : 'behind'
}

const title =
  'TREE          PEER          STATE    PEER LACKS  WE LACK  PENDING SINCE  LAST SUCCESS   TRIES  NEXT'

/** Returns the links as a table. */
export function linkTable(links: readonly LinkStatus[]): string {
  return [title, ...links.map(linkLine)].join('\n')
}

function nextText(ms: bigint): string {
  return Number(ms) <= Date.now() ? 'now' : agoText(ms)
}

/** Returns one row of the table, with the reason, the last error or why the peer is polled below it. */
export function linkLine(link: LinkStatus): string {
  const next = link.nextAttemptMs === 0n ? '' : nextText(link.nextAttemptMs)
  const columns = [
    idText(link.tree).slice(-12).padEnd(12),
    hexText(link.peer).slice(0, 12).padEnd(12),
    stateText(link).padEnd(7),
    String(link.peerBehind).padStart(10),
    String(link.weBehind).padStart(7),
    (link.oldestPendingMs === 0n ? '' : agoText(link.oldestPendingMs)).padEnd(13),
    agoText(link.lastSuccessMs).padEnd(13),
    String(link.attempts).padStart(5),
    next,
  ]
  const reason = plainText(link.parked || link.lastErrorMessage || link.polled, 1000)
  return columns.join('  ').trimEnd() + (reason && `\n    ${reason}`)
}
