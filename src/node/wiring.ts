/**
 * The composition root: builds the parts of a node, each from those before it, and gives them the few callbacks that
 * lead back to the node. Transport, rpc and dispatcher, which do not know each other, meet here.
 */
import type { EventEmitter } from 'node:events'
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { NamedPeers } from '../access/named-peers.ts'
import { rightsOf } from '../access/rights.ts'
import { RightsGuard } from '../access/rights-guard.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { parseHost, parseOrigin } from '../base/hosts.ts'
import type { TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import { Dispatcher } from '../dispatcher/dispatcher.ts'
import { Outbox } from '../dispatcher/outbox.ts'
import { PeerBook } from '../peer/book.ts'
import { LastEqual } from '../peer/last-equal.ts'
import { Links } from '../peer/links.ts'
import { Access } from '../rpc/auth/authorize.ts'
import { localCalls, type StoreCalls } from '../state/api/calls.ts'
import { Texts } from '../state/text/texts.ts'
import { Views } from '../state/view.ts'
import { StateWriter } from '../state/writer.ts'
import { Author } from '../store/author/author.ts'
import type { Database } from '../store/database/open.ts'
import { Quota } from '../store/quota.ts'
import { DagStore } from '../store/store.ts'
import { Ingest } from '../sync/ingest.ts'
import type { TransportManager } from '../transport/manager.ts'
import { Admission } from './admission.ts'
import { Dialler } from './dialling/dialler.ts'
import { metricsText } from './health.ts'
import { type AccessRecords, Joining, openAccessRecords } from './joining/joining.ts'
import type { NodeEvents, NodeOptions } from './options.ts'
import { addServices, type Operations } from './services.ts'
import { Serving } from './serving.ts'
import { Sessions } from './sessions.ts'
import { createTransports } from './transports.ts'

/** The parts that keep their state in the database, with the key and the clock. */
export interface DurableParts {
  readonly store: DagStore
  readonly views: Views
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly named: NamedPeers
  readonly admission: Admission
  readonly accessRecords: AccessRecords
  readonly identity: Identity
  readonly clock: Clock
}

/** Opens these parts on a database. Throws STORE_CORRUPT. */
export async function openDurable(
  db: Database,
  identity: Identity,
  options: NodeOptions,
): Promise<DurableParts> {
  const { clock = systemClock, quota } = options
  const store = await DagStore.open(db)
  await Quota.open(db, store, identity.peer, quota)
  const views = await Views.open(store, clock)
  const [book, links] = await Promise.all([PeerBook.open(db, clock), Links.open(db)])
  const outbox = await Outbox.open(db, store, links, clock)
  const named = await NamedPeers.open(store)
  store.removals.addContributor((tree) => named.forgetting(tree))
  const admission = await Admission.open({ self: identity.peer, db, clock, book, named, options })
  const accessRecords = await openAccessRecords(db, identity, clock)
  const parts = { store, views, book, links, outbox, named, admission, accessRecords, identity, clock }
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
}

/** What the parts call on the node itself: operations for the services, and events. */
export type Host = Operations &
  Pick<EventEmitter<NodeEvents>, 'emit'> & {
    grant(tree: TreeId, peer: PeerId, permission: Permission, name?: string): Promise<unknown>
  }

/** Builds the parts of a node on its durable ones. Nothing dials or listens yet. */
export function wire(durable: DurableParts, options: NodeOptions, node: Host): WiredParts {
  const { store, views, book, links, outbox, admission, identity, clock } = durable
  const author = new Author(store, identity, clock)
  const writer = new StateWriter(views, store, author)
  const texts = new Texts(views, { writer, clock, author: identity.peer })
  const ingest = new Ingest(store)
  const lastEqual = new LastEqual(store.db)
  const rights = rightsOf(store, durable.named)
  const access = new Access(rights, (peer) => admission.throttle.vouch(peer))
  const transports = createTransports(options, identity, clock, admission)
  const guard = new RightsGuard(store, rights)
  const dialler = new Dialler({ transports, book, clock, identity, guard })
  const sessions = new Sessions({
    ...{ store, ingest, clock, lastEqual, dialler },
    linkedPeers: (tree) => links.ofTree(tree).flatMap(({ peer }) => book.get(peer) ?? []),
    onResult: (result) => node.emit('sync', result),
  })
  const dispatcher = new Dispatcher({
    ...{ store, book, links, outbox, clock, ingest, lastEqual },
    withholdReason: (tree, peer) => guard.withholdReason(tree, peer),
    waitReason: (tree, peer) => joining.waitReason(tree, peer),
    connect: (peer, signal) => dialler.connect(peer, signal),
  })
  const joining: Joining = new Joining({
    ...{ ...durable.accessRecords, self: identity.peer, store, book, links, clock, rights, dispatcher },
    autoLink: options.autoLink !== false,
    grant: (tree, peer, permission) => node.grant(tree, peer, permission, book.get(peer)?.name),
    addPeer: (...args) => node.addPeer(...args),
    ask: (...args) => dialler.requestAccess(...args),
    onRequest: (request) => node.emit('request', request),
    onJoin: (standing) => node.emit('join', standing),
    onError: (error, where) => node.emit('problem', error, where),
  })
  const services = {
    ...{ store, views, writer, texts, ingest, author, access, identity, clock, bindings: admission.bindings },
    ...{ requests: joining.desk, ...joining.calls },
  }
  const serving: Serving = new Serving({
    ...{ admission, clock, transports, data: options.data },
    allowed: {
      hosts: (options.allowedHosts ?? []).map(parseHost),
      origins: (options.corsOrigins ?? []).map(parseOrigin),
    },
    routes: (router) => addServices(router, services, node),
    onError: (error, where) => node.emit('problem', error, where),
    metrics: () => {
      const connections = serving.connections().length + dialler.open.size
      return metricsText({ store, peers: book, dispatcher, connections, nowMs: clock.now() })
    },
  })
  store.onDamage((error) => node.emit('problem', error, 'the store'))
  store.repairs.onRepair({ after: async (tree) => dispatcher.treeRepaired(tree) })
  store.removals.onRemove(async (tree) => dispatcher.treeRemoved(tree))
  dispatcher.onStatus((status) => node.emit('status', status))
  store.subscribe((tree, _, __, inEffect) => node.emit('entries', tree, inEffect))
  const calls = localCalls({ views, writer, clock, texts })
  return { author, views, calls, texts, transports, dialler, sessions, dispatcher, joining, serving }
}

/** Starts what goes on without being called: joins, and the views of trees. Links begin with the first of their events. */
export function startBackground({ joining, views }: WiredParts): void {
  joining.start()
  views.start()
}

/**
 * Ends the work of all parts: refuses new calls, lets the running ones finish within `graceMs` milliseconds, closes the
 * connections, and last the store.
 */
export async function shutDown(parts: WiredParts, store: DagStore, graceMs: number): Promise<void> {
  const { serving, joining, dispatcher, sessions, dialler, transports } = parts
  try {
    await parts.texts.close()
    const drained = serving.drain(graceMs)
    await Promise.all([joining.close(), dispatcher.close(graceMs), sessions.finish(graceMs)])
    dialler.close()
    await drained
    await transports.close()
  } finally {
    await parts.views.close()
    await store.close()
  }
}
