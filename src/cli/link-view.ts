/** The sync status of a link as `status`, `link` and `flush` print it. */
import { LinkPlace, type LinkStatus } from '../../gen/causeway/v1/node_pb.ts'
import { agoText, hexText, idText, plainText, timeText } from './output.ts'
import type { Names } from './view/names.ts'
import { type Column, cut, tableLines } from './view/table.ts'

const placeNames = new Map([
  [LinkPlace.KEPT, 'kept'],
  [LinkPlace.NEIGHBOUR, 'neighbour'],
  [LinkPlace.PASSIVE, 'passive'],
])

export function linkDocument(link: LinkStatus, names: Names) {
  const { settings } = link
  const [tree, peer] = [idText(link.tree), hexText(link.peer)]
  return {
    ...{ tree, treeName: names.treeName(tree), peer, peerName: names.peerName(peer) },
    place: placeNames.get(link.place) ?? 'kept',
    inSync: link.inSync,
    heard: link.heard,
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
      blobs: settings!.blobs,
    },
  }
}

/** Returns the state in one or two words; `status --help` explains them. */
function stateText(link: LinkStatus): string {
  if (link.active) return 'syncing'
  if (link.parked !== '') return 'parked'
  if (link.inSync) return 'in sync'
  const differs = link.oldestPendingMs > 0n || link.weBehind > 0n || link.lastSuccessMs === 0n
  if (!link.heard && !differs) return 'away'
  return link.attempts > 0 ? 'waiting' : 'behind'
}

/** How far the names of trees and peers may be cut. */
const leastName = 8

const nextText = (ms: bigint): string => (Number(ms) <= Date.now() ? 'now' : agoText(ms))

function columnsOf(names: Names): readonly Column<LinkStatus>[] {
  return [
    { title: 'TREE', text: ({ tree }) => names.tree(idText(tree)), least: leastName },
    { title: 'PEER', text: ({ peer }) => names.peer(hexText(peer)), least: leastName },
    { title: 'STATE', text: stateText },
    { title: 'PEER LACKS', text: ({ peerBehind }) => countText(peerBehind), right: true },
    { title: 'WE LACK', text: ({ weBehind }) => countText(weBehind), right: true },
    { title: 'PENDING SINCE', text: ({ oldestPendingMs: ms }) => (ms === 0n ? '' : agoText(ms)) },
    { title: 'LAST SUCCESS', text: ({ lastSuccessMs }) => agoText(lastSuccessMs) },
    { title: 'TRIES', text: ({ attempts }) => countText(attempts), right: true },
    { title: 'NEXT', text: ({ nextAttemptMs: ms }) => (ms === 0n ? '' : nextText(ms)) },
  ]
}

/** A count of nothing is left out, so that the column goes if there is nothing in it. */
const countText = (count: bigint | number): string => (Number(count) === 0 ? '' : String(count))

/** Returns the reason, the last error or why the peer is polled; empty if there is nothing to say. */
function reasonText(link: LinkStatus): string {
  return plainText(link.parked || link.lastErrorMessage || link.polled, 1000)
}

/** Reports whether a link is one of its own in `status`, and not counted with those of its tree. */
const isKept = ({ place }: LinkStatus) => place !== LinkPlace.NEIGHBOUR && place !== LinkPlace.PASSIVE

/** How far the neighbours of a tree with many members are. */
export interface Neighbours {
  readonly tree: string
  /** How many neighbours have been told everything, and how many there are. */
  readonly told: number
  readonly neighbours: number
  /** How many further members are known. */
  readonly others: number
}

/** Returns, for each tree with many members, how many of its neighbours have been told everything. */
export function neighboursOf(links: readonly LinkStatus[]): Neighbours[] {
  const trees = new Map<string, { told: number; neighbours: number; others: number }>()
  for (const link of links) {
    if (isKept(link)) continue
    const tree = idText(link.tree)
    const counts = trees.get(tree) ?? { told: 0, neighbours: 0, others: 0 }
    trees.set(tree, counts)
    if (link.place === LinkPlace.PASSIVE) counts.others++
    else {
      counts.neighbours++
      if (link.oldestPendingMs === 0n && link.heard) counts.told++
    }
  }
  return [...trees].map(([tree, counts]) => ({ tree, ...counts }))
}

function neighbourLine({ tree, told, neighbours, others }: Neighbours, names: Names): string {
  const further = others === 0 ? '' : `; ${others} further members are known`
  return `${names.tree(tree)}: told to ${told} of ${neighbours} neighbours${further}`
}

/** Returns the links that are kept as a table, and one line for the neighbours of each tree with many members. */
export function statusLines(links: readonly LinkStatus[], names: Names, width?: number): string[] {
  const kept = links.filter(isKept)
  return [
    ...(kept.length > 0 ? linkTable(kept, names, width) : []),
    ...neighboursOf(links).map((each) => cut(neighbourLine(each, names), width ?? Number.POSITIVE_INFINITY)),
  ]
}

/** Returns the links as a table in lines of at most `width` characters. Below a link stands its reason, if it has one. */
export function linkTable(links: readonly LinkStatus[], names: Names, width?: number): string[] {
  const [title, ...lines] = tableLines(columnsOf(names), links, width)
  const rows = links.flatMap((link, index) => {
    const reason = reasonText(link)
    return [
      lines[index]!,
      ...(reason === '' ? [] : [cut(`    ${reason}`, width ?? Number.POSITIVE_INFINITY)]),
    ]
  })
  return [title!, ...rows]
}

/** Returns a link as one line that stands alone. */
export function linkLine(link: LinkStatus, names: Names): string {
  const { tree, peer, lastSuccessMs, attempts } = link
  const facts = [
    ...(link.peerBehind > 0n ? [`the peer lacks ${link.peerBehind}`] : []),
    ...(link.weBehind > 0n ? [`we lack ${link.weBehind}`] : []),
    `last success ${agoText(lastSuccessMs)}`,
    ...(attempts > 0 ? [`tries ${attempts}`] : []),
    ...(reasonText(link) === '' ? [] : [reasonText(link)]),
  ]
  return `${names.tree(idText(tree))}  ${names.peer(hexText(peer))}  ${stateText(link)}: ${facts.join('; ')}`
}
