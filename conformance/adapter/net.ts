/** The requests that need a network: the node serves, or syncs with a server of the kit. */

import { CausewayError } from '../../src/base/errors.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { formatTicket } from '../../src/peer/ticket.ts'
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
}

async function serve({ seed, entries, quic }: ServeRequest) {
  const node = await createNode({
    ...{ identity: createIdentity(hexToBytes(seed)), background: false },
    http: { host: '127.0.0.1', port: 0 },
    ...(quic && { quic: { listen: true, bind: '127.0.0.1:0', relay: 'off' } }),
  })
  await store(node, entries)
  await node.listen()
  const stand = broken?.serving && (await mutatedServer(node, seed, broken.serving))
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

/** The answers by the name of the request. */
export const netActions = { serve, stop, fetch, sync, break: breaks } as const
