/**
 * A node in its own process, controlled by its parent over IPC: it opens a folder, listens, syncs and commits, and
 * reports what this cost. Run it compiled and not through tsx, whose transformation slows down closures on hot paths.
 */

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../src/base/clock.ts'
import type { TreeId } from '../src/dag/id.ts'
import { createIdentity, type PeerId } from '../src/dag/identity.ts'
import '../src/cli/heap.ts'
import { limits } from '../src/base/limits.ts'
import { createNode, type Node } from '../src/node/node.ts'
import type { NodeOptions } from '../src/node/options.ts'
import { parseTicket } from '../src/peer/ticket.ts'
import { RpcConnection } from '../src/rpc/client/connection.ts'
import { createRemote } from '../src/rpc/client/remote.ts'
import { packedBytes } from '../src/rpc/packed.ts'
import type { Database } from '../src/store/database/open.ts'
import { copyHashed, getFile, putFile, writeRandom } from './blob-measure.ts'
import { measureCommits } from './commits-bare.ts'
import { type FloodOptions, flood } from './flooder.ts'
import { measureFloor } from './floor.ts'
import { Ages, agesOf, hearBare, paced, serveBare } from './latency.ts'
import { type Memory, MemoryMeter, settledMemory } from './memory.ts'
import { readRaw, serveRaw } from './raw.ts'
import { buildEntries, loadShape } from './shape.ts'
import { buildPuts, completeView, type PutKind, stateCommands } from './state-measure.ts'
import { storeEntries } from './store-entries.ts'
import { measureTracedCalls } from './traced-calls.ts'

/** The options with which a node serves over each transport. */
export const transports = {
  http: (): NodeOptions => ({ http: { host: '127.0.0.1', port: 0 } }),
  quic: (): NodeOptions => ({ quic: { listen: true, bind: '127.0.0.1:0', relay: 'off' } }),
}
export type TransportName = keyof typeof transports

/** Commits at an even pace. */
interface Paced {
  readonly tree: string
  readonly count: number
  readonly perSecond: number
}

/** The cost of a sync at the asking side. */
export interface SyncCost {
  readonly received: number
  readonly sent: number
  readonly bytes: number
  readonly roundTrips: number
  readonly seconds: number
  readonly equal: boolean
  readonly redundant: number
  /** The entries from each peer, if a first sync fetched from several. */
  readonly parts: readonly number[]
}

let node: Node | undefined
let ages = new Ages()
/** Where the node serves its metrics, and when they were last read. */
let [admin, metricsReadMs] = ['', Number.NEGATIVE_INFINITY]
let raw: Awaited<ReturnType<typeof serveRaw>> | undefined
let bare: Awaited<ReturnType<typeof serveBare>> | undefined
const meter = new MemoryMeter()
const reads = { count: 0 }

/** The commands of the parent, one at a time. */
export const commands = {
  /** Builds the tree of the shape's first entries in a data folder. */
  async prepare({ folder, entries }: { folder: string; entries: number }) {
    return storeEntries(folder, buildEntries(loadShape(entries)))
  },

  /** Builds a tree of puts, or of opaque changes of the same size. */
  async prepareState(options: { folder: string; entries: number; keys: number; kind: PutKind }) {
    return storeEntries(options.folder, buildPuts(options.entries, options.keys, options.kind))
  },

  /** Waits until the view of a tree is complete. */
  async stateComplete({ tree }: { tree: string }) {
    return completeView(node!, tree as TreeId)
  },

  ...stateCommands,

  tracedCalls: measureTracedCalls,

  async blobFile({ file, bytes }: { file: string; bytes: number }) {
    return writeRandom(file, bytes)
  },

  async blobCopy({ file, copy }: { file: string; copy: string }) {
    return copyHashed(file, copy)
  },

  async blobPut({ tree, file }: { tree: string; file: string }) {
    return putFile(node!, tree, file)
  },

  async blobGet({ tree }: { tree: string }) {
    return getFile(node!, tree)
  },

  /** Opens a node and listens. `address`: listen there again, over HTTP. */
  async open({ folder, transport, address }: { folder: string; transport: TransportName; address?: string }) {
    const http = address && { http: { host: '127.0.0.1', port: Number(new URL(address).port) } }
    node = await createNode({ data: folder, ...transports[transport](), ...http })
    countReads(node.store.db)
    await node.listen()
    admin = await node.listenAdmin({ host: '127.0.0.1', port: 0 })
    return { address: node.addresses()[0]!, peer: node.peer as string }
  },

  /** Adds a peer to the peer book, so that it is not a stranger. */
  async know({ peer }: { peer: string }) {
    await node!.addPeer(peer as PeerId, {})
  },

  /** Commits at an even pace, and syncs on a new connection with every fourth commit. Returns how long syncs took. */
  async commitAndSync({ address, ...commits }: Paced & { address: string }) {
    const tree = commits.tree as TreeId
    const took = new Ages()
    const sessions = Math.floor(commits.count / 4)
    const syncing: Promise<void>[] = []
    let failed = 0
    const pace = paced(sessions, commits.perSecond / 4, (made) => {
      // A session that fails counts with the time that it took to fail.
      const session = node!.sync(tree, address).catch(() => failed++)
      syncing.push(session.then(() => took.add(made)))
    })
    await Promise.all([commands.commitPaced(commits), pace])
    await Promise.all(syncing)
    return { ...(await took.take(sessions)), failed }
  },

  async flood(options: FloodOptions) {
    return flood(options)
  },

  /** Starts to count memory, processor time and reads. */
  async begin() {
    await meter.begin()
    reads.count = 0
  },

  async cost(): Promise<Memory & { reads: number }> {
    return { ...meter.read(), reads: reads.count }
  },

  /** Returns the memory that the process has settled at, and what is left in its heap after a collection. */
  async settled() {
    return settledMemory()
  },

  async sync({ tree, address }: { tree: string; address: string }): Promise<SyncCost> {
    const result = await node!.sync(tree as TreeId, address)
    const { received, sent, roundTrips, equal, redundant, sources } = result
    const bytes = result.bytesReceived + result.bytesSent
    const parts = sources.map(({ entries }) => entries)
    return { received, sent, bytes, roundTrips, seconds: result.elapsedMs / 1000, equal, redundant, parts }
  },

  /** Syncs by a ticket. */
  async syncBy({ ticket }: { ticket: string }): Promise<SyncCost> {
    return commands.sync({ tree: parseTicket(ticket).tree, address: ticket })
  },

  /** Fetches all pages of a tree and drops them: the cost of the connection without the work of a receiver. */
  async drain({ tree, address }: { tree: string; address: string }) {
    const cpu = process.cpuUsage()
    const started = performance.now()
    const channel = await node!.transports.dial(address)
    await using connection = new RpcConnection(channel, { clock: systemClock })
    const remote = createRemote(connection, systemClock)
    const answer = await remote.syncTree({ tree: tree as TreeId, tips: [], tipsDigest: '', count: 0 })
    let entries = 0
    for await (const page of answer.pages) entries += page.entries.length
    const { user, system } = process.cpuUsage(cpu)
    return {
      entries,
      bytes: channel.path!()!.bytesReceived!,
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
    }
  },

  /** Syncs, and kills its own process with SIGKILL once this many entries are stored. Never answers. */
  async syncAndDie({ tree, address, entries }: { tree: string; address: string; entries: number }) {
    node!.on('entries', () => {
      if (node!.store.tree(tree as TreeId)!.count >= entries) process.kill(process.pid, 'SIGKILL')
    })
    await node!.sync(tree as TreeId, address)
  },

  /** Writes entries of the size of a git commit, one after the other. Returns the bytes of bodies and signatures. */
  async commit({ tree, count }: { tree: string; count: number }) {
    const before = node!.store.tree(tree as TreeId)!.bytes
    const payload = Buffer.alloc(585, 'commit ')
    for (let index = 0; index < count; index++)
      await node!.commit(tree as TreeId, [{ store: 'git', kind: 'commit', payload }])
    return { bytes: node!.store.tree(tree as TreeId)!.bytes - before }
  },

  /** Returns how many entries of a tree are stored. */
  async stored({ tree }: { tree: string }) {
    return { count: node!.store.tree(tree as TreeId)?.count ?? 0 }
  },

  /** Returns the bytes that the first `count` entries take in pages, for each of `counts`. */
  async packed({ tree, counts }: { tree: string; counts: number[] }) {
    const { store } = node!
    const sums: number[] = []
    let [count, bytes] = [0, 0]
    for await (const page of store.scan(tree as TreeId))
      for (const { signed } of page) {
        while (counts[sums.length] === count) sums.push(bytes)
        bytes += packedBytes([signed])
        count++
      }
    while (counts[sums.length] === count) sums.push(bytes)
    return { sums }
  },

  async summary({ tree }: { tree: string }) {
    const { tipsDigest, count } = await node!.store.summary(tree as TreeId)
    return { tipsDigest, count }
  },

  /** Measures commits per second through a node, and of the bare work. */
  async commits(options: { folder: string; count: number; durable: boolean; concurrent: number }) {
    return measureCommits(options)
  },

  async floor({ folder, scratch, tree }: { folder: string; scratch: string; tree: string }) {
    return measureFloor(`${folder}/store`, scratch, tree as TreeId)
  },

  async serveRaw() {
    raw = await serveRaw()
    return { ticket: raw.ticket }
  },

  async readRaw({ ticket, bytes }: { ticket: string; bytes: number }) {
    return readRaw(ticket, bytes)
  },

  /** Returns the cost of sending, once the reader has disconnected. */
  async sentRaw() {
    return raw!.sent
  },

  async createTree() {
    return { tree: (await node!.createTree('bench', PublicAccess.WRITE)) as string }
  },

  async ticket({ tree }: { tree: string }) {
    return { ticket: node!.createTicket(tree as TreeId) }
  },

  /** Links by a ticket, and waits until both sides are equal. */
  async link({ ticket }: { ticket: string }) {
    const { tree, peer } = await node!.link(ticket)
    await untilEqual(tree, peer)
  },

  async syncOnce({ ticket }: { ticket: string }) {
    await node!.sync(undefined, ticket)
  },

  /** Links with the peer that answers at the address, and waits until both sides are equal. */
  async linkAddress({ tree, address }: { tree: string; address: string }) {
    const { peer } = await node!.addPeer(undefined, { addresses: [address] })
    await node!.link({ tree: tree as TreeId, peer })
    await untilEqual(tree, peer)
  },

  async linkUnreachable({ tree, address }: { tree: string; address: string }) {
    const { peer } = createIdentity()
    await node!.addPeer(peer, { addresses: [address] })
    await node!.link({ tree: tree as TreeId, peer })
  },

  /** Links with peers that do not exist. */
  async linkMany({ tree, from, to }: { tree: string; from: number; to: number }) {
    for (let index = from; index < to; index++)
      await commands.linkUnreachable({ tree, address: `http://127.0.0.1:${20_000 + index}` })
  },

  /** Returns the outbox marks, sessions and dials that /metrics reports. */
  async outbox() {
    // An answer within the interval would be the last one again.
    await pause(Math.max(0, metricsReadMs + limits.metricsIntervalMs - performance.now()))
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    metricsReadMs = performance.now()
    const value = (name: string) => Number(new RegExp(`^causeway_${name} (.*)$`, 'm').exec(metrics)![1])
    return { marks: value('outbox_marks'), sessions: value('sessions_total'), dials: value('dials_total') }
  },

  /** Delivers everything. Returns the seconds that this took. */
  async flush() {
    const begun = performance.now()
    const left = await node!.flush({ timeoutMs: 60_000 })
    if (left.length > 0) throw new Error(`Not delivered: ${JSON.stringify(left)}`)
    return (performance.now() - begun) / 1000
  },

  async idle({ seconds }: { seconds: number }) {
    await pause(seconds * 1000)
  },

  async commitPaced({ tree, count, perSecond }: Paced) {
    await paced(count, perSecond, (payload) => {
      void node!.commit(tree as TreeId, [{ store: 'log', kind: 'add', payload }])
    })
  },

  async hear({ tree }: { tree: string }) {
    node!.removeAllListeners('entries')
    ages = agesOf(node!, tree as TreeId)
  },

  async heard({ count }: { count: number }) {
    return ages.take(count)
  },

  async serveBare() {
    bare = await serveBare()
    return { address: bare.address }
  },

  async hearBare({ address }: { address: string }) {
    ages = await hearBare(address)
  },

  async sendBare({ count, perSecond }: { count: number; perSecond: number }) {
    await paced(count, perSecond, (payload) => bare!.send(payload))
  },

  async close() {
    await node?.close()
    node = undefined
  },

  /** The last command. The process must then end by itself, because everything is closed. */
  async end() {
    bare?.close()
    await node?.close()
  },
} as const

async function untilEqual(tree: string, peer: string): Promise<void> {
  for (;;) {
    const { inSync, parked } = node!.status().find((link) => link.tree === tree && link.peer === peer)!
    if (inSync) return
    if (parked !== '') throw new Error(parked)
    await once(node!, 'status')
  }
}

/** Counts the single records that are read by key. */
function countReads(db: Database): void {
  const getMany = db.getMany.bind(db)
  const get = db.get.bind(db)
  Object.assign(db, {
    getMany: (...args: Parameters<typeof getMany>) => {
      reads.count += args[0].length
      return getMany(...args)
    },
    get: (...args: Parameters<typeof get>) => {
      reads.count++
      return get(...args)
    },
  })
}

if (process.send !== undefined)
  process.on('message', async ({ name, options }: { name: keyof typeof commands; options: never }) => {
    try {
      const result = await commands[name](options)
      process.send!({ result: result ?? null })
      if (name === 'end') process.disconnect()
    } catch (error) {
      process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
