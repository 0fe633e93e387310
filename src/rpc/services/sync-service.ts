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
import { hexToBytes } from '../../dag/hex.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { answerSync } from '../../sync/answer/answer.ts'
import { serveWatch } from '../../sync/answer/watch.ts'
import type { Ingest } from '../../sync/ingest.ts'
import type { Bindings } from '../auth/binding.ts'
import { handshakeNonceBytes, handshakeVersion, signHandshake } from '../auth/handshake.ts'
import { type Caller, callerKey, stoppingKey } from '../caller.ts'
import { readId, readSigned } from '../convert.ts'
import { readSyncRequest, readWatchRequest, writeSyncHeader, writeWatchMessage } from '../convert-sync.ts'
import { writePage } from '../packed.ts'
import { loadKey } from '../server/load.ts'
import { createAccessHandler } from './access-service.ts'
import { expectTree, type ReadableTrees } from './expect-tree.ts'

/** Receives what the calls of peers show. */
export interface PeerCalls {
  /** Called for each call of a peer that has proven its key. */
  readonly onContact: (peer: PeerId) => void
  /** Awaited before a tree is served to a peer that has proven its key and may read the tree. */
  readonly onServed: (tree: TreeId, peer: PeerId) => Promise<void>
  /** Called when such a peer is found to have the same entries as this node had at its arrival `sequence`. */
  readonly onEqual: (tree: TreeId, peer: PeerId, sequence: number) => Promise<void>
}

export interface SyncServiceParts extends PeerCalls, ReadableTrees {
  readonly ingest: Ingest
  readonly bindings: Bindings
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
        features: [],
      }
    },

    syncTree: (request, context) => syncTree(parts, request, context),
    watch: (request, context) => watch(parts, request, context),
    sendEntries: (request, context) => sendEntries(parts, request, context),
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
  await access.read(tree, caller)
  const { peer } = caller
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
  yield { part: { case: 'header' as const, value: writeSyncHeader(answer.header) } }
  const pages = answer.pages[Symbol.asyncIterator]()
  // Ends with the pages of the answer, which are counted, or with the call.
  for (;;) {
    const { done, value } = await load.work(signal, () => pages.next())
    if (done) return
    signal.throwIfAborted()
    await access.read(tree, caller)
    yield writePage(value, json)
  }
}

async function* watch(parts: SyncServiceParts, request: WatchRequest, context: HandlerContext) {
  const { store, access, clock, onServed, onEqual } = parts
  const caller = contact(parts, context)
  const { peer } = caller
  const trees = readWatchRequest(request)
  const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
  const mayRead = async (tree: TreeId) => {
    const may = await access.mayRead(tree, caller)
    if (may && peer !== undefined) await onServed(tree, peer)
    return may
  }
  const equal = async (tree: TreeId, sequence: number) => {
    if (peer !== undefined) await onEqual(tree, peer, sequence)
  }
  const load = context.values.get(loadKey)
  const work = <Result>(piece: () => Promise<Result>) => load.work(signal, piece)
  for await (const message of serveWatch({ store, clock, mayRead, onEqual: equal, work }, trees, signal))
    yield writeWatchMessage(message)
}

async function sendEntries(
  parts: SyncServiceParts,
  request: SendEntriesRequest,
  { values, signal }: HandlerContext,
) {
  const { store, ingest } = parts
  const tree = await expectTree(parts, request.tree, values.get(callerKey))
  const load = values.get(loadKey)
  const { added, known, refused } = await load.work(signal, () =>
    ingest.page(tree, readSigned(request.entries), { existing: true }),
  )
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
    tipsDigest: hexToBytes(await store.tipsDigest(tree)),
    count: BigInt(store.tree(tree)?.count ?? 0),
  }
}
