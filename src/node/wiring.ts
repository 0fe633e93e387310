/**
 * The composition root: builds the parts of a node, each from those before it, and gives them the few callbacks that
 * lead back to the node. Transport, rpc and dispatcher, which do not know each other, meet here.
 */
import type { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { NamedPeers } from '../access/named-peers.ts'
import { rightsOf } from '../access/rights.ts'
import { RightsGuard } from '../access/rights-guard.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { parseAllowedOrigin, parseHost } from '../base/hosts.ts'
import { plainEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import { Dispatcher } from '../dispatcher/dispatcher.ts'
import { Outbox } from '../dispatcher/outbox.ts'
import { AddressRecords } from '../peer/address-records.ts'
import { PeerBook } from '../peer/book.ts'
import { LastEqual } from '../peer/last-equal.ts'
import { Links } from '../peer/links.ts'
import { Access } from '../rpc/auth/authorize.ts'
import type { AllowedNames } from '../rpc/server/web/browsers.ts'
import type { StoreCalls } from '../state/api/calls.ts'
import { localCalls } from '../state/api/local-calls.ts'
import { Blobs } from '../state/blobs/blobs.ts'
import { Texts } from '../state/text/texts.ts'
import { Views } from '../state/view.ts'
import { StateWriter } from '../state/writer.ts'
import { Author } from '../store/author/author.ts'
import { type ChunkBytes, ChunkValues, openChunkFolder } from '../store/chunks/chunk-bytes.ts'
import { Chunks } from '../store/chunks/chunks.ts'
import { callListener } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Quota } from '../store/quota.ts'
import { DagStore } from '../store/store.ts'
import { Gatherings } from '../sync/ask/gatherings.ts'
import { Ingest } from '../sync/ingest.ts'
import type { TransportManager } from '../transport/manager.ts'
import { Admission } from './admission.ts'
import { type BackupOptions, type BackupPart, writeBackup } from './backup/write.ts'
import { BlobWork } from './blobs/blob-work.ts'
import { type ChangeOptions, makeChanges } from './changes.ts'
import type { Dialler } from './dialling/dialler.ts'
import { Doctor } from './doctor/doctor.ts'
import { metricsText } from './health.ts'
import { type AccessRecords, Joining, type JoiningParts, openAccessRecords } from './joining/joining.ts'
import { peerCalls, wantedTrees } from './joining/peer-calls.ts'
import { type Membership, membershipOf } from './members/membership.ts'
import type { NodeEvents, NodeOptions } from './options.ts'
import { PageSessions } from './page/sessions.ts'
import { openPairing } from './pairing/open.ts'
import type { Pairing } from './pairing/pairing.ts'
import type { AddressExchange } from './reach/exchange.ts'
import { type Finding, findingOf } from './reach/finding.ts'
import { KeptPorts } from './reach/kept-ports.ts'
import { openNetwork } from './reach/network.ts'
import { Wakes } from './reach/wakes.ts'
import { addServices, type Operations } from './services.ts'
import { Serving, type ServingParts } from './serving.ts'
import { Sessions } from './sessions.ts'
import { keepPorts } from './transports.ts'

/** The parts that keep their state in the database, with the key and the clock. */
export interface DurableParts {
  readonly store: DagStore
  readonly views: Views
  readonly blobs: Blobs
  readonly quota: Quota
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly named: NamedPeers
  readonly addressRecords: AddressRecords
  readonly admission: Admission
  readonly accessRecords: AccessRecords
  readonly identity: Identity
  readonly clock: Clock
  readonly ports: KeptPorts
  readonly pageSessions: PageSessions
}

/** Returns where chunks lie: beside the store in the data folder, or in a database of the caller's. */
async function chunkBytes(db: Database, { data, database }: NodeOptions): Promise<ChunkBytes> {
  if (data === undefined || database !== undefined) return new ChunkValues(db)
  return openChunkFolder(join(data, 'blobs'))
}

/** Opens these parts on a database. Throws STORE_CORRUPT. */
export async function openDurable(
  db: Database,
  identity: Identity,
  options: NodeOptions,
): Promise<DurableParts> {
  const { clock = systemClock } = options
  const store = await DagStore.open(db)
  const chunks = await Chunks.open(store, await chunkBytes(db, options), clock)
  const quota = await Quota.open(db, store, identity.peer, options.quota, chunks)
  const views = await Views.open(store, clock)
  const blobs = new Blobs({ views, chunks, quota })
  const [book, links] = await Promise.all([PeerBook.open(db, clock), Links.open(db)])
  const outbox = await Outbox.open(db, store, links, clock)
  const named = await NamedPeers.open(store)
  store.removals.addContributor((tree) => named.forgetting(tree))
  const admission = await Admission.open({ self: identity.peer, db, clock, book, named, options })
  const accessRecords = await openAccessRecords(db, identity, clock)
  const addressRecords = await AddressRecords.open(db, clock, (peer) => book.get(peer) !== undefined)
  const ports = await KeptPorts.read(options.data)
  const pageSessions = await PageSessions.open(db, clock)
  const parts = {
    ...{ store, views, blobs, quota, book, links, outbox, named, admission, accessRecords },
    ...{ identity, clock, ports, pageSessions, addressRecords },
  }
  await openRemovals(parts)
  return parts
}

/**
 * Lets each removal of a tree delete its links and marks, the requests, invitations and joins, and the hints of its last
 * equality, which a repair forgets too. Then goes on with the removals that have not ended, so that no link of such a tree is left when this
 * resolves. Called before anything runs that follows links.
 */
async function openRemovals({ store, book, links, outbox, accessRecords }: DurableParts): Promise<void> {
  const lastEqual = new LastEqual(store.db)
  const forgetEqual = (tree: TreeId) =>
    lastEqual.forget(
      tree,
      book.list().map(({ peer }) => peer),
    )
  store.repairs.onRepair({ end: forgetEqual })
  store.removals.onRemove(async (tree) => {
    await forgetEqual(tree)
    // Links go before their marks: while a link is there, a new page could mark it.
    await store.between(tree, () => links.removeTree(tree))
    await outbox.removeTree(tree)
    for (const records of Object.values(accessRecords)) await records.removeTree(tree)
  })
  await store.removals.resume()
}

/** The parts to which a node delegates its calls. */
export interface WiredParts {
  readonly author: Author
  readonly views: Views
  readonly calls: StoreCalls
  readonly texts: Texts
  readonly transports: TransportManager
  readonly dialler: Dialler
  readonly sessions: Sessions
  readonly dispatcher: Dispatcher
  readonly joining: Joining
  readonly serving: Serving
  readonly backup: (options: BackupOptions) => AsyncGenerator<BackupPart>
  readonly exchange: AddressExchange
  readonly finding: Finding
  readonly membership: Membership
  readonly wakes: Wakes
  readonly blobWork: BlobWork
  readonly chunks: Chunks
  readonly pairing: Pairing
  readonly change: (options: ChangeOptions) => string | undefined
}

/** What the parts call on the node itself: operations for the services, and events. */
export type Host = Operations &
  Pick<EventEmitter<NodeEvents>, 'emit' | 'listenerCount'> & {
    grant(tree: TreeId, peer: PeerId, permission: Permission, name?: string): Promise<unknown>
  }

/** Builds the parts of a node on its durable ones. Nothing dials or listens yet. */
export function wire(durable: DurableParts, options: NodeOptions, node: Host): WiredParts {
  const { store, views, blobs, book, links, outbox, admission, identity, clock, ports } = durable
  const { chunks } = blobs
  const author = new Author(store, identity, clock)
  const writer = new StateWriter(views, store, author, blobs)
  const texts = new Texts(views, { writer, clock, author: identity.peer })
  const [ingest, lastEqual] = [new Ingest(store), new LastEqual(store.db)]
  const syncing = { store, ingest, clock, lastEqual, gatherings: new Gatherings({ store, ingest, clock }) }
  const rights = rightsOf(store, durable.named)
  const access = new Access(rights, (peer) => admission.throttle.vouch(peer))
  const guard = new RightsGuard(store, rights)
  const onNew = (peer: PeerId) => joining.onContact(peer)
  const network = openNetwork(durable, options, { guard, rights, onNew, ...reporting(node) })
  const { transports, exchange, dialler, clocks, members, own } = network
  const sessions = new Sessions({
    ...{ ...syncing, dialler },
    linkedPeers: (tree) => links.ofTree(tree).flatMap(({ peer }) => book.get(peer) ?? []),
    onResult: (result) => node.emit('sync', result),
  })
  const dispatcher = new Dispatcher({
    ...{ ...syncing, book, links, outbox, self: identity.peer, ...reporting(node) },
    memberCount: (tree) => durable.named.count(tree),
    withholdReason: (tree, peer) => guard.withholdReason(tree, peer),
    waitReason: (tree, peer) => joining.waitReason(tree, peer),
    offer: (connection, tree) => joining.offering.offer(connection, tree),
    connect: (peer, signal) =>
      membership.watching(peer, signal, finding.watching(dialler.connect(peer, signal))),
    onNews: (...args) => membership.ask(...args),
  })
  const joining: Joining = openJoining(durable, options, node, { rights, dispatcher, exchange, dialler })
  const blobWork = new BlobWork({
    ...{ blobs, links, book, guard, dialler, clock },
    onError: (error) => node.emit('problem', error, 'blobs'),
  })
  const { fetcher } = blobWork
  const doctor = new Doctor({ options, transports, store, clock, clocks, exchange, dispatcher, own })
  dispatcher.onStatus(({ tree }) => blobWork.linkChanged(tree))
  const calls = peerCalls(joining, exchange)
  const pairing = openPairing({ ...durable, ...network, ...calls, node, dispatcher })
  const services = {
    ...{ store, views, writer, texts, blobs, fetcher, ingest, author, access, identity, clock },
    ...{ chunks, quota: durable.quota, bindings: admission.bindings, apps: durable.accessRecords.apps },
    ...{ doctor, requests: joining.desk, ...calls, addresses: exchange, members },
    ...{ offering: joining.offering, pairing, wanted: wantedTrees(dispatcher), ...operating(options) },
  }
  const serving: Serving = new Serving({
    ...{ admission, clock, transports, data: options.data, pageSessions: durable.pageSessions },
    allowed: allowedNames(options),
    routes: (router, own) => addServices(router, { ...services, ...own }, node),
    onListening: () => keepPorts(transports, options, ports).then(() => finding.announce()),
    ...reporting(node),
    metrics: () => metricsOf(durable, { dispatcher, author, dialler, serving }),
  })
  const shared = { ...durable, ...network, ...reporting(node) }
  const finding: Finding = findingOf({ ...shared, calls, serving }, options)
  const membership: Membership = membershipOf({ ...shared, link: calls.onServed, dispatcher })
  listen(durable, dispatcher, node, serving)
  const local = localCalls({ views, writer, clock, texts, blobs, fetcher, peer: identity.peer })
  const parts = { author, views, texts, sessions, dispatcher, joining, blobWork, chunks, pairing }
  const upkept = upkeep(durable, { transports, exchange, dialler, dispatcher, finding })
  return { ...parts, ...upkept, calls: local, transports, exchange, finding, membership, dialler, serving }
}

/** Returns the metrics of a node. */
function metricsOf(
  { store, blobs, quota, book, admission, clock }: DurableParts,
  parts: Pick<WiredParts, 'dispatcher' | 'author' | 'dialler' | 'serving'>,
): Promise<string> {
  const { dispatcher, author, dialler, serving } = parts
  const connections = serving.connections().length + dialler.open.size
  return metricsText({
    ...{ store, chunks: blobs.chunks, quota, peers: book, dispatcher, author },
    ...{ throttle: admission.throttle, connections, nowMs: clock.now() },
  })
}

/** Builds what lets peers in and asks to be let in. */
function openJoining(
  { accessRecords, store, book, links, clock, identity }: DurableParts,
  options: NodeOptions,
  node: Host,
  parts: Pick<JoiningParts, 'rights' | 'dispatcher' | 'exchange'> & { readonly dialler: Dialler },
): Joining {
  return new Joining({
    ...{ ...accessRecords, ...parts, self: identity.peer, store, book, links, clock },
    autoLink: options.autoLink !== false,
    grant: (tree, peer, permission) => node.grant(tree, peer, permission, book.get(peer)?.name),
    addPeer: (...args) => node.addPeer(...args),
    ask: (...args) => parts.dialler.requestAccess(...args),
    onRequest: (request) => node.emit('request', request),
    onOffer: (offer) => node.emit('offer', offer),
    onJoin: (standing) => {
      // The peer knows this node only from now on, and has kept no address of a stranger.
      if (standing.status === 'granted') parts.dialler.tellAll()
      node.emit('join', standing)
    },
    onError: (error, where) => node.emit('problem', error, where),
  })
}

/** Returns the names and origins by which web pages may call. */
function allowedNames({ allowedHosts = [], corsOrigins = [] }: NodeOptions): AllowedNames {
  return { hosts: allowedHosts.map(parseHost), origins: corsOrigins.map(parseAllowedOrigin) }
}

/** Returns what the program that runs the node tells its operators. */
function operating({ log, settings }: NodeOptions): Pick<NodeOptions, 'log' | 'settings'> {
  return { ...(log && { log }), ...(settings && { settings }) }
}

/** Passes on what calls report to the node's own listeners. */
function reporting(node: Host): Pick<ServingParts, 'onError' | 'onCall'> {
  return {
    onError: (error, where) => node.emit('problem', error, where),
    // A listener that throws must not fail the call.
    onCall: (report) => callListener(() => node.emit('call', report)),
  }
}

/** Passes on what the parts of a node report, to the dispatcher and to the node's own listeners. */
function listen(
  { admission, store }: DurableParts,
  dispatcher: Dispatcher,
  node: Host,
  serving: Serving,
): void {
  dispatcher.counters.onSession = (seconds, succeeded) => serving.countSession(seconds, succeeded)
  admission.twins.onTwin((error) => node.emit('problem', error, 'calls'))
  store.onDamage((error) => node.emit('problem', error, 'the store'))
  store.repairs.onRepair({ after: async (tree) => dispatcher.treeRepaired(tree) })
  store.removals.onRemove(async (tree) => dispatcher.treeRemoved(tree))
  dispatcher.onStatus((status) => node.emit('status', status))
  store.subscribe((tree, _, __, inEffect) => {
    // Nobody pays for decoding what nobody listens to.
    if (node.listenerCount('entries') > 0) node.emit('entries', tree, inEffect.map(plainEntry))
  })
}

/** What operators and the machine do with a running node: back it up, change its settings, and let it sleep. */
function upkeep(
  durable: DurableParts,
  {
    transports,
    exchange,
    dialler,
    dispatcher,
    finding,
  }: Pick<WiredParts, 'transports' | 'exchange' | 'dialler' | 'dispatcher' | 'finding'>,
): Pick<WiredParts, 'backup' | 'change' | 'wakes'> {
  const { store, blobs, identity, clock, admission, quota } = durable
  const source = { peer: identity.peer, store, db: store.db, chunks: blobs.chunks, now: () => clock.now() }
  const onWake = () => {
    exchange.look()
    dialler.checkAll()
    dispatcher.networkChanged()
    finding.announce()
  }
  return {
    backup: (options) => writeBackup(source, options),
    change: (options) => makeChanges({ admission, quota, transports }, options),
    wakes: new Wakes({ clock, onWake }),
  }
}

/** Starts what goes on without being called: joins, and the views of trees. Links begin with the first of their events. */
export function startBackground({ joining, views, exchange, finding, wakes, blobWork }: WiredParts): void {
  joining.start()
  exchange.start()
  finding.start()
  wakes.start()
  views.start()
  blobWork.start()
}

/**
 * Ends the work of all parts: refuses new calls, lets the running ones finish within `graceMs` milliseconds, closes the
 * connections, and last the store.
 */
export async function shutDown(parts: WiredParts, store: DagStore, graceMs: number): Promise<void> {
  const { serving, joining, dispatcher, sessions, dialler, transports } = parts
  parts.exchange.stop()
  parts.finding.stop()
  parts.membership.close()
  parts.wakes.stop()
  parts.pairing.close()
  try {
    await parts.texts.close()
    const drained = serving.drain(graceMs)
    await parts.blobWork.close()
    await Promise.all([joining.close(), dispatcher.close(graceMs), sessions.finish(graceMs)])
    dialler.close()
    await drained
    await transports.close()
  } finally {
    await parts.views.close()
    await store.close()
  }
}
