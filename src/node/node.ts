/**
 * A node: opens what is durable, has it wired, and offers what a program does with it. Its methods hand on to the parts
 * that do the work; each part can be used without it.
 */
import { EventEmitter } from 'node:events'
import type { Transport as RpcTransport } from '@connectrpc/connect'
import type { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { AccessDesk } from '../access/desk.ts'
import { systemClock } from '../base/clock.ts'
import { CausewayError, unknownTree } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { version } from '../base/version.ts'
import type { Change } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { bytesToHex } from '../dag/hex.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import { Outbox } from '../dispatcher/outbox.ts'
import { PeerBook, type PeerEntry } from '../peer/book.ts'
import { type LinkSettings, type LinkStatus, Links } from '../peer/links.ts'
import { parseTicket } from '../peer/ticket.ts'
import type { ConnectionInfo, SyncResult } from '../rpc/services/node-service.ts'
import { type AuditProblem, auditTree } from '../store/audit/audit.ts'
import type { CommitOptions } from '../store/author/author.ts'
import { type TreeDetails, treeDetails } from '../store/details.ts'
import { Quota } from '../store/quota.ts'
import { DagStore, type StoredEntry } from '../store/store.ts'
import { standing } from '../store/views.ts'
import type { AcceptResult, TransportManager } from '../transport/manager.ts'
import { Admission } from './admission.ts'
import { openStore } from './data-folder.ts'
import type { JoinStanding } from './joining/joiner.ts'
import { openAccessRecords } from './joining/joining.ts'
import type { JoinOptions, NodeEvents, NodeOptions, SyncOptions } from './options.ts'
import { issueTicket, type TicketOptions } from './tickets.ts'
import { type DurableParts, type WiredParts, wire } from './wiring.ts'

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
    const accessRecords = await openAccessRecords(db, identity, clock)
    return new Node({ store, book, links, outbox, admission, accessRecords, identity, clock }, options)
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
  private readonly links: Links
  private readonly parts: WiredParts
  private closing: Promise<void> | undefined

  /** Use `createNode`. */
  constructor(durable: DurableParts, options: NodeOptions) {
    super()
    const { store, book, links, identity } = durable
    this.peer = identity.peer
    this.store = store
    this.peers = book
    this.links = links
    this.parts = wire(durable, options, this)
    this.transports = this.parts.transports
    this.requests = this.parts.joining.desk
    if (options.background !== false) this.parts.joining.start()
  }

  /** Calls to this node's services without a network, for programs that speak the contract. */
  rpc(): RpcTransport {
    return this.parts.serving.rpc()
  }

  /** Starts every transport's server; tells which could not start. An error only when none could. */
  listen(): Promise<AcceptResult> {
    return this.parts.serving.listen()
  }

  /** Serves commands on the data folder through its control socket. */
  listenControl(path: string): Promise<void> {
    return this.parts.serving.listenControl(path)
  }

  /** Where others reach this node now. */
  addresses(): string[] {
    return this.transports.getAllServerAddresses()
  }

  connections(): ConnectionInfo[] {
    return [...this.parts.serving.connections(), ...this.parts.dialler.connections()]
  }

  /** All trees here, by id. */
  async trees(): Promise<TreeDetails[]> {
    return Promise.all(this.store.trees().map(async ({ tree }) => (await this.tree(tree))!))
  }

  tree = (tree: TreeId): Promise<TreeDetails | undefined> => treeDetails(this.store, tree)

  /** Makes a tree; its id is its root's. */
  async createTree(name: string, publicAccess?: PublicAccess): Promise<TreeId> {
    return (await this.parts.author.createTree(name, publicAccess)).tree
  }

  /** Signs one entry on top of a tree's tips (or of the parents given) and stores it. */
  commit(tree: TreeId, changes: readonly Change[], options?: CommitOptions): Promise<VerifiedEntry> {
    return this.parts.author.commit(tree, changes, options)
  }

  /** Who may do what in a tree now; undefined where it is not here. */
  policy = (tree: TreeId): Promise<PolicyState | undefined> => this.store.policy(tree)

  /** Lets a key read, write or administer a tree from now on. FORBIDDEN, here and below, where this node is no admin. */
  grant(tree: TreeId, peer: PeerId, permission: Permission, name = ''): Promise<VerifiedEntry> {
    return this.parts.author.changePolicy(tree, { keys: [{ peer, permission, name }] })
  }

  /** Takes all rights from a key; what it wrote until now stands. */
  revoke(tree: TreeId, peer: PeerId): Promise<VerifiedEntry> {
    return this.parts.author.revoke(tree, peer)
  }

  /** Says what everybody may do in a tree. */
  setPublicAccess(tree: TreeId, publicAccess: PublicAccess): Promise<VerifiedEntry> {
    return this.parts.author.changePolicy(tree, { publicAccess })
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
    return this.parts.joining.join(ticket, options)
  }

  /**
   * Brings a tree and a remote to the same entries, both ways. `remote` is an address or a ticket; with a ticket the
   * tree may be left out, and the remote must be a peer that it names. Where several are known and much is missing, it is
   * taken from all of them at once.
   */
  sync(tree: TreeId | undefined, remote: string, options: SyncOptions = {}): Promise<SyncResult> {
    if (this.closing !== undefined)
      return Promise.reject(new CausewayError('CLOSED', 'The node is closed, or closing.'))
    return this.parts.sessions.run(tree, remote, options)
  }

  /** Remembers a peer, or more about one; without its PeerId the addresses are asked. UNREACHABLE, LIMIT_EXCEEDED. */
  async addPeer(
    peer: PeerId | undefined,
    details: { name?: string; addresses?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<PeerEntry> {
    const known = peer ?? (await this.parts.dialler.whoIs(details.addresses ?? [], signal))
    if (known === this.peer)
      throw new CausewayError('INVALID_ARGUMENT', 'That is this node itself.', { data: { peer: known } })
    const entry = await this.peers.add(known, details)
    await this.links.welcome(known)
    this.parts.joining.onContact(known)
    return entry
  }

  /** Removes a peer with its links. UNKNOWN_PEER. */
  removePeer(peer: PeerId): Promise<void> {
    return this.parts.dispatcher.removePeer(peer)
  }

  /** Neither dials nor serves a peer from now on, or does again. UNKNOWN_PEER. */
  async blockPeer(peer: PeerId, blocked = true): Promise<void> {
    await this.parts.dispatcher.blockPeer(peer, blocked)
    if (blocked) this.parts.serving.cut(peer)
  }

  /**
   * Keeps a tree equal with a peer from now on, across restarts. A ticket names both; else the peer is one of `peers`.
   * Linked again, its settings change.
   */
  async link(
    what: string | { readonly tree: TreeId; readonly peer: PeerId },
    settings?: Partial<LinkSettings>,
  ): Promise<LinkStatus> {
    if (typeof what !== 'string') return this.parts.dispatcher.link(what.tree, what.peer, settings)
    const { tree, peer, addresses } = parseTicket(what)
    const entry = await this.addPeer(peer, { addresses })
    return this.parts.dispatcher.link(tree, entry.peer, settings)
  }

  /** Ends a link; false: there was none. */
  unlink(tree: TreeId, peer: PeerId): Promise<boolean> {
    return this.parts.dispatcher.unlink(tree, peer)
  }

  /** The trees that are linked with a peer. */
  linkedTrees(peer: PeerId): TreeId[] {
    return this.links.ofPeer(peer).map(({ tree }) => tree)
  }

  /** How every link stands, by tree and peer. The event `status` tells changes. */
  status(): LinkStatus[] {
    return this.parts.dispatcher.status()
  }

  /** Delivers all that is undelivered, now; what is left after `timeoutMs` or cannot be delivered comes back. */
  flush(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<LinkStatus[]> {
    return this.parts.dispatcher.flush(options)
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
      const drained = this.parts.serving.drain(graceMs)
      await Promise.all([
        this.parts.joining.close(),
        this.parts.dispatcher.close(graceMs),
        this.parts.sessions.finish(graceMs),
      ])
      this.parts.dialler.close()
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
