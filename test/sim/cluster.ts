/**
 * Whole nodes in one process: each on a database in memory that outlives its crashes, all on one simulated network and in
 * one virtual time, everything random from one seed. Signatures are verified on the spot, and each only once, since the
 * thread pool's timing would be chance that no seed controls.
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
import { createMemoryNetwork, type MemoryNetwork } from '../../src/transport/memory/memory.ts'
import { below, testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

/** Verifies without any thread from now on; the result ends that. */
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
  const { check } = VerifyThreads.prototype
  VerifyThreads.prototype.check = () => Promise.reject(new Error('There are no threads here.'))
  crypto.verify = onTheSpot as never
  syncBuiltinESMExports()
  return () => {
    VerifyThreads.prototype.check = check
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
  /** Called with every write that is flushed, and with it all before it. */
  onFlush = () => {}
  /** What takes back each write since the last that was flushed. */
  private undo: Operation[][] = []
  private readonly write: (operations: readonly Operation[]) => Promise<void>

  constructor() {
    // What every write of a database on abstract-level comes down to; its types do not tell of them.
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

  /** Takes back the latest writes, so many of those that were not flushed. */
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
  /** Its clock shows another time than the others', as wrong clocks do. */
  skewMs = 0
  /** Undefined while it is down. */
  node: Node | undefined
  private readonly cluster: Cluster
  private readonly db = new CrashableDatabase()
  /** Acknowledged entries of this node that it was not asked to flush, and did not by chance. */
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
      // Whole milliseconds from 1, as real timers: less than the last bit of the time would let no time pass.
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

  /** Dies at once: what is not written is lost, and nobody is told but by broken connections. */
  async crash(): Promise<void> {
    const { node } = this
    if (node === undefined) return
    this.node = undefined
    this.db.crashed = true
    this.cluster.network.cut(this.host)
    await this.cluster.clock.runUntil(node.close(0).catch(() => {}))
  }

  /** Crashes, and loses some of what was not flushed; gives the acknowledged entries that may be gone. */
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

  /** Keeps a tree equal with another node from now on. */
  async link(tree: TreeId, other: SimNode): Promise<void> {
    const { peer } = other.identity
    await this.node!.addPeer(peer, { addresses: [`memory:${other.host}`] })
    await this.node!.link({ tree, peer })
  }

  /** An entry that was acknowledged, or undefined where the node died before it could be. */
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
  /** Errors of handlers that are not their callers'. */
  readonly problems: string[] = []

  constructor(seed: number, size: number) {
    this.clock = new VirtualClock({ seed, turns: 3 })
    this.network = createMemoryNetwork({ clock: this.clock, seed })
    this.nodes = Array.from({ length: size }, (_, index) => new SimNode(this, index))
  }

  get up(): SimNode[] {
    return this.nodes.filter(({ node }) => node !== undefined)
  }
}
