/** SyncService: the calls between peers. Handlers only translate and check rights; the work is in `sync/`. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type {
  SendEntriesRequest,
  SyncService,
  SyncTreeRequest,
  WatchRequest,
} from '../../../gen/causeway/v1/sync_pb.ts'
import type { AccessDesk } from '../../access/desk.ts'
import type { Clock } from '../../base/clock.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { AddressAnswer, MemberAsk, SignedBytes } from '../../peer/address-records.ts'
import { answerSync } from '../../sync/answer/answer.ts'
import type { NewsParts } from '../../sync/answer/news.ts'
import type { Selection, WatcherKind } from '../../sync/answer/tree-watch.ts'
import { serveWatch } from '../../sync/answer/watch.ts'
import type { Ingest } from '../../sync/ingest.ts'
import type { SyncHeader } from '../../sync/remote.ts'
import type { Bindings } from '../auth/binding.ts'
import { handshakeFeatures, handshakeNonceBytes, handshakeVersion, signHandshake } from '../auth/handshake.ts'
import { type Caller, callerKey, stoppingKey } from '../caller.ts'
import { readId, readSigned } from '../convert.ts'
import { readMemberAsk, writeAddressAnswer } from '../convert-addresses.ts'
import { readSyncRequest, readWatchRequest, writeSyncHeader, writeWatchMessage } from '../convert-sync.ts'
import { onlyCompact, writePage } from '../packed.ts'
import { loadKey } from '../server/load.ts'
import { createAccessHandler } from './access/access-service.ts'
import { createOfferHandler, type OfferOperations } from './access/offer-handlers.ts'
import { createPairingHandlers, type PairingOperations } from './access/pairing-handlers.ts'
import { type ChunkHandlerParts, createChunkHandler } from './blobs/chunk-handler.ts'
import { expectTree } from './expect-tree.ts'

/** Receives what the calls of peers show. */
export interface PeerCalls {
  /** Called for each call of a peer that has proven its key. */
  readonly onContact: (peer: PeerId) => void
  /** Awaited before a tree is served to a peer that has proven its key and may read the tree. */
  readonly onServed: (tree: TreeId, peer: PeerId) => Promise<void>
  /** Called when such a peer begins to watch the tree. Returns the function to call when that has ended. */
  readonly onWatched: (tree: TreeId, peer: PeerId) => () => void
  /** Called when such a peer asks to be a neighbour in the tree. Returns whether it is one now. */
  readonly onAsked: (tree: TreeId, peer: PeerId, urgent: boolean) => Promise<boolean>
  /** Reports whether such a peer still is one. */
  readonly holds: (tree: TreeId, peer: PeerId) => boolean
  /** Calls `listener` when that may have changed for a peer of a tree, until the returned function is called. */
  readonly onDrop: (listener: (tree: TreeId) => void) => () => void
  /** Returns which of new entries go inline to such a peer. */
  readonly select: (
    tree: TreeId,
    peer: PeerId,
    entries: readonly SignedEntry[],
    kind: WatcherKind,
  ) => Selection
  /** Called when such a peer sends entries. */
  readonly onSent: (tree: TreeId, peer: PeerId, entries: readonly SignedEntry[]) => void
  /** Called when such a peer is found to have the same entries as this node had at its arrival `sequence`. */
  readonly onEqual: (tree: TreeId, peer: PeerId, sequence: number) => Promise<void>
}

/** The trees that this node wants and that a peer has to bring, since this node cannot call that peer. */
export interface WantedTrees {
  wants(tree: TreeId, peer: PeerId): boolean
  /** Calls `listener` when that may have changed for a tree, until the returned function is called. */
  onChange(listener: (tree: TreeId) => void): () => void
}

/** Where this node is, and where its peers are. */
export interface AddressDesk {
  answer(
    peer: PeerId | undefined,
    question: { readonly own?: SignedBytes | undefined; readonly ask?: MemberAsk | undefined },
    from: string,
  ): Promise<AddressAnswer>
}

/** What is known of the members of trees. */
export interface MemberNews {
  /** Reports whether a peer is a member of a tree, and so may learn where the others are. */
  isMember(tree: TreeId, peer: PeerId): Promise<boolean>
  /** Calls `listener` when there are new address records of a tree's members, with who told them. */
  onNews(listener: (tree: TreeId, member: PeerId | undefined, teller: PeerId | undefined) => void): () => void
}

export interface SyncServiceParts extends PeerCalls, ChunkHandlerParts {
  readonly ingest: Ingest
  readonly addresses: AddressDesk
  readonly members: MemberNews
  readonly bindings: Bindings
  readonly offering: OfferOperations
  readonly pairing: PairingOperations
  readonly wanted: WantedTrees
  readonly requests: AccessDesk
  readonly identity: Identity
  readonly clock: Clock
}

export function createSyncService(parts: SyncServiceParts): Partial<ServiceImpl<typeof SyncService>> {
  const { requests, identity, clock, bindings } = parts
  return {
    ...createAccessHandler(requests),

    handshake(request, { values }) {
      bindings.check(request.binding, values.get(callerKey))
      const nonce = clock.randomBytes(handshakeNonceBytes)
      return {
        version: handshakeVersion,
        peer: hexToBytes(identity.peer),
        nonce,
        signature: signHandshake(identity, request, nonce),
        features: handshakeFeatures,
      }
    },

    async exchangeAddresses(request, context) {
      const { peer, remoteAddress } = contact(parts, context)
      const question = { own: request.own, ask: readMemberAsk(request) }
      const answer = await context.values
        .get(loadKey)
        .work(context.signal, () => parts.addresses.answer(peer, question, remoteAddress))
      return writeAddressAnswer(answer)
    },

    syncTree: (request, context) => syncTree(parts, request, context),
    watch: (request, context) => watch(parts, request, context),
    sendEntries: (request, context) => sendEntries(parts, request, context),
    ...createChunkHandler(parts),
    ...createOfferHandler(parts),
    ...createPairingHandlers(parts),
  }
}

/** Returns the caller of a call. Reports the contact if the caller has proven its key. */
function contact({ onContact }: SyncServiceParts, { values }: HandlerContext): Caller {
  const caller = values.get(callerKey)
  if (caller.peer !== undefined) onContact(caller.peer)
  return caller
}

async function* syncTree(parts: SyncServiceParts, request: SyncTreeRequest, context: HandlerContext) {
  const { store, access, clock, onServed, onEqual } = parts
  const caller = contact(parts, context)
  const tree = readId(request.tree, 'tree')
  const { peer } = caller
  if (await isGiver(parts, tree, caller)) {
    const header = writeSyncHeader(nothingHere)
    header.compact = request.compact
    yield { part: { case: 'header' as const, value: header } }
    return
  }
  await access.read(tree, caller)
  if (peer !== undefined) await onServed(tree, peer)
  const { signal } = context
  const json = context.requestHeader.get('content-type')?.includes('json') ?? false
  const load = context.values.get(loadKey)
  const sequence = store.tree(tree)?.sequence ?? 0
  // The request is decoded in the caller's turn: its ids take many times the memory of its bytes.
  await using answer = await load.work(signal, async () =>
    answerSync(store, readSyncRequest(request), clock.random),
  )
  if (answer.header.status === 'equal' && peer !== undefined) await onEqual(tree, peer, sequence)
  const header = writeSyncHeader(answer.header)
  header.compact = request.compact
  yield { part: { case: 'header' as const, value: header } }
  const pages = answer.pages[Symbol.asyncIterator]()
  // Ends with the pages of the answer, which are counted, or with the call.
  for (;;) {
    const { done, value } = await load.work(signal, () => pages.next())
    if (done) return
    signal.throwIfAborted()
    await access.read(tree, caller)
    yield writePage(value, json, request.compact ? tree : undefined)
  }
}

/** The answer to a peer that has to bring a tree, whatever is here of it already. */
const nothingHere: SyncHeader = {
  status: 'delta',
  tips: [],
  tipsDigest: '',
  count: 0,
  common: [],
  entries: 0,
}

/** Reports whether a caller may not read a tree, and has to bring it: it is told nothing of it, and may send entries. */
async function isGiver({ access, wanted }: SyncServiceParts, tree: TreeId, caller: Caller): Promise<boolean> {
  const { peer, operator } = caller
  if (peer === undefined || operator || !wanted.wants(tree, peer)) return false
  return !(await access.mayRead(tree, caller))
}

async function* watch(parts: SyncServiceParts, request: WatchRequest, context: HandlerContext) {
  const { store, access, clock, onServed, onWatched, onEqual, wanted } = parts
  const caller = contact(parts, context)
  const { peer } = caller
  const watched = new Map<TreeId, () => void>()
  const trees = readWatchRequest(request)
  const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
  const mayRead = async (tree: TreeId) => {
    const may = await access.mayRead(tree, caller)
    if (!may || peer === undefined) return may
    await onServed(tree, peer)
    if (!watched.has(tree)) watched.set(tree, onWatched(tree, peer))
    return may
  }
  const equal = async (tree: TreeId, sequence: number) => {
    if (peer !== undefined) await onEqual(tree, peer, sequence)
  }
  const wants = (tree: TreeId) => peer !== undefined && !caller.operator && wanted.wants(tree, peer)
  const onWanted = (listener: (tree: TreeId) => void) => wanted.onChange(listener)
  const load = context.values.get(loadKey)
  const work = <Result>(piece: () => Promise<Result>) => load.work(signal, piece)
  const neighbours = {
    admit: async (tree: TreeId, urgent: boolean) =>
      peer !== undefined && (await parts.onAsked(tree, peer, urgent)),
    holds: (tree: TreeId) => peer !== undefined && parts.holds(tree, peer),
    select: (tree: TreeId, entries: readonly SignedEntry[], kind: WatcherKind) =>
      peer === undefined ? { entries, hops: 0 } : parts.select(tree, peer, entries, kind),
    onDrop: parts.onDrop,
  }
  const watchParts = {
    ...{ store, clock, mayRead, onEqual: equal, work, wants, onWanted, neighbours },
    ...newsFor(parts.members, peer),
  }
  try {
    for await (const message of serveWatch(watchParts, trees, signal)) yield writeWatchMessage(message)
  } finally {
    for (const end of watched.values()) end()
  }
}

/** Returns what tells a watcher that members of its trees have new addresses: not of what it told itself. */
function newsFor(members: MemberNews, peer: PeerId | undefined): Omit<NewsParts, 'clock'> | undefined {
  if (peer === undefined) return undefined
  return {
    mayLearn: (tree) => members.isMember(tree, peer),
    onNews: (listener) =>
      members.onNews((tree, member, teller) => {
        if (teller !== peer && member !== peer) listener(tree)
      }),
  }
}

async function sendEntries(
  parts: SyncServiceParts,
  request: SendEntriesRequest,
  { values, signal }: HandlerContext,
) {
  const { store, ingest } = parts
  const caller = values.get(callerKey)
  const isGiving = await isGiver(parts, readId(request.tree, 'tree'), caller)
  const tree = isGiving ? readId(request.tree, 'tree') : await expectTree(parts, request.tree, caller)
  const load = values.get(loadKey)
  const { added, known, refused } = await load.work(signal, async () => {
    const entries = request.compact.length > 0 ? onlyCompact(tree, request) : readSigned(request.entries)
    if (caller.peer !== undefined) parts.onSent(tree, caller.peer, entries)
    return ingest.page(tree, entries, { existing: !isGiving })
  })
  load.charge(refused.length)
  return {
    added: added.length,
    known,
    refused: refused.map(({ index, id, error }) => ({
      index,
      id: hexToBytes(id),
      code: error.code,
      message: error.message,
    })),
    // Who may not read the tree is told of its own entries alone.
    tipsDigest: hexToBytes(isGiving ? '' : await store.tipsDigest(tree)),
    count: isGiving ? 0n : BigInt(store.tree(tree)?.count ?? 0),
  }
}
