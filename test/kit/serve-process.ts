/**
 * `causeway serve` as a separate process, for tests that kill, stop and restart nodes. It starts on a data folder,
 * keeps its port across restarts, and is called through its control socket. It is the built command, which starts in a
 * third of the time; `npm test` builds first.
 */
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Client } from '@connectrpc/connect'
import { type LinkStatus, NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { EntryView, TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { dialLocal } from '../../src/transport/local.ts'
import { spawnLeashed } from './leashed.ts'
import { builtCommand } from './project.ts'

interface Running {
  readonly child: ChildProcess
  readonly connection: RpcConnection
}

export class ServeProcess implements AsyncDisposable {
  readonly data: string
  peer = ''
  /** Where it serves metrics and health. */
  admin = ''
  private readonly quic: boolean
  private port = 0
  private running: Running | undefined

  constructor(data: string, { quic = false } = {}) {
    this.data = data
    this.quic = quic
  }

  /** Starts a node. `quic`: it serves QUIC instead of HTTP. */
  static async start(data: string, options: { quic?: boolean } = {}): Promise<ServeProcess> {
    const serve = new ServeProcess(data, options)
    await serve.start()
    return serve
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get trees(): Client<typeof TreeService> {
    return this.running!.connection.client(TreeService)
  }

  get node(): Client<typeof NodeService> {
    return this.running!.connection.client(NodeService)
  }

  /** Starts it on the same port as before and waits until it is ready. */
  async start(): Promise<void> {
    // An endpoint's address does not contain its port, so the port is chosen first.
    if (this.quic && this.port === 0) this.port = await freeUdpPort()
    const listen = this.quic
      ? ['--no-http', '--relay', 'off', '--quic', `127.0.0.1:${this.port}`]
      : ['--http', `127.0.0.1:${this.port}`]
    const args = ['serve', '--no-lan', '--data', this.data, ...listen, '--json']
    const child = spawnLeashed(builtCommand, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout! })
    const ready = await new Promise<{ peer: string; addresses: string[]; admin: string }>(
      (resolve, reject) => {
        lines.once('line', (line) => resolve(JSON.parse(line)))
        child.once('exit', (code) => reject(new Error(`serve ended with ${code} before it was ready.`)))
      },
    )
    lines.on('line', () => {})
    this.peer = ready.peer
    this.admin = ready.admin
    if (!this.quic)
      this.port = Number(new URL(ready.addresses.find((address) => address.startsWith('http:'))!).port)
    const channel = await dialLocal(this.data)
    this.running = { child, connection: new RpcConnection(channel!, { clock: systemClock }) }
  }

  signal(signal: NodeJS.Signals): void {
    this.running!.child.kill(signal)
  }

  /** Ends it by a signal and waits until it is gone. Returns its exit code, or null if it was gone already. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.running === undefined) return null
    const { child, connection } = this.running
    this.running = undefined
    connection.close()
    const exited = once(child, 'exit')
    child.kill(signal)
    if (signal !== 'SIGKILL') child.kill('SIGCONT')
    return (await exited)[0] as number | null
  }

  async ticket(tree: Uint8Array): Promise<string> {
    return (await this.node.createTicket({ tree })).ticket
  }

  /** Waits until a watch shows this many entries of the tree. Returns their payloads in order of arrival. */
  async has(tree: Uint8Array, count: number, signal?: AbortSignal): Promise<string[]> {
    const seen: string[] = []
    for (;;) {
      try {
        const watch = this.trees.watchTree(
          { tree, afterSequence: BigInt(seen.length), view: EntryView.BODY },
          signal === undefined ? {} : { signal },
        )
        for await (const { entries } of watch) {
          for (const { body } of entries) seen.push(Buffer.from(body!.changes[0]!.payload).toString())
          if (seen.length >= count) return seen
        }
      } catch (error) {
        if (!/not here/.test(String(error))) throw error
        // The tree has not arrived yet.
        await this.status(({ weBehind, lastSuccessMs }) => weBehind > 0n || lastSuccessMs > 0n)
      }
    }
  }

  /** Waits until some link has such a status. */
  async status(holds: (link: LinkStatus) => boolean): Promise<void> {
    for await (const { links } of this.node.watchStatus({ follow: true })) if (links.some(holds)) return
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running !== undefined) await this.end('SIGKILL')
  }
}

/** Returns a UDP port of this machine that nobody uses now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
