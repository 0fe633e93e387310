/**
 * The composition root: one node with its key, store, transports and RPC server. It is the only file that sees
 * transport, rpc and the rest together; everything that it wires can be used without it.
 */
import { EventEmitter } from 'node:events'
import type { ConnectRouter, Transport as RpcTransport } from '@connectrpc/connect'
import type { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import type { AccessDesk } from '../access/desk.ts'
import { rightsOf } from '../access/rights.ts'
import { RightsGuard } from '../access/rights-guard.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { CausewayError, unknownTree } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { version } from '../base/version.ts'
import type { Change } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { bytesToHex } from '../dag/hex.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import { Dispatcher } from '../dispatcher/dispatcher.ts'
import { Outbox } from '../dispatcher/outbox.ts'
import { PeerBook, type PeerEntry } from '../peer/book.ts'
import { LastEqual } from '../peer/last-equal.ts'
import { type LinkSettings, type LinkStatus, Links } from '../peer/links.ts'
import { parseTicket } from '../peer/ticket.ts'
import { Access } from '../rpc/auth/authorize.ts'
import { createAccessHandlers } from '../rpc/services/access-service.ts'
import { createLinkHandlers } from '../rpc/services/link-service.ts'
import { type ConnectionInfo, createNodeService, type SyncResult } from '../rpc/services/node-service.ts'
import { createPolicyHandlers } from '../rpc/services/policy-service.ts'
import { createSyncService } from '../rpc/services/sync-service.ts'
import { createTreeService } from '../rpc/services/tree-service.ts'
import { type AuditProblem, auditTree } from '../store/audit/audit.ts'
import { Author, type CommitOptions } from '../store/author/author.ts'
import { type TreeDetails, treeDetails } from '../store/details.ts'
import { Quota } from '../store/quota.ts'
import { DagStore, type StoredEntry } from '../store/store.ts'
import { standing } from '../store/views.ts'
import { Ingest } from '../sync/ingest.ts'
import type { TransportManager } from '../transport/manager.ts'
import { Admission } from './admission.ts'
import { openStore } from './data-folder.ts'
import { Dialler } from './dialler.ts'
import { metricsText } from './health.ts'
import type { JoinStanding } from './joining/joiner.ts'
import { Joining, openAccessRecords } from './joining/joining.ts'
import {
  createTransports,
  type JoinOptions,
  type NodeEvents,
  type NodeOptions,
  type SyncOptions,
} from './options.ts'
import type { NodeParts } from './parts.ts'
import { type Listening, Serving } from './serving.ts'
import { Sessions } from './sessions.ts'
import { issueTicket, type TicketOptions } from './tickets.ts'

/** Opens a node: makes the data folder where there is none, and takes its store. STORE_LOCKED when another node has it. */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const clock = options.clock ?? systemClock
  const opening = openStore(options.data, options.identity, options.database)
  // Node loads fetch with its first use, which takes 50 ms: now, while the store opens, and not in the first call.
  void globalThis.Headers
  const { identity, db } = await opening
  try {
    const store = await DagStore.open(db)
    await Quota.open(db, store, identity.peer, options.quota)
    const [book, links] = await Promise.all([PeerBook.open(db, clock), Links.open(db)])
    const outbox = await Outbox.open(db, store, links, clock)
    const { operators = [] } = options
    const admission = await Admission.open({ self: identity.peer, db, clock, book, operators })
    const access = await openAccessRecords(db, identity, clock)
    return new Node({ store, book, links, outbox, admission, access, identity, clock }, options)
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
  /** Whom the node knows. */
  readonly peers: PeerBook
  /** Who asks to be let into trees here. */
  readonly requests: AccessDesk
  private readonly clock: Clock
  private readonly author: Author
  private readonly ingest: Ingest
  private readonly identity: Identity
  private readonly serving: Serving
  private readonly links: Links
  private readonly access: Access
  private readonly dialler: Dialler
  private readonly dispatcher: Dispatcher
  private readonly joining: Joining
  private readonly sessions: Sessions
  private closing: Promise<void> | undefined

  /** Use `createNode`. */
  constructor(parts: NodeParts, options: NodeOptions) {
    super()
    const { store, book, links, outbox, admission, identity, clock } = parts
    this.store = store
    this.peers = book
    this.links = links
    this.identity = identity
    this.clock = clock
    this.peer = identity.peer
    this.author = new Author(store, identity, clock)
    this.ingest = new Ingest(store)
    const lastEqual = new LastEqual(store.db)
    const rights = rightsOf(store)
    this.access = new Access(rights, (peer) => admission.throttle.vouch(peer))
    this.transports = createTransports(options, identity, clock, admission)
    const guard = new RightsGuard(store, rights)
    this.dialler = new Dialler({ transports: this.transports, book, clock, identity, guard })
    this.sessions = new Sessions({
      ...{ store, ingest: this.ingest, clock, lastEqual, dialler: this.dialler },
      linked: (tree) => links.ofTree(tree).flatMap(({ peer }) => book.get(peer) ?? []),
      onResult: (result) => this.emit('sync', result),
    })
    this.dispatcher = new Dispatcher({
      ...{ store, book, links, outbox, clock, ingest: this.ingest, lastEqual },
      withheld: (tree, peer) => guard.withheld(tree, peer),
      awaited: (tree, peer) => this.joining.awaited(tree, peer),
      connect: (peer, signal) => this.dialler.connect(peer, signal),
    })
    this.joining = new Joining({
      ...{ ...parts.access, self: this.peer, store, book, links, clock, rights, dispatcher: this.dispatcher },
      autoLink: options.autoLink !== false,
      grant: (tree, peer, permission) => this.grant(tree, peer, permission, book.get(peer)?.name),
      addPeer: (...args) => this.addPeer(...args),
      ask: (...args) => this.dialler.requestAccess(...args),
      onRequest: (request) => this.emit('request', request),
      onJoin: (standing) => this.emit('join', standing),
      onError: (error, where) => this.emit('problem', error, where),
    })
    this.requests = this.joining.desk
    this.serving = new Serving({
      ...{ admission, clock, transports: this.transports },
      routes: (router) => this.routes(router),
      onError: (error, where) => this.emit('problem', error, where),
      metrics: () => this.metrics(),
    })
    this.dispatcher.onStatus((status) => this.emit('status', status))
    store.subscribe((tree, _, __, standing) => this.emit('entries', tree, standing))
    if (options.background !== false) this.joining.start()
  }

  private routes(router: ConnectRouter): void {
    const { store, ingest, author, access, requests, identity, clock } = this
    const sync = { store, ingest, access, requests, identity, clock, ...this.joining.calls }
    router.service(SyncService, createSyncService(sync))
    router.service(TreeService, createTreeService({ store, ingest, author, clock }))
    router.service(NodeService, {
      ...createNodeService(this),
      ...createLinkHandlers(this),
      ...createAccessHandlers(this),
      ...createPolicyHandlers(store, author),
    })
  }

  private metrics(): string {
    const { store, peers, dispatcher } = this
    const connections = this.serving.connections().length + this.dialler.open.size
    return metricsText({ store, peers, dispatcher, connections, nowMs: this.clock.now() })
  }

  /** Calls to this node's services without a network, for programs that speak the contract. */
  rpc(): RpcTransport {
    return this.serving.rpc()
  }

  /** Starts every transport's server; tells which could not start. An error only when none could. */
  listen(): Promise<Listening> {
    return this.serving.listen()
  }

  /** Serves commands on the data folder through its control socket. */
  listenControl(path: string): Promise<void> {
    return this.serving.listenControl(path)
  }

  /** Where others reach this node now. */
  addresses(): string[] {
    return this.transports.getAllServerAddresses()
  }

  connections(): ConnectionInfo[] {
    return [...this.serving.connections(), ...this.dialler.connections()]
  }

  /** All trees here, by id. */
  async trees(): Promise<TreeDetails[]> {
    return Promise.all(this.store.trees().map(async ({ tree }) => (await this.tree(tree))!))
  }

  tree = (tree: TreeId): Promise<TreeDetails | undefined> => treeDetails(this.store, tree)

  /** Makes a tree; its id is its root's. */
  async createTree(name: string, publicAccess?: PublicAccess): Promise<TreeId> {
    return (await this.author.createTree(name, publicAccess)).tree
  }

  /** Signs one entry on top of a tree's tips (or of the parents given) and stores it. */
  commit(tree: TreeId, changes: readonly Change[], options?: CommitOptions): Promise<VerifiedEntry> {
    return this.author.commit(tree, changes, options)
  }

  /** Who may do what in a tree now; undefined where it is not here. */
  policy = (tree: TreeId): Promise<PolicyState | undefined> => this.store.policy(tree)

  /** Lets a key read, write or administer a tree from now on. FORBIDDEN, here and below, where this node is no admin. */
  grant(tree: TreeId, peer: PeerId, permission: Permission, name = ''): Promise<VerifiedEntry> {
    return this.author.changePolicy(tree, { keys: [{ peer, permission, name }] })
  }

  /** Takes all rights from a key; what it wrote until now stands. */
  revoke(tree: TreeId, peer: PeerId): Promise<VerifiedEntry> {
    return this.author.revoke(tree, peer)
  }

  /** Says what everybody may do in a tree. */
  setPublicAccess(tree: TreeId, publicAccess: PublicAccess): Promise<VerifiedEntry> {
    return this.author.changePolicy(tree, { publicAccess })
  }

  tips(tree: TreeId): Promise<readonly EntryId[]> {
    return this.store.tips(tree)
  }

  /** A tree's entries, parents first, in pages; `void`: also those that the policy has made void. */
  entries(tree: TreeId, options: { void?: boolean } = {}): AsyncGenerator<StoredEntry[]> {
    return options.void ? this.store.scan(tree) : standing(this.store, tree)
  }

  /**
   * A ticket for a tree with all addresses at which this node listens now; `withPeers` also names the linked peers that
   * have the tree, from which a first sync then takes as well.
   */
  createTicket(tree: TreeId, options: TicketOptions = {}): string {
    const { store, peer, peers } = this
    if (store.tree(tree) === undefined) throw unknownTree(tree)
    return issueTicket({ peer, peers, addresses: this.addresses(), links: this.status() }, tree, options)
  }

  /** A ticket that lets the first who joins by it in, without asking. FORBIDDEN where this node is no admin of the tree. */
  async invite(tree: TreeId, permission: Permission, options: TicketOptions = {}): Promise<string> {
    this.createTicket(tree)
    const invitation = bytesToHex(await this.requests.invite(tree, permission))
    return this.createTicket(tree, { ...options, invitation })
  }

  /**
   * Joins a tree by a ticket: asks its issuer to be let in, and links the tree, which syncs as soon as that is granted, at
   * once or later, across restarts. The event `join` tells how it goes on.
   */
  join(ticket: string, options: JoinOptions = {}): Promise<JoinStanding> {
    return this.joining.join(ticket, options)
  }

  /**
   * Brings a tree and a remote to the same entries, both ways. `remote` is an address or a ticket; with a ticket the
   * tree may be left out, and the remote must be a peer that it names. Where several are known and much is missing, it is
   * taken from all of them at once.
   */
  sync(tree: TreeId | undefined, remote: string, options: SyncOptions = {}): Promise<SyncResult> {
    if (this.closing !== undefined)
      return Promise.reject(new CausewayError('CLOSED', 'The node is closed, or closing.'))
    return this.sessions.run(tree, remote, options)
  }

  /** Remembers a peer, or more about one; without its PeerId the addresses are asked. UNREACHABLE, LIMIT_EXCEEDED. */
  async addPeer(
    peer: PeerId | undefined,
    details: { name?: string; addresses?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<PeerEntry> {
    const known = peer ?? (await this.dialler.whoIs(details.addresses ?? [], signal))
    if (known === this.peer)
      throw new CausewayError('INVALID_ARGUMENT', 'That is this node itself.', { data: { peer: known } })
    const entry = await this.peers.add(known, details)
    await this.links.welcome(known)
    this.joining.contacted(known)
    return entry
  }

  /** Removes a peer with its links. UNKNOWN_PEER. */
  removePeer(peer: PeerId): Promise<void> {
    return this.dispatcher.removePeer(peer)
  }

  /** Neither dials nor serves a peer from now on, or does again. UNKNOWN_PEER. */
  async blockPeer(peer: PeerId, blocked = true): Promise<void> {
    await this.dispatcher.blockPeer(peer, blocked)
    if (blocked) this.serving.cut(peer)
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
    try {
      const drained = this.serving.drain(graceMs)
      await Promise.all([this.joining.close(), this.dispatcher.close(graceMs), this.sessions.finish(graceMs)])
      this.dialler.close()
      await drained
      await this.transports.close()
    } finally {
      await this.store.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
