/**
 * A node to fuzz: a few trees of every kind, callers of every class, and a network inside the process without delay or
 * loss. It is replaced every so often, since it keeps what it is sent.
 */
import { AssertionError } from 'node:assert'
import { Code, ConnectError } from '@connectrpc/connect'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { ErrorDetailSchema } from '../../gen/causeway/v1/error_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { errorCodes } from '../../src/base/errors.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId } from '../../src/dag/id.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { createMemoryNetwork } from '../../src/transport/memory/memory.ts'
import type { Channel } from '../../src/transport/transport.ts'
import { shapes, testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { signedOf } from '../kit/peers.ts'
import type { Known } from './messages.ts'
import { describe } from './target.ts'

export const callers: readonly (Identity | undefined)[] = [undefined, testIdentity(2), testIdentity(1)]

export class Lab implements AsyncDisposable {
  readonly node: Node
  readonly known: Known
  /** Signed entries that the node does not have and that fit into one of its trees. */
  readonly fresh: { tree: Uint8Array; entries: readonly { body: Uint8Array; signature: Uint8Array }[] }
  private readonly network: ReturnType<typeof createMemoryNetwork>
  private readonly connections = new Map<string, RpcConnection>()
  private readonly problems: unknown[] = []

  private constructor(node: Node, network: Lab['network'], known: Known, fresh: Lab['fresh']) {
    this.node = node
    this.network = network
    this.known = known
    this.fresh = fresh
    node.on('problem', (error) => this.problems.push(error))
  }

  static async open(): Promise<Lab> {
    const network = createMemoryNetwork()
    const node = await createNode({
      identity: testIdentity(0),
      operators: [testIdentity(1).peer],
      transports: [network.transport({ host: 'node', identity: testIdentity(0) })],
      background: false,
    })
    await node.listen()
    const trees = await Promise.all(
      [PublicAccess.NONE, PublicAccess.READ, PublicAccess.WRITE].map((access) =>
        node.createTree('t', access),
      ),
    )
    for (const tree of trees)
      for (let count = 0; count < 5; count++)
        await node.commit(tree, [{ store: 'log', kind: '', payload: new Uint8Array(count) }])
    const all = shapes.twoBranches(80)
    await node.store.append(all[0]!.tree, all.slice(0, 50))
    const entries = (await node.store.arrivals(trees[1]!, 0, 5)).map(({ id }) => id)
    const known: Known = {
      ids: [all[0]!.tree, all[20]!.id, ...trees, ...entries, node.peer, testIdentity(2).peer].map(hexToBytes),
      texts: [
        'causeway:?',
        `causeway:?db=${formatId(trees[1]!)}&by=${node.peer}&pr=memory:nowhere`,
        'memory:nowhere',
        'memory:node',
        'ftp://nowhere',
        'log',
        '_policy',
      ],
    }
    const fresh = { tree: hexToBytes(all[0]!.tree), entries: signedOf(all.slice(50)) }
    return new Lab(node, network, known, fresh)
  }

  /** Opens a byte stream to the node, by a caller that the transport proves or does not. */
  dial(identity?: Identity): Promise<Channel> {
    const host = identity === undefined ? 'nobody' : identity.peer.slice(0, 8)
    return this.network.transport({ host, ...(identity && { identity }) }).dial('memory:node')
  }

  /** Returns an open connection of a caller, created once. */
  async connection(caller: Identity | undefined, protocol: 'connect' | 'grpc'): Promise<RpcConnection> {
    const key = `${caller?.peer} ${protocol}`
    const open = this.connections.get(key)
    if (open?.open) return open
    const connection = new RpcConnection(await this.dial(caller), { clock: systemClock, protocol })
    this.connections.set(key, connection)
    return connection
  }

  /** Fails if a handler reported an unexpected error. */
  assertNoProblem(): void {
    const [problem] = this.problems
    if (problem !== undefined) throw new AssertionError({ message: `A problem: ${describe(problem)}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections.values()) connection.close()
    await this.node.close(0)
  }
}

/** A lab that is replaced after a number of uses. */
export class Labs implements AsyncDisposable {
  private readonly uses: number
  private left = 0
  private lab: Lab | undefined

  constructor(uses: number) {
    this.uses = uses
  }

  async use(): Promise<Lab> {
    if (this.lab !== undefined && this.left-- > 0) return this.lab
    await this[Symbol.asyncDispose]()
    this.lab = await Lab.open()
    this.left = this.uses
    return this.lab
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { lab } = this
    this.lab = undefined
    await lab?.[Symbol.asyncDispose]()
  }
}

/** Accepts errors with our detail whose code does not mean a bug, and those of a call that the fuzz itself ended. */
export function mustBeTypedOnTheWire(error: unknown, ended: boolean): void {
  if (!(error instanceof ConnectError)) throw error
  const code = error.findDetails(ErrorDetailSchema)[0]?.code
  const typed = code !== undefined && (errorCodes as readonly string[]).includes(code) && code !== 'INTERNAL'
  if (typed || (ended && error.code === Code.Canceled)) return
  throw new AssertionError({ message: `No typed error: ${code} ${describe(error)}` })
}

/** Raises the limits so that strangers may call as often as a fuzz does. */
export function withoutRefusals(): Disposable {
  const many = Number.MAX_SAFE_INTEGER
  return limited({
    strangerRequestBurst: many,
    strangerBytesBurst: many,
    strangerWorkBurstMs: many,
    knownRequestBurst: many,
    knownWorkBurstMs: many,
  })
}
