/**
 * Dispatchers in one process and in virtual time. Each lab node has a store in memory and a dispatcher that connects
 * directly to the stores of the other nodes; a test cuts these connections, makes their calls fail, and counts the
 * calls. Nothing sleeps.
 */
import { randomFill } from 'node:crypto'
import { cancelled } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { Identity, PeerId } from '../../src/dag/identity.ts'
import type { PeerConnection } from '../../src/dispatcher/connection.ts'
import { Dispatcher } from '../../src/dispatcher/dispatcher.ts'
import { Outbox } from '../../src/dispatcher/outbox.ts'
import { PeerBook } from '../../src/peer/book.ts'
import { LastEqual } from '../../src/peer/last-equal.ts'
import { Links } from '../../src/peer/links.ts'
import { Author } from '../../src/store/author/author.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import type { WatchedTree } from '../../src/sync/answer/tree-watch.ts'
import { serveWatch, type WatchMessage } from '../../src/sync/answer/watch.ts'
import { Gatherings } from '../../src/sync/ask/gatherings.ts'
import { Ingest } from '../../src/sync/ingest.ts'
import type { Remote } from '../../src/sync/remote.ts'
import { testIdentity } from '../kit/entries.ts'
import { LocalRemote, type RemoteHooks } from '../kit/local-remote.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

/** After this many turns without activity, nothing more happens until time moves on. */
const quietTurns = 24

/** Virtual time that also waits for the thread pool, which verifies signatures. */
export class LabClock extends VirtualClock {
  /** Calls, pages and timers so far; it grows while something happens. */
  activity = 0
  /** Pages that are verified and stored now: real work, which may take long on a busy machine. */
  pages = 0

  constructor(seed = 1) {
    super({ seed })
  }

  override setTimer(delayMs: number, run: () => void): () => void {
    this.activity++
    return super.setTimer(delayMs, run)
  }

  override async settle(): Promise<void> {
    let seen = this.activity
    for (let quiet = 0; this.pages > 0 || quiet < quietTurns; quiet++) {
      await new Promise((resolve) => randomFill(new Uint8Array(1), resolve))
      await new Promise((resolve) => setImmediate(resolve))
      if (this.activity !== seen) quiet = 0
      seen = this.activity
    }
  }

  /** Advances until the condition holds. Returns how long that took. Fails after `limitMs`. */
  async until(condition: () => boolean, limitMs = 600_000): Promise<number> {
    const start = this.monotonic()
    await this.runUntil(condition, limitMs)
    return this.monotonic() - start
  }
}

/** How a lab node can be reached. */
export interface Reach {
  /**
   * `refused`: dials fail; `silent`: dials neither succeed nor fail; `stuck`: dials succeed, but no call is answered.
   */
  state: 'up' | 'refused' | 'silent' | 'stuck'
  /** Changes calls, or makes them fail. */
  hooks?: RemoteHooks
  /** False: the node does not implement Watch. */
  watch?: boolean
  /** Watches send nothing, not even signs of life; all other calls are answered. */
  muted?: boolean
  /** A connection reports its end this much later than its calls fail. */
  lateEndMs?: number
  /** Thrown by every call. */
  error?: CausewayError
}

export class Lab {
  readonly clock: LabClock
  readonly nodes: LabNode[] = []
  private readonly reaches = new Map<PeerId, Reach>()

  constructor(seed = 1) {
    this.clock = new LabClock(seed)
  }

  /** Opens a node that has these entries. */
  async node(...entries: VerifiedEntry[]): Promise<LabNode> {
    const node = new LabNode(this, testIdentity(100 + this.nodes.length), await openMemory())
    this.nodes.push(node)
    this.reaches.set(node.peer, { state: 'up' })
    await node.open()
    if (entries.length > 0) await node.store.append(entries[0]!.tree, entries)
    return node
  }

  reach(node: LabNode | PeerId): Reach {
    const peer = typeof node === 'string' ? node : node.peer
    let reach = this.reaches.get(peer)
    if (reach === undefined) {
      reach = { state: 'refused' }
      this.reaches.set(peer, reach)
    }
    return reach
  }

  nodeOf(peer: PeerId): LabNode | undefined {
    return this.nodes.find((node) => node.peer === peer)
  }

  /** Sets how a node can be reached; `refused` also cuts its connections. */
  set(node: LabNode | PeerId, state: Reach['state']): void {
    this.reach(node).state = state
    const peer = typeof node === 'string' ? node : node.peer
    if (state === 'refused')
      for (const each of this.nodes)
        for (const connection of each.connections)
          if (connection.peer === peer || each.peer === peer)
            connection.end(new CausewayError('DISCONNECTED', 'The lab cut the connection.'))
  }

  async close(): Promise<void> {
    for (const node of this.nodes) if (node.opened) await node.close(0)
  }
}

export class LabNode {
  readonly peer: PeerId
  db: Database
  store!: DagStore
  ingest!: Ingest
  author!: Author
  book!: PeerBook
  links!: Links
  outbox!: Outbox
  dispatcher!: Dispatcher
  opened = false
  readonly connections = new Set<LabConnection>()
  /** The remote of each connection that this node dialled, latest last: they count the calls. */
  readonly remotes: LocalRemote[] = []
  dials = 0
  /** Calls to Watch. */
  watches = 0
  private readonly lab: Lab
  private readonly identity: Identity

  constructor(lab: Lab, identity: Identity, db: Database) {
    this.lab = lab
    this.identity = identity
    this.peer = identity.peer
    this.db = db
  }

  get clock(): LabClock {
    return this.lab.clock
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0)
  }

  async open(background = true): Promise<void> {
    if (this.db.status !== 'open') await this.db.open()
    const { clock } = this
    this.store = await DagStore.open(this.db)
    this.ingest = new LabIngest(this.store, clock)
    this.author = new Author(this.store, this.identity, clock)
    this.book = await PeerBook.open(this.db, clock)
    this.links = await Links.open(this.db)
    this.outbox = await Outbox.open(this.db, this.store, this.links, clock)
    this.store.subscribe(() => clock.activity++)
    const { store, ingest, book, links, outbox } = this
    const connect = (peer: PeerId, signal: AbortSignal) => this.connect(peer, signal)
    this.dispatcher = new Dispatcher({
      self: this.peer,
      store,
      ingest,
      gatherings: new Gatherings({ store, ingest, clock }),
      clock,
      book,
      links,
      outbox,
      lastEqual: new LastEqual(this.db),
      withholdReason: async () => undefined,
      waitReason: () => undefined,
      connect,
    })
    if (background) this.dispatcher.start()
    this.opened = true
  }

  /** Stops, and starts again with its key and an empty store. */
  async lose(): Promise<void> {
    await this.close(0)
    this.db = await openMemory()
    await this.open()
  }

  async close(graceMs: number): Promise<void> {
    this.opened = false
    const closing = this.dispatcher.close(graceMs)
    await this.clock.runUntil(closing)
    for (const connection of this.connections) connection.close()
    for (const node of this.lab.nodes)
      for (const connection of node.connections)
        if (connection.peer === this.peer)
          connection.end(new CausewayError('DISCONNECTED', 'It has stopped.'))
    await this.clock.settle()
    await this.store.close()
  }

  /** Links a tree with a node, or with a peer that does not exist. */
  async link(tree: TreeId, node: LabNode | PeerId, settings = {}) {
    const peer = typeof node === 'string' ? node : node.peer
    await this.book.add(peer, { addresses: [`lab:${peer.slice(0, 8)}`] })
    return this.dispatcher.link(tree, peer, settings)
  }

  /** Links a tree with a node as the node does by itself. */
  async meet(tree: TreeId, node: LabNode): Promise<void> {
    await this.book.add(node.peer, { addresses: [`lab:${node.peer.slice(0, 8)}`] })
    await this.dispatcher.linkIf(tree, node.peer, () => true)
  }

  async commit(tree: TreeId, text: string): Promise<VerifiedEntry> {
    const payload = new TextEncoder().encode(text)
    return this.author.commit(tree, [{ store: 'log', kind: 'add', payload }])
  }

  status(tree: TreeId, node: LabNode | PeerId) {
    const peer = typeof node === 'string' ? node : node.peer
    return this.dispatcher.status().find((status) => status.tree === tree && status.peer === peer)!
  }

  private async connect(peer: PeerId, signal: AbortSignal): Promise<PeerConnection> {
    this.dials++
    const reach = this.lab.reach(peer)
    const target = this.lab.nodeOf(peer)
    if (reach.state === 'silent') await aborted(signal)
    if (reach.state === 'refused' || target === undefined || !target.opened)
      throw new CausewayError('UNREACHABLE', 'The lab refused the connection.')
    const connection = new LabConnection(this, target, reach)
    this.connections.add(connection)
    connection.onEnd(() => this.connections.delete(connection))
    return connection
  }
}

/** Reports its pages to the clock. */
class LabIngest extends Ingest {
  private readonly clock: LabClock

  constructor(store: DagStore, clock: LabClock) {
    super(store)
    this.clock = clock
  }

  override async page(...page: Parameters<Ingest['page']>): ReturnType<Ingest['page']> {
    this.clock.pages++
    try {
      return await super.page(...page)
    } finally {
      this.clock.pages--
      this.clock.activity++
    }
  }
}

export class LabConnection implements PeerConnection {
  readonly peer: PeerId
  readonly address: string
  readonly remote: Remote
  endReason: CausewayError | undefined
  private readonly from: LabNode
  private readonly target: LabNode
  private readonly reach: Reach
  private readonly listeners: (() => void)[] = []
  private readonly ending = new AbortController()

  constructor(from: LabNode, target: LabNode, reach: Reach) {
    this.from = from
    this.peer = target.peer
    this.address = `lab:${target.peer.slice(0, 8)}`
    this.target = target
    this.reach = reach
    const local = new LocalRemote(target, reach.hooks)
    from.remotes.push(local)
    this.remote = {
      syncTree: (request, options) =>
        this.call(options?.signal, async () => {
          const sequence = target.store.tree(request.tree)?.sequence ?? 0
          const answer = await local.syncTree(request, options)
          if (answer.header.status === 'equal')
            await target.dispatcher.confirmEqual(request.tree, from.peer, sequence)
          return answer
        }),
      sendEntries: (tree, entries, options) =>
        this.call(options?.signal, async () => {
          if (target.store.tree(tree) === undefined)
            throw new CausewayError('UNKNOWN_TREE', 'The tree is not here.')
          return local.sendEntries(tree, entries, options)
        }),
    }
  }

  private async call<Result>(signal: AbortSignal | undefined, run: () => Promise<Result>): Promise<Result> {
    if (this.endReason !== undefined) throw this.endReason
    if (this.reach.error !== undefined) throw this.reach.error
    const given = signal === undefined ? this.ending.signal : AbortSignal.any([signal, this.ending.signal])
    this.from.clock.activity++
    if (this.reach.state === 'stuck') await aborted(given)
    try {
      return await Promise.race([run(), aborted(given)])
    } finally {
      this.from.clock.activity++
    }
  }

  async *watch(trees: readonly WatchedTree[], signal: AbortSignal): AsyncGenerator<WatchMessage> {
    this.from.watches++
    if (this.reach.watch === false) throw new CausewayError('UNIMPLEMENTED', 'There is no Watch here.')
    if (this.reach.error !== undefined) throw this.reach.error
    const both = AbortSignal.any([signal, this.ending.signal])
    if (this.reach.state === 'stuck' || this.reach.muted) await aborted(both)
    const { store, clock, dispatcher } = this.target
    const ends = trees.map(({ tree }) => dispatcher.watchedBy(tree, this.from.peer))
    try {
      yield* serveWatch(
        {
          store,
          clock,
          mayRead: async () => true,
          onEqual: (tree, sequence) => dispatcher.confirmEqual(tree, this.from.peer, sequence),
          neighbours: {
            admit: async (tree, urgent) => dispatcher.mesh.admit(tree, this.from.peer, urgent),
            holds: (tree) => dispatcher.mesh.holds(tree, this.from.peer),
            onDrop: (listener) => dispatcher.mesh.onDrop(listener),
            select: (tree, entries, kind) => dispatcher.spreading.select(tree, this.from.peer, entries, kind),
          },
        },
        trees,
        both,
      )
    } finally {
      for (const end of ends) end()
    }
    throw cancelled(both)
  }

  onEnd(listener: () => void): void {
    if (this.endReason !== undefined) queueMicrotask(listener)
    else this.listeners.push(listener)
  }

  end(reason: CausewayError): void {
    if (this.endReason !== undefined) return
    this.endReason = reason
    this.ending.abort(reason)
    const { lateEndMs } = this.reach
    for (const listener of this.listeners)
      if (lateEndMs === undefined) queueMicrotask(listener)
      else this.from.clock.setTimer(lateEndMs, listener)
  }

  close(): void {
    this.end(new CausewayError('CLOSED', 'It was closed here.'))
  }
}

/** Rejects when the signal fires. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(cancelled(signal))
    else signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true })
  })
}
