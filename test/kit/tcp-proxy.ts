/**
 * A TCP proxy in the test's own process. It sees every byte between two nodes, so a test can act at an exact moment of
 * a transfer, or stop all bytes as an unplugged cable does.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Node } from '../../src/node/node.ts'

export class TcpProxy implements AsyncDisposable {
  /** Bytes from the server, over all connections. */
  fromServer = 0
  /** Called with every chunk from the server before it is passed on. */
  onBytes: (fromServer: number, chunk: Buffer) => void = () => {}
  /** How many connections were made to it. */
  accepted = 0
  private stalled = false
  private closed: Promise<void> | undefined
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(target: { host: string; port: number }, bytesPerSecond: number) {
    this.server = createServer((inner) => {
      this.accepted++
      const outer = connect(target)
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.sockets.delete(from)
          to.destroy()
        })
        from.on('data', (chunk: Buffer) => {
          if (from === outer) {
            this.fromServer += chunk.length
            this.onBytes(this.fromServer, chunk)
          }
          if (this.stalled) return
          if (from === outer && bytesPerSecond !== Number.POSITIVE_INFINITY) {
            from.pause()
            setTimeout(() => from.resume(), (1000 * chunk.length) / bytesPerSecond)
            to.write(chunk)
          } else if (!to.write(chunk)) {
            from.pause()
            to.once('drain', () => from.resume())
          }
        })
      }
    })
  }

  /** Opens a proxy in front of a node that serves over HTTP. */
  static before(node: Node): Promise<TcpProxy> {
    const { hostname: host, port } = new URL(node.addresses()[0]!)
    return TcpProxy.start({ host, port: Number(port) })
  }

  /** Opens a proxy. `bytesPerSecond`: how fast each connection carries the server's bytes. */
  static async start(
    target: { host: string; port: number },
    { bytesPerSecond = Number.POSITIVE_INFINITY } = {},
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, bytesPerSecond)
    proxy.server.listen(0, '127.0.0.1')
    await once(proxy.server, 'listening')
    return proxy
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** From now on no byte passes, and neither side is notified. */
  stall(): void {
    this.stalled = true
  }

  /** Cuts every connection; new ones are accepted. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  /** Cuts every connection and accepts no more. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.closed ??= new Promise((resolve) => this.server.close(() => resolve()))
    await this.closed
  }
}
