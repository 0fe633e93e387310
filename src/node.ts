/**
 * The composition root: one node with its key, store, transports and RPC server. It is the only file that sees
 * transport, rpc and the rest together; everything that it wires can be used without it.
 */
import { EventEmitter } from 'node:events'
import {
  type ConnectRouter,
  createRouterTransport,
  type Interceptor,
  type Transport as RpcTransport,
} from '@connectrpc/connect'
import type { PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../gen/causeway/v1/node_pb.ts'
import { SyncService } from '../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../gen/causeway/v1/tree_pb.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Change } from './dag/body.ts'
import { readEntry, readRoot, type VerifiedEntry } from './dag/entry.ts'
import type { EntryId, TreeId } from './dag/id.ts'
import { createIdentity, type Identity, type PeerId } from './dag/identity.ts'
import { openData } from './data.ts'
import { CausewayError } from './errors.ts'
import { limits } from './limits.ts'
import { LastEqual } from './peer/last-equal.ts'
import { formatTicket, isTicket, parseTicket } from './peer/ticket.ts'
import { errorBoundary } from './rpc/boundary.ts'
import { callerKey } from './rpc/caller.ts'
import { RpcConnection } from './rpc/connection.ts'
import { shakeHands } from './rpc/handshake.ts'
import { type ConnectionInfo, createNodeService, type SyncResult } from './rpc/node-service.ts'
import { createRemote } from './rpc/remote.ts'
import { RpcServer } from './rpc/server.ts'
import { createSyncService } from './rpc/sync-service.ts'
import { createTreeService } from './rpc/tree-service.ts'
import { type AuditProblem, auditTree } from './store/audit.ts'
import { Author, type CommitOptions } from './store/author.ts'
import { openMemory } from './store/open.ts'
import { DagStore, type StoredEntry, type TreeInfo } from './store/store.ts'
import { Ingest } from './sync/ingest.ts'
import { runSession, type SessionProgress } from './sync/session.ts'
import { createHttpTransport, type HttpTransportOptions } from './transport/http.ts'
import { createIrohTransport, type IrohTransportOptions } from './transport/iroh.ts'
import { listenLocal } from './transport/local.ts'
import { TransportManager } from './transport/manager.ts'
import type { Transport } from './transport/transport.ts'
import { version } from './version.ts'

export interface NodeOptions {
  /** The data folder: key, store and control socket live there. Without it the node lives in memory. */
  readonly data?: string
  /** The node's key in place of the data folder's, or of a new one in memory. */
  readonly identity?: Identity
  /** Where to serve HTTP/2 and HTTP/1.1; absent: the node only dials. */
  readonly http?: HttpTransportOptions['listen']
  /** For dialling `https:` addresses: authorities to trust in place of the system's. */
  readonly tls?: HttpTransportOptions['tls']
  /** QUIC by iroh. It is loaded only when it listens or an `iroh:` address is dialled. */
  readonly quic?: QuicOptions
  /** Transports beside these, each with its own server. */
  readonly transports?: readonly Transport[]
  readonly clock?: Clock
}

export interface QuicOptions {
  /** Whether to serve on it; else the node only dials. */
  readonly listen?: boolean
  /** `host:port`; absent: all interfaces and a free port. */
  readonly bind?: string
  /** n0's public relays (the default), none, or the URLs of own ones. */
  readonly relay?: IrohTransportOptions['relay']
}

export interface SyncOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SessionProgress) => void
}

/** A tree with what its root says. */
export interface TreeDetails extends TreeInfo {
  readonly name: string
  readonly publicAccess: PublicAccess
}

export interface NodeEvents {
  /** Entries were added to a tree, by a commit here or by a sync. */
  entries: [tree: TreeId, added: readonly VerifiedEntry[]]
  /** A session ended well. */
  sync: [result: SyncResult]
  /** A handler failed for a reason that is not its caller's. */
  problem: [error: unknown, where: string]
}

/** Opens a node: makes the data folder where there is none, and takes its store. STORE_LOCKED when another node has it. */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const clock = options.clock ?? systemClock
  const { identity, db } =
    options.data === undefined
      ? { identity: options.identity ?? createIdentity(), db: await openMemory() }
      : await openData(options.data, options.identity)
  try {
    return new Node(await DagStore.open(db), identity, clock, options)
  } catch (error) {
    await db.close()
    throw error
  }
}

export class Node extends EventEmitter<NodeEvents> implements AsyncDisposable {
  readonly peer: PeerId
  readonly version = version
  readonly store: DagStore
  readonly transports: TransportManager
  private readonly clock: Clock
  private readonly author: Author
  private readonly ingest: Ingest
  private readonly identity: Identity
  private readonly server: RpcServer
  private readonly lastEqual: LastEqual
  private control: AsyncDisposable | undefined
  private readonly outbound = new Set<RpcConnection>()
  private readonly sessions = new Set<Promise<SyncResult>>()
  private closing: Promise<void> | undefined

  /** Use `createNode`. */
  constructor(store: DagStore, identity: Identity, clock: Clock, options: NodeOptions) {
    super()
    this.store = store
    this.identity = identity
    this.clock = clock
    this.peer = identity.peer
    this.author = new Author(store, identity, clock)
    this.ingest = new Ingest(store)
    this.lastEqual = new LastEqual(store.db)
    this.transports = new TransportManager({ clock })
    const http = createHttpTransport({
      clock,
      ...(options.http && { listen: options.http }),
      ...(options.tls && { tls: options.tls }),
    })
    this.transports.register(http, { dialOnly: options.http === undefined })
    const { listen = false, bind, relay = 'default' } = options.quic ?? {}
    const iroh = createIrohTransport({ identity, clock, relay, ...(bind !== undefined && { bind }) })
    this.transports.register(iroh, { dialOnly: !listen })
    for (const transport of options.transports ?? []) this.transports.register(transport)
    this.server = new RpcServer({
      routes: (router) => this.routes(router),
      clock,
      onError: (error, where) => this.emit('problem', error, where),
    })
    store.subscribe((tree, added) => this.emit('entries', tree, added))
  }

  private routes(router: ConnectRouter): void {
    const { store, ingest, author, identity, clock } = this
    router.service(SyncService, createSyncService({ store, ingest, identity, clock }))
    router.service(TreeService, createTreeService({ store, ingest, author, clock }))
    router.service(NodeService, createNodeService(this))
  }

  /** Calls to this node's services without a network, for programs that speak the contract. */
  rpc(): RpcTransport {
    const caller = { remoteAddress: 'local', transport: 'in-process', operator: true }
    const asOperator: Interceptor = (next) => (request) => {
      request.contextValues.set(callerKey, caller)
      return next(request)
    }
    const problems = errorBoundary((error, where) => this.emit('problem', error, where))
    return createRouterTransport((router) => this.routes(router), {
      router: { interceptors: [problems, asOperator] },
    })
  }

  /** Starts every transport's server; tells which could not start. An error only when none could. */
  async listen(): Promise<{ started: string[]; failed: { name: string; error: CausewayError }[] }> {
    return this.transports.acceptConnections((channel, transport) =>
      this.server.accept(channel, transport.name),
    )
  }

  /** Serves commands on the data folder through its control socket. */
  async listenControl(path: string): Promise<void> {
    this.control = await listenLocal(path, (channel) => this.server.accept(channel, 'local', true))
  }

  /** Where others reach this node now. */
  addresses(): string[] {
    return this.transports.getAllServerAddresses()
  }

  connections(): ConnectionInfo[] {
    const inbound = this.server
      .connections()
      .map(({ caller, channel }) => ({ caller, path: channel.path?.(), inbound: true }))
    const outbound = [...this.outbound].map(({ channel }) => ({
      caller: { remoteAddress: channel.remoteAddress, transport: 'outbound', operator: false },
      path: channel.path?.(),
      inbound: false,
    }))
    return [...inbound, ...outbound]
  }

  /** All trees here, by id. */
  async trees(): Promise<TreeDetails[]> {
    return Promise.all(this.store.trees().map(async (info) => (await this.tree(info.tree))!))
  }

  async tree(tree: TreeId): Promise<TreeDetails | undefined> {
    const info = this.store.tree(tree)
    const [root] = await this.store.get([tree])
    return info && root && { ...info, ...readRoot(readEntry(root.signed)) }
  }

  /** Makes a tree; its id is its root's. */
  async createTree(name: string, publicAccess?: PublicAccess): Promise<TreeId> {
    return (await this.author.createTree(name, publicAccess)).tree
  }

  /** Signs one entry on top of a tree's tips (or of the parents given) and stores it. */
  commit(tree: TreeId, changes: readonly Change[], options?: CommitOptions): Promise<VerifiedEntry> {
    return this.author.commit(tree, changes, options)
  }

  tips(tree: TreeId): Promise<readonly EntryId[]> {
    return this.store.tips(tree)
  }

  /** A tree's entries, parents first, in pages. */
  entries(tree: TreeId): AsyncGenerator<StoredEntry[]> {
    return this.store.scan(tree)
  }

  /** A ticket for a tree with all addresses at which this node listens now. */
  createTicket(tree: TreeId): string {
    if (this.store.tree(tree) === undefined)
      throw new CausewayError('UNKNOWN_TREE', `The tree ${tree} is not here.`, { data: { tree } })
    const addresses = this.addresses()
    if (addresses.length === 0)
      throw new CausewayError(
        'NOT_STARTED',
        'The node does not listen, so a ticket would lead nowhere. Start it with `causeway serve`.',
      )
    return formatTicket({ tree, peer: this.peer, addresses: addresses.slice(0, limits.ticketAddresses) })
  }

  /**
   * Brings a tree and a remote to the same entries, both ways. `remote` is an address or a ticket; with a ticket the
   * tree may be left out, and the remote must be the peer that issued it.
   */
  sync(tree: TreeId | undefined, remote: string, options: SyncOptions = {}): Promise<SyncResult> {
    if (this.closing !== undefined)
      return Promise.reject(new CausewayError('CLOSED', 'The node is closed, or closing.'))
    const session = this.runSync(tree, remote, options)
    this.sessions.add(session)
    const forget = () => this.sessions.delete(session)
    session.then(forget, forget)
    return session
  }

  private async runSync(tree: TreeId | undefined, remote: string, options: SyncOptions): Promise<SyncResult> {
    const ticket = isTicket(remote) ? parseTicket(remote) : undefined
    const which = tree ?? ticket?.tree
    if (which === undefined)
      throw new CausewayError('INVALID_ARGUMENT', 'Name a tree, or give a ticket instead of an address.')
    if (ticket !== undefined && ticket.tree !== which)
      throw new CausewayError('INVALID_ARGUMENT', 'The ticket is for another tree.', {
        data: { tree: ticket.tree },
      })
    const started = this.clock.monotonic()
    const { connection, address, peer } = await this.connect(
      ticket?.addresses ?? [remote],
      ticket?.peer,
      options.signal,
    )
    await using _ = connection
    const lastEqual = await this.lastEqual.get(peer, which)
    const session = await runSession(
      { store: this.store, ingest: this.ingest, clock: this.clock },
      createRemote(connection, this.clock),
      which,
      { ...options, lastEqual },
    )
    if (session.equal && session.tipsDigest !== lastEqual)
      await this.lastEqual.set(peer, which, session.tipsDigest)
    const path = connection.channel.path?.()
    const result: SyncResult = {
      ...session,
      address,
      peer,
      bytesSent: path?.bytesSent ?? 0,
      bytesReceived: path?.bytesReceived ?? 0,
      elapsedMs: this.clock.monotonic() - started,
      path: { kind: path?.kind ?? 'unknown', roundTripMs: path?.roundTripMs },
      tips: (await this.store.tips(which)).slice(0, limits.listedTips),
    }
    this.emit('sync', result)
    return result
  }

  /** A connection to the first address at which the peer proves itself. */
  private async connect(
    addresses: readonly string[],
    expected: PeerId | undefined,
    signal: AbortSignal | undefined,
  ) {
    const winner = await this.transports.dialFirst(addresses, {
      ...(signal && { signal }),
      handshake: async (channel, attempt) => {
        const connection = new RpcConnection(channel, { clock: this.clock })
        connection.channel.stream.once('close', () => this.outbound.delete(connection))
        this.outbound.add(connection)
        const peer = await shakeHands(connection, { clock: this.clock, expected, signal: attempt.signal })
        if (channel.remotePeer !== undefined && channel.remotePeer !== peer)
          throw new CausewayError(
            'WRONG_PEER',
            `The transport proved ${channel.remotePeer}, but the node says it is ${peer}.`,
          )
        return { connection, peer }
      },
    })
    return { ...winner.value, address: winner.address }
  }

  /** Reads, hashes and verifies a whole tree again. */
  verify(
    tree: TreeId,
    options: { signal?: AbortSignal; onProgress?: (checked: number, count: number) => void } = {},
  ): Promise<{ checked: number; problems: readonly AuditProblem[] }> {
    return auditTree(this.store, tree, options)
  }

  /** Stops: no new calls, those under way may finish within `graceMs`, then the store is closed. Idempotent. */
  close(graceMs: number = limits.drainTimeoutMs): Promise<void> {
    this.closing ??= this.shutDown(graceMs)
    return this.closing
  }

  private async shutDown(graceMs: number): Promise<void> {
    try {
      // Refuses new calls at once, on the connections that are open and on those that still come.
      const drained = this.server.drain(graceMs)
      const controlClosed = this.control?.[Symbol.asyncDispose]()
      await this.finishSessions(graceMs)
      for (const connection of this.outbound) connection.close()
      await drained
      await controlClosed
      await this.transports.close()
    } finally {
      await this.store.close()
    }
  }

  /** Waits for the sessions that this node has begun, at most so long. */
  private async finishSessions(graceMs: number): Promise<void> {
    if (this.sessions.size === 0) return
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([Promise.allSettled(this.sessions), graceOver])
    cancelTimer()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
