/**
 * A node as a library: `createNode` opens the parts that keep state, wiring.ts builds the others on them, and the methods
 * of the class `Node` delegate to them. Each part can be used without a node.
 */
import { EventEmitter } from 'node:events'
import type { Transport as RpcTransport } from '@connectrpc/connect'
import type { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { AccessDesk } from '../access/desk.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { checkAll, guardMethods } from '../base/shape.ts'
import { findTracing } from '../base/tracing/tracing.ts'
import { version } from '../base/version.ts'
import type { Change } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { bytesToHex } from '../dag/hex.ts'
import { type EntryId, type TreeId, unknownTree } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import type { PeerBook, PeerEntry } from '../peer/book.ts'
import type { LinkSettings, LinkStatus, Links } from '../peer/links.ts'
import { parseTicket } from '../peer/ticket.ts'
import type { ConnectionInfo, SyncResult } from '../rpc/services/node-service.ts'
import { Stores } from '../state/api/stores.ts'
import { type AuditResult, verifyTree } from '../state/blobs/verify.ts'
import type { AuditOptions } from '../store/audit/audit.ts'
import type { CommitOptions } from '../store/author/author.ts'
import { type RepairOptions, repairStore, repairTree, type TreeRepair } from '../store/damage/repair.ts'
import { type TreeDetails, treeDetails } from '../store/details.ts'
import type { DagStore, StoredEntry } from '../store/store.ts'
import { scanInEffect } from '../store/views.ts'
import type { AcceptResult, TransportManager } from '../transport/manager.ts'
import type { AdminOptions } from './admin.ts'
import { ownBinding } from './admission.ts'
import { nodeMethods, nodeOptions, throwingMethods } from './arguments.ts'
import type { BackupOptions, BackupPart } from './backup/write.ts'
import type { ChangeOptions } from './changes.ts'
import { openStore } from './data-folder.ts'
import type { JoinStanding } from './joining/joiner.ts'
import { expectOther } from './joining/other-peer.ts'
import type { JoinOptions, NodeEvents, NodeOptions, SyncOptions } from './options.ts'
import { NodeReach } from './reach/reach.ts'
import { issueTicket, type TicketOptions } from './tickets.ts'
import { type DurableParts, openDurable, shutDown, startBackground, type WiredParts, wire } from './wiring.ts'

/**
 * Opens a node with its key and store in a folder that it may create, and starts its background work unless
 * `options.background` is false. It dials other peers, but serves none until `listen`. Throws STORE_LOCKED if another
 * process has the folder open, STORE_FORMAT if the store has a newer format than this version's, STORE_DENIED if this
 * user may not write the folder, STORE_FULL if the disk is full, INVALID_ARGUMENT if there can be no such folder, and
 * STORE_CORRUPT if the store or the key is damaged or the store belongs to another node.
 */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  checkAll(nodeOptions, [options])
  const opening = openStore(options.data, options.identity, options.database, options)
  // The first use of fetch loads it, which takes 50 ms: do that while the store opens, not in the first call.
  void globalThis.Headers
  const [{ identity, db }] = await Promise.all([opening, findTracing()])
  try {
    return new Node(await openDurable(db, identity, options), options)
  } catch (error) {
    await db.close()
    throw error
  }
}

/**
 * A running node: its trees, the peers it syncs them with, and its servers. It emits the events of `NodeEvents`. Its
 * errors are `CausewayError`s: branch on their `code`. Any method that reads or writes the store may also throw
 * STORE_CORRUPT, STORE_FULL if the disk is full, or CLOSED once the node is closed.
 */
export class Node extends EventEmitter<NodeEvents> implements AsyncDisposable {
  /** The node's public key, 64 hex digits: what other nodes know it by. */
  readonly peer: PeerId
  /** The version of this package. */
  readonly version = version
  /** The binding that tokens for the node's own HTTP port name: its certificate's, or '' without TLS. */
  binding: string
  /** The store of all trees. */
  readonly store: DagStore
  /** The transports that the node dials and listens with. */
  readonly transports: TransportManager
  /** The peer book: the peers that this node knows. Change it with `addPeer`, `removePeer` and `blockPeer`. */
  readonly peers: PeerBook
  /** The requests for access to trees of this node: list, approve or reject them here. */
  readonly requests: AccessDesk
  readonly stores: Stores
  readonly reach: NodeReach
  private readonly links: Links
  private readonly parts: WiredParts
  private closing: Promise<void> | undefined

  /** Internal: use `createNode`. */
  constructor(durable: DurableParts, options: NodeOptions) {
    super()
    const { store, book, links, identity } = durable
    this.peer = identity.peer
    this.binding = ownBinding(options)
    this.store = store
    this.peers = book
    this.links = links
    this.parts = wire(durable, options, this)
    this.transports = this.parts.transports
    this.stores = new Stores(this.parts.calls)
    this.reach = new NodeReach(this.transports)
    this.requests = this.parts.joining.desk
    if (options.background !== false) startBackground(this.parts)
  }

  /** Returns a Connect transport that calls this node's services in-process, with the rights of the operator. */
  rpc(): RpcTransport {
    return this.parts.serving.rpc()
  }

  /**
   * Starts the server of every transport that is set to listen. Returns those that now listen and the errors of others.
   * Throws only if none listens: NO_TRANSPORT if none is set to, the servers' error code if they agree, else UNREACHABLE.
   */
  listen(): Promise<AcceptResult> {
    return this.parts.serving.listen()
  }

  /**
   * Serves the operator's calls on the control socket of the data folder, through which commands reach the node. Throws
   * INVALID_ARGUMENT if the node has no data folder, and UNREACHABLE.
   */
  listenControl(): Promise<void> {
    return this.parts.serving.listenControl()
  }

  /**
   * Serves metrics and health to operators' tools, without asking for a proof; see docs/cli.md. Returns the URL. Throws
   * INVALID_ARGUMENT if other machines could reach it without `insecure`, BAD_ADDRESS, and ALREADY_STARTED.
   */
  listenAdmin(options: AdminOptions): Promise<string> {
    return this.parts.serving.listenAdmin(options)
  }

  /** Changes settings of the running node, all or none. Throws INVALID_ARGUMENT for a certificate that cannot be used. */
  change(options: ChangeOptions): void {
    this.binding = this.parts.change(options) ?? this.binding
  }

  /** Returns the addresses at which peers reach this node now; empty unless it listens. */
  addresses(): string[] {
    return this.transports.getAllServerAddresses()
  }

  /** Returns the open connections: those that peers made to this node, then those that it dialled. */
  connections(): ConnectionInfo[] {
    return [...this.parts.serving.connections(), ...this.parts.dialler.connections()]
  }

  /** Returns all trees of this node, ordered by id. */
  async trees(): Promise<TreeDetails[]> {
    const found = await Promise.all(this.store.trees().map(({ tree }) => this.tree(tree)))
    return found.filter((each) => each !== undefined)
  }

  /** Returns one tree, or undefined if it is not here. */
  tree(tree: TreeId): Promise<TreeDetails | undefined> {
    return treeDetails(this.store, tree)
  }

  /**
   * Creates a tree, whose author is this node, and returns its id. `name` has at most `limits.nameBytes` bytes;
   * `publicAccess` is what every peer may do in it, by default nothing. Throws ENTRY_ROOT if the name is empty or too
   * long.
   */
  async createTree(name: string, publicAccess?: PublicAccess): Promise<TreeId> {
    return (await this.parts.author.createTree(name, publicAccess)).tree
  }

  /**
   * Signs one entry with these changes, stores it, and returns it. Its parents are the tree's tips, or
   * `options.parents`. With `options.durable` it returns only when the entry is flushed to the disk. Throws
   * UNKNOWN_TREE, FORBIDDEN if this node may not write to the tree, ENTRY_CHANGES if there are no changes or one is to
   * a reserved store, ENTRY_TOO_LARGE, ENTRY_MISSING_PARENT, and RESOURCE_EXHAUSTED past a quota or if too many commits
   * wait.
   */
  commit(tree: TreeId, changes: readonly Change[], options?: CommitOptions): Promise<VerifiedEntry> {
    return this.parts.author.commit(tree, changes, options)
  }

  /** Returns what a tree's policy allows now, or undefined if the tree is not here. */
  policy(tree: TreeId): Promise<PolicyState | undefined> {
    return this.store.policy(tree)
  }

  /**
   * Grants a peer a permission in a tree, in place of the one that it had, and returns the policy entry. `name` is for
   * people, at most `limits.nameBytes` bytes; without one, the key keeps its name. Throws UNKNOWN_TREE, and FORBIDDEN if
   * this node is not an admin of the tree.
   */
  grant(tree: TreeId, peer: PeerId, permission: Permission, name = ''): Promise<VerifiedEntry> {
    return this.parts.author.changePolicy(tree, { keys: [{ peer, permission, name }] })
  }

  /**
   * Revokes a peer's access to a tree and returns the policy entry. The peer's entries that are here stay valid; its
   * later ones are void. What every peer may read, a revoked peer may still read. Throws UNKNOWN_TREE, and FORBIDDEN if
   * this node is not an admin of the tree.
   */
  revoke(tree: TreeId, peer: PeerId): Promise<VerifiedEntry> {
    return this.parts.author.revoke(tree, peer)
  }

  /** Sets what every peer may do in a tree and returns the policy entry. Throws UNKNOWN_TREE, and FORBIDDEN for no admin. */
  setPublicAccess(tree: TreeId, publicAccess: PublicAccess): Promise<VerifiedEntry> {
    return this.parts.author.changePolicy(tree, { publicAccess })
  }

  /** Returns a tree's tips in ascending order of id; empty if the tree is not here. */
  tips(tree: TreeId): Promise<readonly EntryId[]> {
    return this.store.tips(tree)
  }

  /** Yields a tree's entries in pages, parents first; those that are void only with `options.void`. Throws UNKNOWN_TREE. */
  entries(tree: TreeId, options: { void?: boolean } = {}): AsyncGenerator<StoredEntry[]> {
    return options.void ? this.store.scan(tree) : scanInEffect(this.store, tree)
  }

  /**
   * Returns a ticket for a tree: its id, this node's PeerId and the addresses at which other networks reach it now; if
   * there are none (see `reach.problem`), all. By itself a ticket grants no access. Throws UNKNOWN_TREE, and NOT_STARTED
   * if the node does not listen.
   */
  createTicket(tree: TreeId, options: TicketOptions = {}): string {
    if (this.store.tree(tree) === undefined) throw unknownTree(tree)
    const { peer, peers, reach } = this
    return issueTicket({ peer, peers, reach, links: this.status() }, tree, options)
  }

  /**
   * Returns a ticket with a one-time invitation: the first peer that joins with it is granted `permission`, READ or
   * WRITE, without a request, within `limits.invitationTtlMs` (a week). Throws what `createTicket` throws,
   * INVALID_ARGUMENT for another permission, FORBIDDEN if this node is not an admin of the tree, and LIMIT_EXCEEDED if
   * `limits.invitations` are unused.
   */
  async invite(tree: TreeId, permission: Permission, options: TicketOptions = {}): Promise<string> {
    this.createTicket(tree)
    const invitation = bytesToHex(await this.requests.invite(tree, permission))
    return this.createTicket(tree, { ...options, invitation })
  }

  /**
   * Joins a tree by a ticket: links the tree with the ticket's issuer and asks it for access. Returns how the join
   * stands after the first answer. While it is pending the node keeps asking, across restarts, and emits `join` when
   * the standing changes; once access is granted, the tree syncs. An issuer that cannot be reached is not an error, but
   * is reported in the standing. Throws INVALID_ARGUMENT for a malformed ticket, LIMIT_EXCEEDED past `limits.joins`,
   * `limits.links` or `limits.peers`, and UNREACHABLE or another dial error if the ticket does not name its issuer and
   * no address answers.
   */
  join(ticket: string, options: JoinOptions = {}): Promise<JoinStanding> {
    return this.parts.joining.join(ticket, options)
  }

  /**
   * Syncs a tree with a peer once, in both directions. `remote` is an address or a ticket. With a ticket, `tree` may be
   * undefined, and only peers that the ticket names are accepted. If the node lacks at least `limits.gatherEntries`
   * entries and knows several peers that have the tree, it takes them from all of these in parallel. Emits `sync` on
   * success. Throws INVALID_ARGUMENT without a tree or with a ticket for another tree, UNREACHABLE, TIMEOUT or
   * DISCONNECTED if the connection fails, WRONG_PEER, UNKNOWN_TREE if the peer has no such tree or does not show it to
   * this node, PROTOCOL if the peer sends something invalid, CANCELLED, and CLOSED. A session that fails keeps the
   * entries it has stored.
   */
  sync(tree: TreeId | undefined, remote: string, options: SyncOptions = {}): Promise<SyncResult> {
    if (this.closing !== undefined)
      return Promise.reject(
        new CausewayError('CLOSED', 'The node is closed or closing: open it again with `createNode`.'),
      )
    return this.parts.sessions.run(tree, remote, options)
  }

  /**
   * Adds a peer to the peer book, or a name and addresses to a known peer, and returns its record. If `peer` is
   * undefined, dials `details.addresses` to learn the PeerId. Throws INVALID_ARGUMENT if the peer is this node itself
   * or there is nothing to dial, LIMIT_EXCEEDED past `limits.peers`, `limits.dialAddresses` or `limits.nameBytes`,
   * BAD_ADDRESS, and UNREACHABLE or another dial error if no address answers.
   */
  async addPeer(
    peer: PeerId | undefined,
    details: { name?: string; addresses?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<PeerEntry> {
    const known = peer ?? (await this.parts.dialler.whoIs(details.addresses ?? [], signal))
    expectOther(known, this.peer)
    const entry = await this.peers.add(known, details)
    await this.links.welcome(known)
    this.parts.joining.onContact(known)
    return entry
  }

  /** Removes a peer and its links; none is made automatically again until `addPeer`. Throws UNKNOWN_PEER. */
  removePeer(peer: PeerId): Promise<void> {
    return this.parts.dispatcher.removePeer(peer)
  }

  /** Closes a blocked peer's connections and neither dials nor serves it, until `blocked` is false. Throws UNKNOWN_PEER. */
  async blockPeer(peer: PeerId, blocked = true): Promise<void> {
    await this.parts.dispatcher.blockPeer(peer, blocked)
    if (blocked) this.parts.serving.cut(peer)
  }

  /**
   * Links a tree with a peer: keeps both in sync from now on, across restarts. `what` is a ticket, whose issuer is
   * added to the peer book, or a tree and a known peer. Changes the settings of a link that exists; settings that are
   * left out stay as they are, or take their defaults in a new link. Throws INVALID_ARGUMENT for a malformed ticket or
   * setting, UNKNOWN_PEER if the peer is not in the peer book, LIMIT_EXCEEDED past `limits.links`, and UNREACHABLE or
   * another dial error if the ticket does not name its issuer and no address answers.
   */
  async link(
    what: string | { readonly tree: TreeId; readonly peer: PeerId },
    settings?: Partial<LinkSettings>,
    signal?: AbortSignal,
  ): Promise<LinkStatus> {
    if (typeof what !== 'string') return this.parts.dispatcher.link(what.tree, what.peer, settings)
    const { tree, peer, addresses } = parseTicket(what)
    const entry = await this.addPeer(peer, { addresses }, signal)
    return this.parts.dispatcher.link(tree, entry.peer, settings)
  }

  /** Removes a link and a pending join, until `link`. The tree stays. Returns false if there was no such link. */
  unlink(tree: TreeId, peer: PeerId): Promise<boolean> {
    return this.parts.dispatcher.unlink(tree, peer)
  }

  /**
   * Removes a tree with all that this node keeps about it, and returns how many entries it had. It comes back only by
   * `link`, `join`, `sync` or an import. Throws UNKNOWN_TREE; CANCELLED if the signal fires before the removal begins.
   */
  removeTree(tree: TreeId, { signal }: { signal?: AbortSignal } = {}): Promise<number> {
    return this.store.removals.remove(tree, undefined, signal)
  }

  /** Returns the trees that are linked with a peer. */
  linkedTrees(peer: PeerId): TreeId[] {
    return this.links.ofPeer(peer).map(({ tree }) => tree)
  }

  /** Returns the status of every link, ordered by tree and peer. The event `status` reports changes. */
  status(): LinkStatus[] {
    return this.parts.dispatcher.status()
  }

  /**
   * Delivers now what linked peers still lack. Returns the links that are still undelivered after `timeoutMs`
   * milliseconds, by default `limits.flushTimeoutMs`, or that cannot be delivered now. Starts the background work of a
   * node that was created without it, except its pending joins. Throws CANCELLED if the signal fires.
   */
  flush(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<LinkStatus[]> {
    return this.parts.dispatcher.flush(options)
  }

  /**
   * Reads, hashes and verifies all entries of a tree, the records about them, and the chunks of blobs. Returns how many
   * it checked, and at most `limits.auditProblems` problems. `onProgress` gets both counts. Throws UNKNOWN_TREE, and CANCELLED if the signal fires.
   */
  verify(tree: TreeId, options: AuditOptions = {}): Promise<AuditResult> {
    return verifyTree(this.store, this.parts.chunks, tree, options)
  }

  /**
   * Repairs a tree, or all trees and then the store itself: checks it, and if it has problems, keeps the entries that are
   * whole together with all of their ancestors, makes every other record anew, and lets the tree's links fetch the rest.
   * Yields the result of each tree. Throws UNKNOWN_TREE; after CLOSED or STORE_FULL the next repair goes on.
   */
  async *repair(tree?: TreeId, options: RepairOptions = {}): AsyncGenerator<TreeRepair> {
    if (tree === undefined) yield* repairStore(this.store, options)
    else yield await repairTree(this.store, tree, options)
  }

  /**
   * Yields a backup of all trees or some, with peers and links: bytes of a CAR file, of the moment of the first `next`,
   * for `restoreData`. The last part names the trees that are damaged and not whole in it. Throws UNKNOWN_TREE.
   */
  backup(options: BackupOptions = {}): AsyncGenerator<BackupPart> {
    return this.parts.backup(options)
  }

  /**
   * Returns what is known to be damaged in the store and was not repaired since, in words for people. With a `tree`, that
   * tree is set aside: what reads or writes it throws STORE_CORRUPT. Everything else goes on.
   */
  damage(): { readonly tree?: TreeId; readonly message: string }[] {
    return this.store.notes.list().map(({ tree, message }) => ({ ...(tree && { tree }), message }))
  }

  /** Refuses new calls, lets the running ones finish within `graceMs`, and closes everything. Idempotent. */
  close(graceMs: number = limits.drainTimeoutMs): Promise<void> {
    this.closing ??= shutDown(this.parts, this.store, graceMs)
    return this.closing
  }

  /** Closes the node, for `await using`. */
  readonly [Symbol.asyncDispose] = (): Promise<void> => this.close()
}

guardMethods(Node.prototype, nodeMethods, throwingMethods)
