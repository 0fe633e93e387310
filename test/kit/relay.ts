/**
 * Somebody who stands between two nodes: a server with an address, a certificate and a key of its own, which passes
 * every call on to another node over a connection of its own. It reads all that passes, so it keeps the tokens, and it
 * can change what a handshake says about the channel.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { createServer, type Server } from 'node:tls'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { HandshakeRequestSchema } from '../../gen/causeway/v1/sync_pb.ts'
import type { Channel } from '../../src/transport/transport.ts'
import { openTunnel, type Tunnel } from '../../src/transport/tunnel.ts'
import { projectFile } from './project.ts'

const fixture = (file: string) => readFileSync(projectFile(`test/kit/fixtures/${file}`), 'utf8')
/** The relay's own certificate: also for localhost and 127.0.0.1, but of another key than the nodes'. */
export const relayCertificate = { key: fixture('relay.key'), cert: fixture('relay.crt') }

const handshakePath = '/causeway.v1.SyncService/Handshake'

export interface RelayOptions {
  /** Opens a channel to the node behind the relay. */
  readonly dial: () => Promise<Channel>
  /** Puts this in place of the binding that a handshake names. Without it handshakes pass unchanged. */
  readonly binding?: string
}

export class Relay implements AsyncDisposable {
  /** The values of the Authorization headers that passed. */
  readonly tokens = new Set<string>()
  /** The paths of the calls that the node behind answered without an error. */
  readonly answered: string[] = []
  private readonly options: RelayOptions
  private readonly http2 = http2.createServer()
  private readonly server: Server
  private readonly sockets = new Set<Duplex>()

  /** Node fails with an internal assertion if a session ends while a stream that is no socket writes. */
  private readonly tunnel: Tunnel

  private constructor(options: RelayOptions, tunnel: Tunnel) {
    this.options = options
    this.tunnel = tunnel
    this.http2.on('session', (session) => {
      const upstream = this.connect()
      session.on('error', () => {})
      session.on('close', () => void upstream.then(({ stream }) => stream.destroy()))
      session.on('stream', (stream, headers) => {
        stream.on('error', () => {})
        void this.pass(stream, headers, upstream).catch(() => stream.destroy())
      })
    })
    this.server = createServer({ ...relayCertificate, ALPNProtocols: ['h2'], allowHalfOpen: true })
    this.server.on('secureConnection', (socket) => this.http2.emit('connection', socket))
    for (const server of [this.server, this.http2])
      server.on('connection', (socket) => {
        this.sockets.add(socket)
        socket.on('error', () => {})
      })
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options, await openTunnel({ host: '127.0.0.1', port: 0, dial: options.dial }))
    for (const server of [relay.server, relay.http2]) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    return relay
  }

  get address(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Passes on the calls of a byte stream that came in some other way than by TLS. */
  serve(stream: Duplex): void {
    const socket = connect((this.http2.address() as AddressInfo).port, '127.0.0.1')
    pipeline(stream, socket, () => {})
    pipeline(socket, stream, () => {})
  }

  private async connect() {
    const stream = connect(this.tunnel)
    await once(stream, 'connect')
    this.sockets.add(stream)
    const session = http2.connect('http://relay', { createConnection: () => stream })
    session.on('error', () => {})
    stream.on('error', () => {})
    return { session, stream }
  }

  private async pass(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    upstream: ReturnType<Relay['connect']>,
  ): Promise<void> {
    if (headers.authorization !== undefined) this.tokens.add(headers.authorization)
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    const body = this.change(headers[':path']!, Buffer.concat(chunks))
    const { 'content-length': _, ...rest } = headers
    const call = (await upstream).session.request(rest)
    call.on('error', () => stream.close())
    stream.once('close', () => setImmediate(() => call.close()))
    call.on('response', (answer) => {
      if (answer[':status'] === 200) this.answered.push(headers[':path']!)
      if (!stream.destroyed) stream.respond(answer)
      call.on('data', (chunk) => stream.writable && stream.write(chunk))
      call.on('end', () => stream.end())
    })
    call.end(body)
  }

  private change(path: string, body: Buffer): Buffer {
    const { binding } = this.options
    if (binding === undefined || path !== handshakePath) return body
    const request = fromBinary(HandshakeRequestSchema, body)
    return Buffer.from(toBinary(HandshakeRequestSchema, Object.assign(request, { binding })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    for (const server of [this.server, this.http2]) await new Promise((resolve) => server.close(resolve))
    await this.tunnel[Symbol.asyncDispose]()
  }
}
