/**
 * A serving node and connections to it over any transport by name, as suites on RPC need them. To run all of them over
 * one more transport, add a line to `transports`.
 */
import { readFileSync } from 'node:fs'
import type { Client } from '@connectrpc/connect'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createIdentity, type Identity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'
import { makeToken } from '../../src/rpc/auth/token.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { createHttpTransport } from '../../src/transport/http.ts'
import { createIrohTransport } from '../../src/transport/iroh/iroh.ts'
import type { Channel, Transport } from '../../src/transport/transport.ts'
import { projectFile } from './project.ts'

const fixture = (file: string) => readFileSync(projectFile(`test/kit/fixtures/${file}`), 'utf8')
/** Self-signed, for localhost and 127.0.0.1, until 2125. */
export const testCertificate = { key: fixture('localhost.key'), cert: fixture('localhost.crt') }

export interface NamedTransport {
  readonly name: string
  /** Node options that make it serve over this transport. */
  readonly serve: () => Partial<NodeOptions>
  /** A transport that dials it. */
  readonly dialer: (identity: Identity) => Transport
}

const anyPort = { host: '127.0.0.1', port: 0 }

export const transports: readonly NamedTransport[] = [
  { name: 'HTTP', serve: () => ({ http: anyPort }), dialer: () => createHttpTransport() },
  {
    name: 'TLS',
    serve: () => ({ http: { ...anyPort, tls: testCertificate }, tls: { ca: testCertificate.cert } }),
    dialer: () => createHttpTransport({ tls: { ca: testCertificate.cert } }),
  },
  {
    name: 'QUIC',
    serve: () => ({ quic: { listen: true, bind: '127.0.0.1:0', relay: 'off' } }),
    dialer: (identity) => createIrohTransport({ identity, bind: '127.0.0.1:0', relay: 'off' }),
  },
]

export const protocols = ['connect', 'grpc'] as const
export type Protocol = (typeof protocols)[number]

/** Returns clients of all services on one connection. */
export interface Caller {
  readonly connection: RpcConnection
  readonly sync: Client<typeof SyncService>
  readonly trees: Client<typeof TreeService>
  readonly node: Client<typeof NodeService>
}

export class ServingNode implements AsyncDisposable {
  readonly node: Node
  /** The events of `problem`: a suite asserts that there are none. */
  readonly problems: unknown[] = []
  /** The operator's, as whom `dial` calls. */
  readonly operator: Identity
  private readonly transport: NamedTransport
  /** One for each identity that dials. */
  private readonly dialers = new Map<Identity, Transport>()
  private readonly connections: RpcConnection[] = []

  private constructor(node: Node, transport: NamedTransport, operator: Identity) {
    this.node = node
    this.transport = transport
    this.operator = operator
    node.on('problem', (error) => this.problems.push(error))
  }

  static async start(
    transport: NamedTransport = transports[0]!,
    options: NodeOptions = {},
  ): Promise<ServingNode> {
    const operator = createIdentity()
    const node = await createNode({ ...transport.serve(), operators: [operator.peer], ...options })
    await node.listen()
    return new ServingNode(node, transport, operator)
  }

  get address(): string {
    return this.node.addresses()[0]!
  }

  /** The host and port, for tests that open a socket themselves. */
  get hostPort(): { host: string; port: number } {
    const { hostname: host, port } = new URL(this.address)
    return { host, port: Number(port) }
  }

  /** Opens a new byte stream, which the caller must destroy. */
  dialStream(identity = this.operator): Promise<Channel> {
    const dialer = this.dialers.get(identity) ?? this.transport.dialer(identity)
    this.dialers.set(identity, dialer)
    return dialer.dial(this.address)
  }

  /** Opens a new connection of the operator, which is closed with the node. */
  dial(protocol: Protocol = 'connect', clock: Clock = systemClock): Promise<Caller> {
    return this.dialAs(this.operator, protocol, clock)
  }

  /** Opens a new connection of an identity. Over HTTP, undefined is a caller that proves nothing. */
  async dialAs(
    identity: Identity | undefined,
    protocol: Protocol = 'connect',
    clock: Clock = systemClock,
  ): Promise<Caller> {
    const channel = await this.dialStream(identity ?? createIdentity())
    const connection = new RpcConnection(channel, { clock, protocol })
    this.connections.push(connection)
    if (identity !== undefined && this.transport.name !== 'QUIC')
      connection.prove((binding) => makeToken(identity, this.node.peer, systemClock, { binding }))
    return {
      connection,
      sync: connection.client(SyncService),
      trees: connection.client(TreeService),
      node: connection.client(NodeService),
    }
  }

  /** Returns a header that proves the operator, for one call or one connection. */
  async authorization(identity = this.operator): Promise<string> {
    const { binding } = this.node
    return `Bearer ${await makeToken(identity, this.node.peer, systemClock, { binding })}`
  }

  /** Fails unless the node still answers on a new connection. */
  async assertServing(): Promise<void> {
    const { trees, connection } = await this.dial()
    await trees.listTrees({})
    connection.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.close()
    await this.node.close(0)
    for (const dialer of this.dialers.values()) await dialer.close()
  }
}
