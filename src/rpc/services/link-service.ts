/** NodeService's calls for peers, links and their status. The node is passed as `LinkOperations`. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import {
  type NodeService,
  LinkPlace as PlaceMessage,
  type LinkSettings as SettingsMessage,
} from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { formatId, idToBytes, type TreeId } from '../../dag/id.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import type { PeerEntry } from '../../peer/book.ts'
import { type LinkPlace, type LinkSettings, type LinkStatus, linkKey } from '../../peer/links.ts'
import { stoppingKey } from '../caller.ts'
import { readId, readPeer } from '../convert.ts'
import { pageSize, readToken, writeToken } from './paging.ts'

export interface LinkOperations {
  readonly peers: { list(): PeerEntry[] }
  addPeer(
    peer: PeerId | undefined,
    details: { name?: string; addresses?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<PeerEntry>
  removePeer(peer: PeerId): Promise<void>
  blockPeer(peer: PeerId, blocked?: boolean): Promise<void>
  linkedTrees(peer: PeerId): TreeId[]
  link(
    what: string | { readonly tree: TreeId; readonly peer: PeerId },
    settings?: Partial<LinkSettings>,
    signal?: AbortSignal,
  ): Promise<LinkStatus>
  unlink(tree: TreeId, peer: PeerId): Promise<boolean>
  status(): LinkStatus[]
  on(event: 'status', listener: (status: LinkStatus) => void): unknown
  off(event: 'status', listener: (status: LinkStatus) => void): unknown
  flush(options: { timeoutMs?: number; signal?: AbortSignal }): Promise<LinkStatus[]>
}

export function createLinkHandlers(node: LinkOperations): Partial<ServiceImpl<typeof NodeService>> {
  return {
    async addPeer({ peer, name, addresses }, { signal }) {
      const known = peer.length === 0 ? undefined : readPeer(peer, 'peer')
      const entry = await node.addPeer(known, { addresses, ...(name !== '' && { name }) }, signal)
      return { peer: writePeer(node, entry) }
    },

    async removePeer({ peer }) {
      await node.removePeer(readPeer(peer, 'peer'))
      return {}
    },

    async blockPeer({ peer, unblock }) {
      await node.blockPeer(readPeer(peer, 'peer'), !unblock)
      return {}
    },

    listPeers(request) {
      const size = pageSize(request.pageSize)
      const after =
        request.pageToken === ''
          ? ''
          : parsePeerId(Buffer.from(readToken(request.pageToken, 32)).toString('hex'))
      const peers = node.peers.list().filter(({ peer }) => peer > after)
      const page = peers.slice(0, size)
      return {
        peers: page.map((entry) => writePeer(node, entry)),
        nextPageToken: peers.length > size ? writeToken(hexToBytes(page.at(-1)!.peer)) : '',
      }
    },

    async linkTree({ tree, peer, ticket, settings }, { signal }) {
      if (ticket === '' && (tree.length === 0 || peer.length === 0))
        throw new CausewayError('INVALID_ARGUMENT', 'The request must have a ticket, or a tree and a peer.')
      const what = ticket || { tree: readId(tree, 'tree'), peer: readPeer(peer, 'peer') }
      return { link: writeStatus(await node.link(what, settings && readSettings(settings), signal)) }
    },

    async unlinkTree(request) {
      const [tree, peer] = [readId(request.tree, 'tree'), readPeer(request.peer, 'peer')]
      if (await node.unlink(tree, peer)) return {}
      throw new CausewayError(
        'UNKNOWN_PEER',
        `The tree ${formatId(tree)} is not linked with the peer ${peer}: \`causeway status\` lists the links.`,
        { data: { tree, peer } },
      )
    },

    watchStatus: ({ follow }, context) => watchStatus(node, follow, context),

    async flush({ timeoutMs }, { signal }) {
      if (timeoutMs > limits.callTimeoutMs)
        throw new CausewayError(
          'LIMIT_EXCEEDED',
          `\`timeout_ms\` can be at most ${limits.callTimeoutMs}, got ${timeoutMs}.`,
        )
      const pending = await node.flush({ signal, ...(timeoutMs > 0 && { timeoutMs }) })
      return { pending: pending.slice(0, limits.listedEntries).map(writeStatus) }
    },
  }
}

function writePeer(node: LinkOperations, { peer, name, addresses, blocked }: PeerEntry) {
  return {
    peer: hexToBytes(peer),
    name,
    blocked,
    addresses: addresses.map(({ address, source = 'GIVEN', expiresMs, lastSuccessMs, lastFailureMs }) => ({
      address,
      source,
      expiresMs: BigInt(expiresMs ?? 0),
      lastSuccessMs: BigInt(lastSuccessMs ?? 0),
      lastFailureMs: BigInt(lastFailureMs ?? 0),
    })),
    trees: node.linkedTrees(peer).slice(0, limits.listedEntries).map(idToBytes),
  }
}

/** Yields the status of every link, then, if `follow`, the links that change until the caller leaves. */
async function* watchStatus(node: LinkOperations, follow: boolean, context: HandlerContext) {
  // Coalesced by link, so that a slow reader costs no memory.
  const changes = new Map<string, LinkStatus>()
  let wake = () => {}
  const onStatus = (status: LinkStatus) => {
    changes.set(linkKey(status.tree, status.peer), status)
    wake()
  }
  const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
  const onAbort = () => wake()
  if (follow) node.on('status', onStatus)
  signal.addEventListener('abort', onAbort)
  try {
    const all = node.status()
    if (all.length === 0) yield { links: [] }
    yield* inPages(all)
    // Ends with the call. Each turn yields changes or waits for one.
    while (follow && !signal.aborted) {
      if (changes.size === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const links = [...changes.values()]
      changes.clear()
      yield* inPages(links)
    }
  } finally {
    node.off('status', onStatus)
    signal.removeEventListener('abort', onAbort)
  }
}

export function* inPages(links: readonly LinkStatus[]) {
  for (let start = 0; start < links.length; start += limits.listedEntries)
    yield { links: links.slice(start, start + limits.listedEntries).map(writeStatus) }
}

function readSettings(message: SettingsMessage): LinkSettings {
  const { onCommit, intervalSeconds, pull, push, paused, blobs } = message
  return { onCommit, intervalSeconds, pull, push, paused, blobs }
}

const toPlace: Record<LinkPlace, PlaceMessage> = {
  kept: PlaceMessage.KEPT,
  neighbour: PlaceMessage.NEIGHBOUR,
  passive: PlaceMessage.PASSIVE,
}

function writeStatus(status: LinkStatus) {
  return {
    tree: idToBytes(status.tree),
    peer: hexToBytes(status.peer),
    settings: status.settings,
    place: toPlace[status.place],
    inSync: status.inSync,
    heard: status.heard,
    active: status.active,
    peerBehind: BigInt(status.peerBehind),
    weBehind: BigInt(status.weBehind),
    oldestPendingMs: BigInt(status.oldestPendingMs),
    lastSuccessMs: BigInt(status.lastSuccessMs),
    lastErrorCode: status.lastError?.code ?? '',
    lastErrorMessage: status.lastError?.message ?? '',
    nextAttemptMs: BigInt(status.nextAttemptMs),
    attempts: status.attempts,
    parked: status.parked,
    polled: status.polled,
  }
}
