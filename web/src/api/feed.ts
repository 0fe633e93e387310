/**
 * What the page knows of the node: its trees and links, kept up to date by one stream, and the peer book and the node
 * itself, asked now and then. The stream also says whether the node is there.
 */
import type {
  GetNodeResponse,
  LinkStatus,
  NodeStorage,
  Peer,
  WatchNodeResponse,
} from '../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { cell } from '../parts/cell.ts'
import { hexOf } from '../parts/ids.ts'
import { nodeCalls } from './clients.ts'
import { connection, epoch } from './connection.ts'
import { keepOpen } from './keep-open.ts'
import { sampleMetrics } from './metrics.ts'
import { Progress } from './progress.ts'

export interface Known {
  /** By id in hex. */
  readonly trees: ReadonlyMap<string, Tree>
  /** By tree and peer in hex, with a space between. */
  readonly links: ReadonlyMap<string, LinkStatus>
  readonly storage: NodeStorage | undefined
  /** Whether all trees and links are here. */
  readonly complete: boolean
}

const nothing: Known = { trees: new Map(), links: new Map(), storage: undefined, complete: false }

export const known = cell<Known>(nothing)
export const self = cell<GetNodeResponse | undefined>(undefined)
/** The peer book, by PeerId in hex. */
export const peers = cell<ReadonlyMap<string, Peer>>(new Map())
/** How far each tree is that is being fetched. */
export const progress = new Progress()

/** How often the peer book and the node itself are asked for: both change seldom. A link to a new peer asks at once. */
const askMs = 10_000

/** How soon both are asked for again that did not answer. */
const askAgainMs = 1_000

/** When the second sample of metrics is taken, so that a reader need not wait for it. */
const secondSampleMs = 3_000

/** Follows the node until the returned function is called. */
export function followNode(): () => void {
  let next: Known = nothing
  let askedAt = 0
  let openings = 0
  /** Says that all is of now, once the node has also answered what the stream does not tell. */
  const goLive = async () => {
    if (goingLive === openings) return
    const opening = openings
    goingLive = opening
    askedAt = Date.now()
    // Ends with an answer, or with the connection.
    while (!(await ask())) {
      if (opening !== openings) return
      await new Promise((resolve) => setTimeout(resolve, askAgainMs))
    }
    if (opening !== openings) return
    if (connection.get().state === 'lost') epoch.set(epoch.get() + 1)
    connection.set({ state: 'live' })
    // How fast something grows takes two samples.
    setTimeout(() => void sampleMetrics().catch(() => {}), secondSampleMs)
  }
  let goingLive = -1
  const stop = keepOpen<WatchNodeResponse>({
    open: (signal) => {
      next = nothing
      return nodeCalls.watchNode({ follow: true }, { signal })
    },
    onMessage(message) {
      next = merge(next, message)
      progress.see(message, next)
      // Until all is here, what was there before stays.
      if (next.complete) known.set(next)
      if (connection.get().state !== 'live') {
        if (next.complete) void goLive()
      } else if (Date.now() - askedAt >= askMs || message.links.some(isNameless)) {
        askedAt = Date.now()
        void ask()
      }
    },
    onLost(_, heardAt) {
      openings++
      // What is shown is from when the node was heard last.
      if (connection.get().state !== 'lost') connection.set({ state: 'lost', since: heardAt })
    },
  })
  const timer = setInterval(() => {
    if (connection.get().state === 'live' && document.visibilityState === 'visible') void ask()
  }, askMs)
  return () => {
    clearInterval(timer)
    stop()
  }
}

/** Whether a link leads to a peer that the book lacks as it was asked for last: the peer is new, and so is its name. */
function isNameless({ peer }: LinkStatus): boolean {
  return !peers.get().has(hexOf(peer))
}

function merge(before: Known, message: WatchNodeResponse): Known {
  const trees = new Map(before.trees)
  const links = new Map(before.links)
  for (const tree of message.trees) trees.set(hexOf(tree.id), tree)
  for (const id of message.removedTrees) trees.delete(hexOf(id))
  for (const link of message.links) links.set(linkKey(link), link)
  for (const link of message.removedLinks) links.delete(linkKey(link))
  const storage = message.storage ?? before.storage
  return { trees, links, storage, complete: before.complete || message.complete }
}

export function linkKey({ tree, peer }: Pick<LinkStatus, 'tree' | 'peer'>): string {
  return `${hexOf(tree)} ${hexOf(peer)}`
}

/** Asks for the peer book and the node. Returns whether both answered. */
async function ask(): Promise<boolean> {
  try {
    self.set(await nodeCalls.getNode({}))
    const book = new Map<string, Peer>()
    let pageToken = ''
    // Ends with the last page: a peer book has at most 4,096 peers.
    do {
      const page = await nodeCalls.listPeers({ pageSize: 1000, pageToken })
      for (const peer of page.peers) book.set(hexOf(peer.peer), peer)
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    peers.set(book)
  } catch {
    return false
  }
  await sampleMetrics().catch(() => {})
  return true
}
