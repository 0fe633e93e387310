/** A node in a namespace: the built command, run by `ip netns exec` and called through its control socket. */
import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { toJsonString } from '@bufbuild/protobuf'
import { type LinkStatus, LinkStatusSchema, NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { dialLocal } from '../../src/transport/local.ts'
import { builtCommand, loader, testModule } from '../kit/project.ts'
import type { Host } from './network.ts'

/** Starts a Node script in a namespace. It ends with this process, since the channel to it closes. */
function start(host: Host, args: readonly string[]): ChildProcess {
  const leash = `data:text/javascript,process.once('disconnect', () => process.exit(1)); process.channel.unref()`
  return spawn('ip', ['netns', 'exec', host.namespace, process.execPath, '--import', leash, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code}.`))),
  ])) as [string]
  lines.on('line', () => {})
  return line
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

export class NodeIn implements AsyncDisposable {
  peer = ''
  addresses: readonly string[] = []
  host: Host
  private readonly data: string
  private readonly args: readonly string[]
  private child: ChildProcess | undefined
  private connection: RpcConnection | undefined

  private constructor(host: Host, data: string, args: readonly string[]) {
    this.host = host
    this.data = data
    this.args = args
  }

  static async start(host: Host, data: string, ...args: string[]): Promise<NodeIn> {
    const node = new NodeIn(host, data, args)
    await node.start()
    return node
  }

  /** Starts it, or starts it again with these further arguments. */
  async start(...more: string[]): Promise<void> {
    this.child = start(this.host, [
      builtCommand,
      'serve',
      '--json',
      '--data',
      this.data,
      ...this.args,
      ...more,
    ])
    const ready = JSON.parse(await firstLine(this.child)) as { peer: string; addresses: string[] }
    this.peer = ready.peer
    this.addresses = ready.addresses
    this.connection = new RpcConnection((await dialLocal(this.data))!, { clock: systemClock })
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this
    this.child = undefined
    this.connection?.close()
    if (child !== undefined) await end(child, signal)
  }

  get trees() {
    return this.connection!.client(TreeService)
  }

  get node() {
    return this.connection!.client(NodeService)
  }

  async commit(tree: Uint8Array, text: string): Promise<void> {
    await this.trees.commit({ tree, changes: [{ store: 'log', kind: 'add', payload: Buffer.from(text) }] })
  }

  /**
   * Waits until it has this many entries of a tree and its link says in sync, or that with one peer. Returns how long that
   * took, in milliseconds. It asks again and again: an entry that arrives does not change a link that is in sync already. After
   * two minutes it throws with what the node says of its links.
   */
  async equal(tree: Uint8Array, count: number, peer?: string): Promise<number> {
    const started = performance.now()
    for (;;) {
      const all = await this.links(tree)
      const links = all.filter(
        (link) => peer === undefined || Buffer.from(link.peer).toString('hex') === peer,
      )
      const synced = links.some(({ inSync }) => inSync)
      const had = synced ? Number((await this.trees.getTree({ tree })).tree!.count) : 0
      const tookMs = performance.now() - started
      if (synced && had >= count) return tookMs
      const states = links.map((link) => toJsonString(LinkStatusSchema, link))
      assert.ok(tookMs < 120_000, `It has ${had} of ${count} entries. Its links: ${states}`)
      await wait(100)
    }
  }

  private async links(tree: Uint8Array): Promise<LinkStatus[]> {
    const links: LinkStatus[] = []
    for await (const page of this.node.watchStatus({})) links.push(...page.links)
    return links.filter((link) => Buffer.compare(link.tree, tree) === 0)
  }

  /** Returns the paths of its QUIC connections to a peer now. */
  async paths(): Promise<string[]> {
    const { connections } = await this.node.getNode({})
    return connections.filter(({ transport }) => transport === 'iroh').map(({ path }) => path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Starts a relay in a namespace. */
export async function startRelay(host: Host, port: number): Promise<AsyncDisposable & { url: string }> {
  const child = start(host, [...loader, testModule('test/nat/relay.ts'), host.address, String(port)])
  const url = await firstLine(child)
  return { url, [Symbol.asyncDispose]: () => end(child, 'SIGKILL') }
}
