/**
 * A tree with many members, each a whole node that links others by itself: the real dispatcher, RPC and store on a
 * simulated network, in virtual time. Every member knows some others at random, as address records bring them.
 */
import assert from 'node:assert/strict'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { SignedEntry } from '../../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import type { Node } from '../../../src/node/node.ts'
import type { WiredParts } from '../../../src/node/wiring.ts'
import { Ingest } from '../../../src/sync/ingest.ts'
import { seededRandom } from '../../../src/transport/memory/memory.ts'
import { below } from '../../kit/entries.ts'
import { Cluster, type SimNode } from '../cluster.ts'

/** How long bytes travel between any two members. */
const delayMs = 20
/** How many others each member knows. */
const known = 24

/** The parts of a node that nothing outside of it needs. */
export function inside(node: Node): WiredParts {
  return (node as unknown as { parts: WiredParts }).parts
}

export class Members {
  readonly cluster: Cluster
  tree!: TreeId
  private readonly random: () => number
  /** The entries that came to each member. */
  private readonly entries = new Map<SimNode, Set<EntryId>>()

  constructor(size: number, seed: number) {
    this.random = seededRandom(seed ^ 0x5eed)
    this.cluster = new Cluster(seed, size, { link: { delayMs }, together: true })
  }

  get up(): SimNode[] {
    return this.cluster.up
  }

  /** Starts all members with the same tree, and lets each know some others. */
  async start(): Promise<void> {
    const { nodes } = this.cluster
    const [first] = nodes
    await first!.start()
    const founder = first!.node!
    this.tree = await founder.createTree('large')
    const keys = nodes
      .slice(1)
      .map(({ identity }) => ({ peer: identity.peer, permission: Permission.WRITE, name: '' }))
    await inside(founder).author.changePolicy(this.tree, { keys })
    const page: SignedEntry[] = []
    for await (const entries of founder.store.scan(this.tree))
      page.push(...entries.map(({ signed }) => signed))
    for (const member of nodes) {
      if (member !== first) {
        await member.start()
        await new Ingest(member.node!.store).page(this.tree, page)
      }
      this.listen(member)
    }
    for (const member of nodes) await this.introduce(member)
  }

  /** A member learns of others, as by their address records: each is in its peer book, and linked if that is due. */
  private async introduce(member: SimNode): Promise<void> {
    const { nodes } = this.cluster
    const others = new Set<SimNode>()
    // Ends with enough others, of which there are more.
    while (others.size < Math.min(known, nodes.length - 1)) {
      const other = nodes[below(this.random, nodes.length)]!
      if (other !== member) others.add(other)
    }
    for (const other of others) {
      const { peer } = other.identity
      await member.node!.peers.add(peer, { addresses: [`memory:${other.host}`], uninvited: true })
      await inside(member.node!).joining.calls.onServed(this.tree, peer)
    }
  }

  private listen(member: SimNode): void {
    const entries = new Set<EntryId>()
    this.entries.set(member, entries)
    member.node!.store.subscribe((_tree, added) => {
      for (const { id } of added) entries.add(id)
    })
  }

  pick(): SimNode {
    return this.up[below(this.random, this.up.length)]!
  }

  async pass(ms: number): Promise<void> {
    await this.cluster.clock.advance(ms)
  }

  /** A member writes an entry. */
  async write(author = this.pick()): Promise<EntryId> {
    return (await author.commit(this.tree, `of ${author.host}`, false))!
  }

  /** Removes a share of the members at once, as when their machines lose power. */
  async remove(share: number): Promise<void> {
    const { nodes } = this.cluster
    const lost = nodes.filter(() => this.random() < share)
    await Promise.all(lost.map((member) => member.crash()))
  }

  /** The most links of a member that are live. */
  mostLive(): number {
    return Math.max(...this.up.map((member) => this.liveOf(member)))
  }

  liveOf({ node }: SimNode): number {
    return node!.status().filter(({ place }) => place !== 'passive').length
  }

  /** Reports whether all members that are up have the same. */
  async isConverged(): Promise<boolean> {
    const digests = await Promise.all(this.up.map(({ node }) => node!.store.tipsDigest(this.tree)))
    return new Set(digests).size === 1
  }

  /** Lets time pass until all members have the same. Returns how long that took, in seconds. */
  async converge(limitMs: number): Promise<number> {
    const { clock } = this.cluster
    const begunMs = clock.monotonic()
    while (!(await this.isConverged())) {
      assert.ok(clock.monotonic() - begunMs < limitMs, `The members do not converge within ${limitMs} ms.`)
      await this.pass(1_000)
    }
    return (clock.monotonic() - begunMs) / 1_000
  }

  /** A member writes an entry, and time passes. */
  async writeAndPass(ms: number): Promise<EntryId> {
    const id = await this.write()
    await this.pass(ms)
    return id
  }

  /** How many of the members that are up have an entry. */
  reached(entry: EntryId): number {
    return this.up.filter((member) => this.entries.get(member)!.has(entry)).length
  }

  /** In how many steps 99.9 % of the members that are up got an entry. */
  hopsOf(entry: EntryId): number {
    const steps = this.up
      .map(({ node }) => inside(node!).dispatcher.spreading.stepsOf(entry) ?? Number.POSITIVE_INFINITY)
      .sort((a, b) => a - b)
    return steps[Math.ceil(steps.length * 0.999) - 1]!
  }

  /** How many entries have come inline or in a session, counted at each member, those included that were here. */
  copies(): number {
    let sum = 0
    for (const { node } of this.up) {
      const { watchEntries, watchCopies, entriesReceived } = inside(node!).dispatcher.counters
      sum += watchEntries + watchCopies + entriesReceived
    }
    return sum
  }

  /** Nothing crosses between two halves until the network heals. */
  partition(): void {
    const { nodes, network } = this.cluster
    const half = (which: number) => nodes.filter((_, index) => index % 2 === which).map(({ host }) => host)
    network.partition([half(0), half(1)])
  }

  async stop(): Promise<void> {
    for (const member of this.up) await member.crash()
    assert.deepEqual(this.cluster.problems, [])
  }
}
