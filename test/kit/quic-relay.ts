/**
 * A relay for QUIC endpoints in the test's own process: it speaks as much of iroh's relay protocol as an endpoint needs to
 * be connected and to have its datagrams forwarded. It believes whoever says who it is, and serves plain HTTP.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** The types of frames that it reads and writes, as the protocol numbers them. */
const challenge = 0
const clientAuth = 1
const confirmed = 2
const toRelay = { datagram: 4, batch: 5 }
const toClient = { datagram: 6, batch: 7 }
const ping = 9
const pong = 10

const keyBytes = 32

export class QuicRelay implements AsyncDisposable {
  /** The tokens that clients sent, '' for none. */
  readonly tokens: string[] = []
  /** Datagrams that were forwarded. */
  forwarded = 0
  private readonly server: Server
  private readonly host: string
  private readonly sockets = new Set<Duplex>()
  /** The clients that are connected, by their keys in hex. */
  private readonly clients = new Map<string, WebSocketStream>()

  private constructor(server: Server, host: string) {
    this.server = server
    this.host = host
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
    server.on('upgrade', (request, socket) => this.upgrade(request, socket))
  }

  static async start(port = 0, host = '127.0.0.1'): Promise<QuicRelay> {
    // Endpoints measure how far a relay is by such requests.
    const server = createServer((_, response) => response.writeHead(204).end())
    server.listen(port, host)
    await once(server, 'listening')
    return new QuicRelay(server, host)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://${this.host}:${this.port}`
  }

  /** The number of endpoints that are connected. */
  get connected(): number {
    return this.clients.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  private upgrade({ headers }: IncomingMessage, socket: Duplex): void {
    this.tokens.push(/^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '')
    const [protocol] = (headers['sec-websocket-protocol'] ?? '').split(/, */)
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${acceptKey(headers['sec-websocket-key']!)}`,
        `Sec-WebSocket-Protocol: ${protocol}`,
        '\r\n',
      ].join('\r\n'),
    )
    const client = new WebSocketStream(socket, (message) => this.receive(client, message))
    socket.once('close', () => {
      if (this.clients.get(client.key) === client) this.clients.delete(client.key)
    })
    client.send(Buffer.concat([Buffer.of(challenge), randomBytes(16)]))
  }

  private receive(client: WebSocketStream, message: Buffer): void {
    const [type] = message
    const body = message.subarray(1)
    if (type === clientAuth) {
      client.key = body.subarray(0, keyBytes).toString('hex')
      this.clients.set(client.key, client)
      client.send(Buffer.of(confirmed))
    } else if (type === ping) client.send(Buffer.concat([Buffer.of(pong), body]))
    else if (type === toRelay.datagram) this.forward(client, toClient.datagram, body)
    else if (type === toRelay.batch) this.forward(client, toClient.batch, body)
  }

  /** Sends a datagram on, with its sender's key in place of its receiver's. */
  private forward(from: WebSocketStream, type: number, body: Buffer): void {
    const to = this.clients.get(body.subarray(0, keyBytes).toString('hex'))
    if (to === undefined) return
    this.forwarded++
    to.send(Buffer.concat([Buffer.of(type), Buffer.from(from.key, 'hex'), body.subarray(keyBytes)]))
  }
}

function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** The server's side of a WebSocket (RFC 6455) that carries whole binary messages. */
class WebSocketStream {
  key = ''
  private readonly socket: Duplex
  private readonly onMessage: (message: Buffer) => void
  private unread = Buffer.alloc(0)

  constructor(socket: Duplex, onMessage: (message: Buffer) => void) {
    this.socket = socket
    this.onMessage = onMessage
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.unread = Buffer.concat([this.unread, chunk])
      // Ends with the bytes that have arrived: each turn takes a frame.
      while (this.readFrame());
    })
  }

  send(message: Buffer, opcode = 2): void {
    const { length } = message
    const head =
      length < 126
        ? Buffer.of(0x80 | opcode, length)
        : Buffer.of(0x80 | opcode, 126, length >> 8, length & 255)
    if (this.socket.writable) this.socket.write(Buffer.concat([head, message]))
  }

  /** Takes a frame off what is unread. Returns false if none is complete. */
  private readFrame(): boolean {
    const { unread } = this
    if (unread.length < 6) return false
    const opcode = unread[0]! & 15
    const short = unread[1]! & 127
    const [length, at] = short < 126 ? [short, 2] : [unread.readUInt16BE(2), 4]
    if (unread.length < at + 4 + length) return false
    const mask = unread.subarray(at, at + 4)
    const payload = Buffer.from(
      unread.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ mask[index & 3]!),
    )
    this.unread = unread.subarray(at + 4 + length)
    if (opcode === 2) this.onMessage(payload)
    else if (opcode === 8) this.socket.end()
    else if (opcode === 9) this.send(payload, 10)
    return true
  }
}
