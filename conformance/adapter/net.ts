/** The requests that need a network: the node serves, or syncs with a server of the kit. */
import { ConnectError, createClient } from '@connectrpc/connect'
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { sha256Hex } from '../../src/dag/crypto.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { idToBytes, type TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { formatTicket, parseTicket } from '../../src/peer/ticket.ts'
import { fromConnectError } from '../../src/rpc/errors.ts'
import { idsOf } from '../../test/kit/peers.ts'
import { type Mutation, mutatedAsker, mutatedServer } from './mutation.ts'
import { mutations } from './mutations.ts'
import { store, type WireEntry } from './pure.ts'

/** The rule that the adapter breaks, if any. */
let broken: Mutation | undefined

export const brokenNow = () => broken

/** Breaks a rule by its name, or none. */
function breaks({ name }: { name: string }) {
  broken = mutations[name]
  if (broken === undefined && name !== '') throw new Error(`There is no mutation "${name}".`)
  return {}
}

let serving: (AsyncDisposable & { readonly node: Node }) | undefined

interface ServeRequest {
  readonly seed: string
  readonly entries: readonly WireEntry[]
  readonly quic: boolean
  readonly blobs?: readonly { readonly tree: TreeId; readonly chunks: readonly string[] }[]
}

async function serve({ seed, entries, quic, blobs = [] }: ServeRequest) {
  const node = await createNode({
    ...{ identity: createIdentity(hexToBytes(seed)), lan: false },
    http: { host: '127.0.0.1', port: 0 },
    ...(quic && { quic: { listen: true, bind: '127.0.0.1:0', relay: 'off' } }),
  })
  await store(node, entries)
  const stores = createClient(StoreService, node.rpc())
  for (const { tree, chunks } of blobs)
    for (const data of chunks) await stores.putChunk({ tree: idToBytes(tree), data: hexToBytes(data) })
  await node.listen()
  const stand = broken?.serving && (await mutatedServer(node, seed, broken))
  serving = {
    node,
    async [Symbol.asyncDispose]() {
      await stand?.[Symbol.asyncDispose]()
      await node.close(0)
    },
  }
  const [http] = node.addresses().filter((address) => address.startsWith('http:'))
  const [iroh] = node.addresses().filter((address) => address.startsWith('iroh:'))
  return { http: stand?.address ?? http, ...(iroh !== undefined && { quic: iroh }) }
}

async function stop() {
  await serving?.[Symbol.asyncDispose]()
  serving = undefined
  return {}
}

/** What people at the node do: the node that serves. */
const people = () => createClient(NodeService, serving!.node.rpc())

interface DecideRequest {
  readonly request: string
  readonly permission: 'NONE' | 'READ' | 'WRITE'
  readonly reason: string
}

async function decide({ request, permission, reason }: DecideRequest) {
  const granted = permission === 'NONE' ? Permission.UNSPECIFIED : Permission[permission]
  await people().decideAccess({ id: hexToBytes(request), permission: granted, reason })
  return {}
}

async function invite({ tree, permission }: { tree: TreeId; permission: 'READ' | 'WRITE' }) {
  const text = await serving!.node.invite(tree, Permission[permission])
  return { invitation: parseTicket(text).invitation }
}

async function decideOffer({ tree, accept }: { tree: TreeId; accept: boolean }) {
  const filter = { tree: idToBytes(tree) }
  await (accept ? people().acceptOffers(filter) : people().declineOffers(filter))
  return {}
}

interface FetchRequest {
  readonly address: string
  readonly tree: TreeId
  /** The server that is expected. */
  readonly peer?: PeerId
}

/** Where to sync with: a ticket if a server is expected. */
const remoteOf = ({ address, tree, peer }: FetchRequest) =>
  peer === undefined ? address : formatTicket({ tree, peer, addresses: [address] })

/** Syncs once. Returns the code of how that failed, and what is there then. */
async function attempt(node: Node, request: FetchRequest) {
  const code = await node.sync(request.tree, remoteOf(request)).then(
    () => '',
    (error: unknown) => CausewayError.from(error).code,
  )
  const ids = await idsOf(node.store, request.tree)
  const { count, tipsDigest } = await node.store.summary(request.tree)
  return { code, count, digest: tipsDigest, ids }
}

async function fetch(request: FetchRequest) {
  await using node = await createNode({ background: false })
  return await attempt(node, request)
}

interface SyncRequest extends FetchRequest {
  readonly entries: readonly WireEntry[]
  readonly times: number
}

async function sync({ entries, times, ...asked }: SyncRequest) {
  const stand = broken?.asking && (await mutatedAsker(asked.address, broken.asking))
  const request = { ...asked, address: stand?.address ?? asked.address }
  await using node = await createNode({ background: false })
  await store(node, entries)
  const sessions = []
  for (let n = 0; n < times; n++) sessions.push(await attempt(node, request))
  await stand?.[Symbol.asyncDispose]()
  return { sessions: sessions.map(({ ids: _, ...state }) => state) }
}

interface ReadBlobRequest {
  readonly tree: TreeId
  readonly entries: readonly WireEntry[]
  readonly blob: { readonly id: string; readonly size: number }
  readonly peers: readonly { readonly peer: PeerId; readonly address: string }[]
}

/** Reads a blob as an application does, at a node that is linked with the peers. */
async function readBlob({ tree, entries, blob: { id, size }, peers }: ReadBlobRequest) {
  await using node = await createNode({ lan: false })
  await store(node, entries)
  for (const { peer, address } of peers) {
    await node.addPeer(peer, { addresses: [address] })
    await node.link({ tree, peer })
  }
  const asked = { tree: idToBytes(tree), blob: { id: hexToBytes(id), size: BigInt(size) } }
  const parts: Uint8Array[] = []
  try {
    for await (const { data } of createClient(StoreService, node.rpc()).getBlob(asked)) parts.push(data)
  } catch (error) {
    return { code: fromConnectError(ConnectError.from(error)).code, sha256: '' }
  }
  return { code: '', sha256: sha256Hex(...parts) }
}

/** The answers by the name of the request. */
export const netActions = {
  ...{ serve, stop, fetch, sync, decide, invite },
  'decide-offer': decideOffer,
  'read-blob': readBlob,
  break: breaks,
} as const
