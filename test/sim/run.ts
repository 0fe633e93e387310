/**
 * One simulated run: a cluster, a tree, and faults of every kind at random moments while entries are written. Then all
 * is healed, and within a bound of simulated time every node must have every entry. The trace lists what was done when.
 */
import assert from 'node:assert/strict'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../src/base/limits.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import type { Node } from '../../src/node/node.ts'
import type { LinkStatus } from '../../src/peer/links.ts'
import { seededRandom } from '../../src/transport/memory/memory.ts'
import { below } from '../kit/entries.ts'
import { Cluster, type SimNode } from './cluster.ts'

export interface RunOptions {
  readonly seed: number
  readonly nodes: number
  readonly faults: number
}

export interface RunResult {
  readonly entries: number
  /** Simulated time from the last fault to the last equality. */
  readonly healedMs: number
  readonly simulatedMs: number
}

/** Two waits at the cap, and the time of the sessions after them. By then every node has every entry. */
const livenessMs = 2 * limits.backoffCapMs + 60_000

export async function simulate({ seed, nodes, faults }: RunOptions): Promise<RunResult> {
  const run = new Run(seed, nodes)
  try {
    return await run.all(faults)
  } catch (error) {
    const told = error instanceof Error ? error : new Error(String(error))
    told.message = `${told.message}\n\nSIM_SEED=${seed}, the last of what happened:\n${run.trace.slice(-60).join('\n')}`
    throw told
  }
}

class Run {
  readonly trace: string[] = []
  private readonly random: () => number
  private readonly cluster: Cluster
  private readonly acknowledged = new Set<EntryId>()
  private tree!: TreeId
  private written = 0

  constructor(seed: number, nodes: number) {
    this.random = seededRandom(seed ^ 0x5eed)
    this.cluster = new Cluster(seed, nodes)
  }

  async all(faults: number): Promise<RunResult> {
    const { clock, network, nodes } = this.cluster
    for (const node of nodes) await node.start()
    const [first] = nodes
    this.tree = await first!.node!.createTree('simulated', PublicAccess.WRITE)
    // A tree of links, so that all are connected, and some more; each is dialled in its own direction.
    for (const [index, node] of nodes.entries()) {
      if (index === 0) continue
      await node.link(this.tree, nodes[below(this.random, index)]!)
      if (this.random() < 0.5) {
        const other = this.pick(nodes)
        if (other !== node) await node.link(this.tree, other)
      }
    }
    await this.pass(1_000)
    for (let fault = 0; fault < faults; fault++) {
      await this.fault()
      await this.pass(this.random() ** 3 * 5_000)
    }

    this.say('heals')
    network.heal()
    for (const [a, b] of this.pairs()) network.setLink(a.host, b.host, {})
    for (const node of nodes) if (node.node === undefined) await node.start()
    const begun = clock.monotonic()
    await clock.runUntil(() => this.settled(), livenessMs)
    const healedMs = clock.monotonic() - begun
    await this.check()
    for (const node of nodes) await node.stop()
    assert.deepEqual(this.cluster.problems, [])
    await clock.settle()
    assert.equal(network.connections, 0)
    assert.equal(clock.pendingTimers, 0, 'A timer outlived the nodes.')
    return { entries: this.written, healedMs, simulatedMs: clock.monotonic() }
  }

  private async fault(): Promise<void> {
    const { network, nodes, up } = this.cluster
    const node = this.pick(nodes)
    const other = this.pick(nodes.filter((each) => each !== node))
    const lot = this.random()
    if (lot < 0.5) {
      await this.write(up.length > 0 ? this.pick(up) : undefined)
    } else if (lot < 0.56) {
      const groups = nodes.map(({ host }) => ({ host, group: below(this.random, 3) }))
      const of = (which: number) => groups.filter(({ group }) => group === which).map(({ host }) => host)
      this.say(`partition ${[0, 1, 2].map((which) => of(which).join('+') || '-').join(' | ')}`)
      network.partition([of(0), of(1), of(2)])
    } else if (lot < 0.64) {
      this.say('partitions and stalls end')
      network.heal()
    } else if (lot < 0.7) {
      this.say(`cut ${node.host} ${other.host}`)
      network.cut(node.host, other.host)
    } else if (lot < 0.74) {
      this.say(`stall ${node.host} > ${other.host}`)
      network.stall(node.host, other.host)
    } else if (lot < 0.82) {
      const link = {
        delayMs: below(this.random, 300),
        jitterMs: below(this.random, 200),
        lossPerChunk: this.random() < 0.3 ? this.random() * 0.05 : 0,
      }
      this.say(`link ${node.host} ${other.host} ${JSON.stringify(link)}`)
      network.setLink(node.host, other.host, link)
    } else if (lot < 0.88) {
      if (node.node === undefined) await this.start(node)
      else {
        const power = this.random() < 0.5
        // Acknowledged just before, so that no other node has it yet.
        await this.write(node)
        this.say(`${node.host} ${power ? 'loses power' : 'crashes'}`)
        if (!power) await node.crash()
        else for (const id of await node.losePower(this.random)) this.acknowledged.delete(id)
      }
    } else if (lot < 0.91) {
      if (node.node === undefined) await this.start(node)
      else {
        this.say(`${node.host} stops`)
        await node.stop()
      }
    } else if (lot < 0.95) {
      node.skewMs = below(this.random, 600_000) - 300_000
      this.say(`the clock of ${node.host} is wrong by ${node.skewMs} ms`)
    } else if (node.node !== undefined) {
      // Entries that are in flight anyway then arrive twice.
      this.say(`${node.host} syncs with ${other.host} as well`)
      void node.node.sync(this.tree, `memory:${other.host}`).catch(() => {})
    }
  }

  private async start(node: SimNode): Promise<void> {
    this.say(`${node.host} starts`)
    await node.start()
  }

  private async write(node: SimNode | undefined): Promise<void> {
    if (node?.node?.store.tree(this.tree) === undefined) return
    const count = 1 + below(this.random, 3)
    const durable = this.random() < 0.5
    this.say(`${node.host} writes ${count}${durable ? ' and flushes' : ''}`)
    await Promise.all(
      Array.from({ length: count }, async () => {
        const id = await node.commit(this.tree, `entry ${this.written++}`, durable)
        if (id !== undefined) this.acknowledged.add(id)
      }),
    )
  }

  private settled(): boolean {
    const { nodes } = this.cluster
    const counts = nodes.map(({ node }) => node!.store.tree(this.tree)?.count)
    if (new Set(counts).size !== 1) return false
    return nodes.every(({ node }) => this.shared(node!).every(({ inSync }) => inSync))
  }

  /**
   * Returns the status of a node's links, except those to a peer that synced once, has no link itself, and cannot be
   * dialled.
   */
  private shared(node: Node): LinkStatus[] {
    return node.status().filter(({ peer }) => {
      if (node.peers.get(peer)!.addresses.length > 0) return true
      const other = this.cluster.nodes.find((each) => each.node?.peer === peer)
      return other?.node?.status().some((link) => link.peer === node.peer) ?? false
    })
  }

  private async check(): Promise<void> {
    const { nodes } = this.cluster
    const summaries = await Promise.all(nodes.map(({ node }) => node!.store.summary(this.tree)))
    for (const summary of summaries) assert.deepEqual(summary.tips, summaries[0]!.tips)
    for (const { host, node } of nodes) {
      const { store } = node!
      const ids = [...this.acknowledged]
      const lost = (await store.lookup(ids)).flatMap((found, index) =>
        found === undefined ? [ids[index]] : [],
      )
      assert.deepEqual(lost, [], `${host} lost what was acknowledged.`)
      const { problems } = await node!.verify(this.tree)
      assert.deepEqual(problems, [], `The store of ${host} does not hold.`)
      assert.ok(this.shared(node!).every(({ oldestPendingMs }) => oldestPendingMs === 0))
    }
  }

  private async pass(ms: number): Promise<void> {
    await this.cluster.clock.advance(ms)
    for (const { host, node } of this.cluster.up) {
      const marks = node!.status().filter(({ oldestPendingMs }) => oldestPendingMs > 0).length
      const links = node!.status().length
      assert.ok(marks <= links, `${host} has ${marks} marks for ${links} links.`)
    }
  }

  private say(text: string): void {
    this.trace.push(`${(this.cluster.clock.monotonic() / 1000).toFixed(3).padStart(9)} s  ${text}`)
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[below(this.random, items.length)]!
  }

  private pairs(): [SimNode, SimNode][] {
    const { nodes } = this.cluster
    return nodes.flatMap((a, index) => nodes.slice(index + 1).map((b): [SimNode, SimNode] => [a, b]))
  }
}
