/**
 * Whole nodes in one process: each on a database in memory that outlives its crashes, all on one simulated network and
 * one virtual clock, with every random choice from one seed. Signatures are verified synchronously, and each only once,
 * since no seed controls the timing of the thread pool.
 */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { MemoryLevel } from 'memory-level'
import type { Clock } from '../../src/base/clock.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import type { Database } from '../../src/store/database/open.ts'
import { VerifyThreads } from '../../src/store/verify/verify-threads.ts'
import {
  createMemoryNetwork,
  type LinkSettings,
  type MemoryNetwork,
} from '../../src/transport/memory/memory.ts'
import { below, testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

/** Verifies without threads from now on. Returns a function that ends this. */
export function verifyOnTheSpot(): () => void {
  const { verify } = crypto
  const known = new Map<string, boolean>()
  const onTheSpot = (
    algorithm: null,
    data: Uint8Array,
    key: crypto.KeyObject,
    signature: Uint8Array,
    done: (error: Error | null, valid: boolean) => void,
  ) => {
    const name = `${Buffer.from(signature).toString('base64')}${Buffer.from(data).toString('base64')}`
    let valid = known.get(name)
    if (valid === undefined) {
      valid = verify(algorithm, data, key, signature)
      known.set(name, valid)
    }
    done(null, valid)
  }
  const { check, read } = VerifyThreads.prototype
  const refuse = () => Promise.reject(new Error('There are no threads here.'))
  Object.assign(VerifyThreads.prototype, { check: refuse, read: refuse })
  crypto.verify = onTheSpot as never
  syncBuiltinESMExports()
  return () => {
    Object.assign(VerifyThreads.prototype, { check, read })
    crypto.verify = verify
    syncBuiltinESMExports()
  }
}

interface Operation {
  readonly type: 'put' | 'del'
  readonly key: Buffer
  readonly value?: Buffer
}

/**
 * A database in memory whose writes fail from the moment of a crash until it is opened again. Like a real disk it may
 * lose the latest writes with the power, back to the last that was flushed.
 */
class CrashableDatabase {
  readonly level = new MemoryLevel<Buffer, Buffer>({
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    storeEncoding: 'buffer',
  })
  crashed = false
  /** Called with every write that is flushed, which also flushes all before it. */
  onFlush = () => {}
  /** The operations that undo each write since the last flush. */
  private undo: Operation[][] = []
  private readonly write: (operations: readonly Operation[]) => Promise<void>

  constructor() {
    // Every write of an abstract-level database ends in these methods, which its types do not declare.
    const level = this.level as unknown as {
      _batch(operations: readonly Operation[], options: { sync?: boolean }): Promise<void>
      _put(key: Buffer, value: Buffer, options: { sync?: boolean }): Promise<void>
      _del(key: Buffer, options: { sync?: boolean }): Promise<void>
      _getSync(key: Buffer, options: object): Buffer | undefined
    }
    const write = level._batch.bind(level)
    this.write = (operations) => write(operations, {})
    level._batch = async (operations, { sync }) => {
      if (this.crashed) throw new Error('The node has crashed.')
      if (sync) {
        this.undo = []
        this.onFlush()
      } else
        this.undo.push(
          operations.map(({ key }) => {
            const value = level._getSync(key, {})
            return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
          }),
        )
      return this.write(operations)
    }
    level._put = (key, value, options) => level._batch([{ type: 'put', key, value }], options)
    level._del = (key, options) => level._batch([{ type: 'del', key }], options)
  }

  /** Undoes this many of the latest writes that were not flushed. */
  async forget(count: number): Promise<void> {
    for (const operations of this.undo.splice(this.undo.length - count).reverse())
      await this.write(operations.reverse())
  }

  get unflushed(): number {
    return this.undo.length
  }
}

export class SimNode {
  readonly host: string
  readonly identity: Identity
  /** How far its clock is wrong. */
  skewMs = 0
  /** Undefined while the node is down. */
  node: Node | undefined
  private readonly cluster: Cluster
  private readonly db = new CrashableDatabase()
  /** Acknowledged entries of this node that were not flushed, neither on request nor by chance. */
  private readonly atRisk = new Set<EntryId>()

  constructor(cluster: Cluster, index: number) {
    this.cluster = cluster
    this.db.onFlush = () => this.atRisk.clear()
    this.host = `n${index}`
    this.identity = testIdentity(200 + index)
  }

  async start(): Promise<void> {
    const { clock, network } = this.cluster
    this.db.crashed = false
    await this.db.level.open()
    const own: Clock = {
      now: () => clock.now() + this.skewMs,
      monotonic: () => clock.monotonic(),
      // Whole milliseconds from 1, as with real timers: a delay below the last bit of the time would not advance it.
      setTimer: (delayMs, run) => clock.setTimer(Math.max(1, Math.ceil(delayMs)), run),
      random: clock.random,
      randomBytes: (length) => clock.randomBytes(length),
    }
    this.node = await createNode({
      identity: this.identity,
      database: this.db.level as unknown as Database,
      transports: [network.transport({ host: this.host, identity: this.identity })],
      clock: own,
    })
    this.node.on('problem', (error, where) => this.cluster.problems.push(`${this.host} ${where}: ${error}`))
    await this.node.listen()
  }

  /** Crashes: what is not written is lost, and only broken connections show it to the others. */
  async crash(): Promise<void> {
    const { node } = this
    if (node === undefined) return
    this.node = undefined
    this.db.crashed = true
    this.cluster.network.cut(this.host)
    await this.cluster.clock.runUntil(node.close(0).catch(() => {}))
  }

  /** Crashes and loses some unflushed writes. Returns the acknowledged entries that may be gone. */
  async losePower(random: () => number): Promise<EntryId[]> {
    await this.crash()
    await this.db.forget(below(random, this.db.unflushed + 1))
    const lost = [...this.atRisk]
    this.atRisk.clear()
    return lost
  }

  /** Stops as SIGTERM does. */
  async stop(): Promise<void> {
    const { node } = this
    if (node === undefined) return
    this.node = undefined
    await this.cluster.clock.runUntil(node.close())
  }

  /** Links a tree with another node. */
  async link(tree: TreeId, other: SimNode): Promise<void> {
    const { peer } = other.identity
    await this.node!.addPeer(peer, { addresses: [`memory:${other.host}`] })
    await this.node!.link({ tree, peer })
  }

  /** Commits an entry. Returns undefined if the node crashed before it was acknowledged. */
  async commit(tree: TreeId, text: string, durable: boolean): Promise<EntryId | undefined> {
    const payload = new TextEncoder().encode(text)
    return this.node!.commit(tree, [{ store: 'log', kind: 'add', payload }], { durable }).then(
      ({ id }) => {
        if (!durable) this.atRisk.add(id)
        return id
      },
      () => undefined,
    )
  }
}

export class Cluster {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly nodes: SimNode[]
  /** Errors of handlers that are not their callers' fault. */
  readonly problems: string[] = []

  constructor(
    seed: number,
    size: number,
    { link, ...clock }: { link?: LinkSettings; together?: boolean } = {},
  ) {
    this.clock = new VirtualClock({ seed, turns: 3, ...clock })
    this.network = createMemoryNetwork({ clock: this.clock, seed, ...(link && { link }) })
    this.nodes = Array.from({ length: size }, (_, index) => new SimNode(this, index))
  }

  get up(): SimNode[] {
    return this.nodes.filter(({ node }) => node !== undefined)
  }
}
