/**
 * The composition root: one node with its key, store, transports and RPC server. It is the only file that sees
 * transport, rpc and the rest together; everything that it wires can be used without it.
 */
import { EventEmitter } from 'node:events'
import {
  type ConnectRouter,
  createRouterTransport,
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
import { Dialler } from './dialler.ts'
import { Dispatcher } from './dispatcher/dispatcher.ts'
import { Outbox } from './dispatcher/outbox.ts'
import { prometheusText } from './dispatcher/status.ts'
import { CausewayError } from './errors.ts'
import { limits } from './limits.ts'
import { PeerBook, type PeerEntry } from './peer/book.ts'
import { type LinkSettings, type LinkStatus, Links } from './peer/links.ts'
import { formatTicket, isTicket, parseTicket } from './peer/ticket.ts'
import { createLinkHandlers } from './rpc/link-service.ts'
import { type ConnectionInfo, createNodeService, type SyncResult } from './rpc/node-service.ts'
import { createRemote } from './rpc/remote.ts'
import { type PlainAnswer, RpcServer } from './rpc/server.ts'
import { createSyncService } from './rpc/sync-service.ts'
import { createTreeService } from './rpc/tree-service.ts'
import { type AuditProblem, auditTree } from './store/audit.ts'
import { Author, type CommitOptions } from './store/author.ts'
import { type Database, openMemory } from './store/open.ts'
import { DagStore, type StoredEntry, type TreeInfo } from './store/store.ts'
import { Ingest } from './sync/ingest.ts'
import { runSession, type SessionProgress } from './sync/session.ts'
import { createHttpTransport, type HttpTransportOptions } from './transport/http.ts'
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
  /** Transports beside HTTP, each with its own server. */
  readonly transports?: readonly Transport[]
  readonly clock?: Clock
  /** An open database in place of the data folder's or of a new one in memory; the node closes it. */
  readonly database?: Database
  /** False: linked trees are left alone until `flush`, for a node that lives for one command. */
  readonly background?: boolean
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
  /** The standing of a link has changed. */
  status: [status: LinkStatus]
  /** A handler failed for a reason that is not its caller's. */
  problem: [error: unknown, where: string]
}

/** Opens a node: makes the data folder where there is none, and takes its store. STORE_LOCKED when another node has it. */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const clock = options.clock ?? systemClock
  const { identity, db } = await openStore(options)
  const store = await DagStore.open(db)
  const [book, links] = await Promise.all([PeerBook.open(db, clock), Links.open(db)])
  const outbox = await Outbox.open(db, store, links, clock)
  const node = new Node({ store, book, links, outbox, identity, clock }, options)
  if (options.background !== false) node.startBackground()
  return node
}

async function openStore(options: NodeOptions): Promise<{ identity: Identity; db: Database }> {
  if (options.database !== undefined)
    return { identity: options.identity ?? createIdentity(), db: options.database }
  if (options.data !== undefined) return openData(options.data, options.identity)
  return { identity: options.identity ?? createIdentity(), db: await openMemory() }
}

/** What a node is made of. */
interface NodeParts {
  readonly store: DagStore
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly identity: Identity
  readonly clock: Clock
}

export class Node extends EventEmitter<NodeEvents> implements AsyncDisposable {
  readonly peer: PeerId
  readonly version = version
  readonly store: DagStore
  readonly transports: TransportManager
  /** Whom the node knows. */
  readonly peers: PeerBook
  private readonly clock: Clock
  private readonly author: Author
  private readonly ingest: Ingest
  private readonly identity: Identity
  private readonly server: RpcServer
  private readonly links: Links
  private readonly dialler: Dialler
  private readonly dispatcher: Dispatcher
  /** Ends what would go on for ever, such as watches, when the node stops. */
  private readonly stopping = new AbortController()
  private control: AsyncDisposable | undefined
  private listening = false
  private closing: Promise<void> | undefined

  /** Use `createNode`. */
  constructor({ store, book, links, outbox, identity, clock }: NodeParts, options: NodeOptions) {
    super()
    this.store = store
    this.peers = book
    this.links = links
    this.identity = identity
    this.clock = clock
    this.peer = identity.peer
    this.author = new Author(store, identity, clock)
    this.ingest = new Ingest(store)
    this.transports = new TransportManager({ clock })
    const http = createHttpTransport({
      clock,
      ...(options.http && { listen: options.http }),
      ...(options.tls && { tls: options.tls }),
    })
    this.transports.register(http, { dialOnly: options.http === undefined })
    for (const transport of options.transports ?? []) this.transports.register(transport)
    this.server = new RpcServer({
      routes: (router) => this.routes(router),
      clock,
      onError: (error, where) => this.emit('problem', error, where),
      plain: (path) => this.plain(path),
    })
    this.dialler = new Dialler(this.transports, book, clock)
    this.dispatcher = new Dispatcher({
      ...{ store, book, links, outbox, clock },
      ingest: this.ingest,
      connect: (peer, signal) => this.dialler.connect(peer, signal),
    })
    this.dispatcher.onStatus((status) => this.emit('status', status))
    store.subscribe((tree, added) => this.emit('entries', tree, added))
  }

  private routes(router: ConnectRouter): void {
    const { store, ingest, author, identity, clock } = this
    const stopping = this.stopping.signal
    const onContact = (peer: PeerId) => this.dispatcher.contacted(peer)
    router.service(SyncService, createSyncService({ store, ingest, identity, clock, stopping, onContact }))
    router.service(TreeService, createTreeService({ store, ingest, author, stopping }))
    router.service(NodeService, { ...createNodeService(this), ...createLinkHandlers(this, stopping) })
  }

  /** What answers plain HTTP: totals for Prometheus, and whether the node lives and serves. */
  private plain(path: string): PlainAnswer | undefined {
    const text = (status: number, body: string, contentType = 'text/plain; charset=utf-8') => ({
      status,
      contentType,
      body,
    })
    if (path === '/healthz') return text(200, 'ok\n')
    if (path === '/readyz')
      return this.listening && this.dispatcher.running && this.closing === undefined
        ? text(200, 'ready\n')
        : text(503, 'not ready\n')
    if (path !== '/metrics') return undefined
    const trees = this.store.trees()
    const gauges = {
      trees: trees.length,
      entries: trees.reduce((sum, { count }) => sum + count, 0),
      peers: this.peers.size,
      connectedPeers: this.dispatcher.connectedPeers,
      connections: this.server.connections().length + this.dialler.open.size,
      nowMs: this.clock.now(),
    }
    const body = prometheusText(this.dispatcher.status(), this.dispatcher.counters, gauges)
    return text(200, body, 'text/plain; version=0.0.4; charset=utf-8')
  }

  /** Takes up all links; `createNode` does it, unless `background` was false. */
  startBackground(): void {
    this.dispatcher.start()
  }

  /** Calls to this node's services without a network, for programs that speak the contract. */
  rpc(): RpcTransport {
    return createRouterTransport((router) => this.routes(router))
  }

  /** Starts every transport's server; tells which could not start. An error only when none could. */
  async listen(): Promise<{ started: string[]; failed: { name: string; error: CausewayError }[] }> {
    const result = await this.transports.acceptConnections((channel, transport) => {
      if (channel.remotePeer !== undefined && this.peers.get(channel.remotePeer)?.blocked)
        throw new CausewayError('FORBIDDEN', 'The peer is blocked.')
      this.server.accept(channel, transport.name)
    })
    this.listening = true
    return result
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
    const outbound = [...this.dialler.open].map(({ channel }) => ({
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
    return formatTicket({ tree, peer: this.peer, addresses })
  }

  /**
   * Brings a tree and a remote to the same entries, both ways. `remote` is an address or a ticket; with a ticket the
   * tree may be left out, and the remote must be the peer that issued it.
   */
  async sync(tree: TreeId | undefined, remote: string, options: SyncOptions = {}): Promise<SyncResult> {
    const ticket = isTicket(remote) ? parseTicket(remote) : undefined
    const which = tree ?? ticket?.tree
    if (which === undefined)
      throw new CausewayError('INVALID_ARGUMENT', 'Name a tree, or give a ticket instead of an address.')
    if (ticket !== undefined && ticket.tree !== which)
      throw new CausewayError('INVALID_ARGUMENT', 'The ticket is for another tree.', {
        data: { tree: ticket.tree },
      })
    const started = this.clock.monotonic()
    const { connection, address, peer } = await this.dialler.dial(
      ticket?.addresses ?? [remote],
      ticket?.peer,
      options.signal,
    )
    await using _ = connection
    const session = await runSession(
      { store: this.store, ingest: this.ingest, clock: this.clock },
      createRemote(connection, this.clock),
      which,
      options,
    )
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

  /** Remembers a peer, or more about one; without its PeerId the addresses are asked. UNREACHABLE, LIMIT_EXCEEDED. */
  async addPeer(
    peer: PeerId | undefined,
    details: { name?: string; addresses?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<PeerEntry> {
    const known = peer ?? (await this.whoIs(details.addresses ?? [], signal))
    if (known === this.peer)
      throw new CausewayError('INVALID_ARGUMENT', 'That is this node itself.', { data: { peer: known } })
    const entry = await this.peers.add(known, details)
    this.dispatcher.contacted(known)
    return entry
  }

  private async whoIs(addresses: readonly string[], signal?: AbortSignal): Promise<PeerId> {
    const { connection, peer } = await this.dialler.dial(addresses, undefined, signal)
    await connection[Symbol.asyncDispose]()
    return peer
  }

  /** Removes a peer with its links. UNKNOWN_PEER. */
  removePeer(peer: PeerId): Promise<void> {
    return this.dispatcher.removePeer(peer)
  }

  /** Neither dials nor serves a peer from now on, or does again. UNKNOWN_PEER. */
  async blockPeer(peer: PeerId, blocked = true): Promise<void> {
    await this.dispatcher.blockPeer(peer, blocked)
    if (blocked) this.server.cut((caller) => caller.peer === peer)
  }

  /**
   * Keeps a tree equal with a peer from now on, across restarts. A ticket names both; else the peer is one of `peers`.
   * Linked again, its settings change.
   */
  async link(
    what: string | { readonly tree: TreeId; readonly peer: PeerId },
    settings?: Partial<LinkSettings>,
  ): Promise<LinkStatus> {
    if (typeof what !== 'string') return this.dispatcher.link(what.tree, what.peer, settings)
    const { tree, peer, addresses } = parseTicket(what)
    const entry = await this.addPeer(peer, { addresses })
    return this.dispatcher.link(tree, entry.peer, settings)
  }

  /** Ends a link; false: there was none. */
  unlink(tree: TreeId, peer: PeerId): Promise<boolean> {
    return this.dispatcher.unlink(tree, peer)
  }

  /** The trees that are linked with a peer. */
  linkedTrees(peer: PeerId): TreeId[] {
    return this.links.ofPeer(peer).map(({ tree }) => tree)
  }

  /** How every link stands, by tree and peer. The event `status` tells changes. */
  status(): LinkStatus[] {
    return this.dispatcher.status()
  }

  /** Delivers all that is undelivered, now; what is left after `timeoutMs` or cannot be delivered comes back. */
  flush(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<LinkStatus[]> {
    return this.dispatcher.flush(options)
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
    this.stopping.abort(new CausewayError('CLOSED', 'The node is stopping.'))
    const control = this.control?.[Symbol.asyncDispose]()
    await Promise.all([this.server.drain(graceMs), this.dispatcher.close(graceMs)])
    this.dialler.close()
    await control
    await this.transports.close()
    await this.store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
