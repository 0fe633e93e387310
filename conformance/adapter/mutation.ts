/** A way to break one rule, and how it is put between a node and whoever calls it or is called. */
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { Stand, type Tricks } from '../../src/cli/conformance/stand/stand.ts'
import { kitKey } from '../../src/cli/conformance/trees/trees.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import type { Node } from '../../src/node/node.ts'

export interface Mutation {
  /** The rule that is broken, by which the case fails. */
  readonly rule: string
  /** The name of a case that finds it. */
  readonly finds: string
  /** Changes the answer to a request. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is JSON of many shapes, and each mutation knows its own.
  readonly answer?: (answer: any, request: any, action: string) => void
  /** Changes what the node answers to callers. */
  readonly serving?: Tricks
  /** Whether calls reach the node as their callers'. Otherwise they are the operator's, who may do all. */
  readonly asCaller?: true
  /** Changes what the node asks of servers. */
  readonly asking?: Tricks
}

/** Puts the mutation before a node that serves. Returns the address in place of the node's, and how to end it. */
export async function mutatedServer(node: Node, seed: string, mutation: Mutation): Promise<Stand> {
  const { serving = {}, asCaller: forwards = false } = mutation
  const [baseUrl = ''] = node.addresses().filter((address) => address.startsWith('http:'))
  // One connection, so that a token which may be used once holds for all of its caller's calls.
  const transport = forwards ? createConnectTransport({ baseUrl, httpVersion: '2' }) : node.rpc()
  const identity = createIdentity(hexToBytes(seed))
  return Stand.before(createClient(SyncService, transport), identity, serving, { forwards })
}

/** Puts the mutation before a server that the node asks. */
export async function mutatedAsker(address: string, tricks: Tricks): Promise<Stand> {
  const transport = createConnectTransport({ baseUrl: address, httpVersion: '2' })
  return Stand.before(createClient(SyncService, transport), kitKey(60), tricks)
}
