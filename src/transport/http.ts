/**
 * TCP and TLS: the transport of services, and of everything that speaks plain HTTP. It carries bytes alone; whether
 * they are HTTP/2 or HTTP/1.1 is decided above, so TLS offers both in ALPN. It proves no peer: a certificate names a
 * host, not a node's key.
 */
import {
  type AddressInfo,
  connect as connectTcp,
  createServer,
  isIPv6,
  type Server,
  type Socket,
} from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { type Clock, cancelled, deadline, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Door } from './door.ts'
import { handOver, Lifecycle } from './lifecycle.ts'
import type { Address, Channel, DialOptions, Transport } from './transport.ts'

/** PEM text or DER bytes, as node:tls takes them. */
type Pem = string | Buffer | Array<string | Buffer>

export interface HttpTransportOptions {
  /** `http` if not given. */
  readonly name?: string
  /** Where to listen; port 0 takes a free one. Without it the transport only dials. */
  readonly listen?: {
    readonly host: string
    readonly port: number
    /** Serves TLS, so the addresses are `https:`. */
    readonly tls?: { readonly key: Pem; readonly cert: Pem }
    /** Serves plain HTTP also where others than this machine reach it. */
    readonly insecure?: boolean
  }
  /** For dialling `https:`: the certificate authorities to trust instead of Node's own. */
  readonly tls?: { readonly ca?: Pem }
  readonly clock?: Clock
  /** Who may come in; absent: everybody. */
  readonly door?: Door
}

const alpnProtocols = ['h2', 'http/1.1']

export function createHttpTransport(options: HttpTransportOptions = {}): Transport {
  const { name = 'http', listen, tls, door, clock = systemClock } = options
  const lifecycle = new Lifecycle(name)
  const inbound = new Set<Socket>()
  const outbound = new Set<Socket>()
  const scheme = listen?.tls ? 'https' : 'http'
  let server: Server | undefined

  async function bind(accept: (channel: Channel) => void): Promise<void> {
    if (listen === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `The transport ${name} has no address to listen on. Pass listen: {host, port}.`,
      )
    if (listen.tls === undefined && !listen.insecure && !isLoopback(listen.host))
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Plain HTTP on ${hostPort(listen.host, listen.port)} is open to whoever is on the way. Serve TLS (--tls-cert and --tls-key), listen on 127.0.0.1 behind a proxy, use QUIC, or accept it with --insecure.`,
        { data: { host: listen.host } },
      )
    // Half-open, because a stream that has ended one way still carries the answer the other way.
    const socketOptions = { allowHalfOpen: true, noDelay: true }
    const starting = listen.tls
      ? createTlsServer({
          ...socketOptions,
          ...listen.tls,
          ALPNProtocols: alpnProtocols,
          handshakeTimeout: limits.tlsHandshakeTimeoutMs,
        })
      : createServer(socketOptions)
    starting.maxConnections = limits.tcpInboundConnections
    starting.on('connection', (socket: Socket) => {
      track(inbound, socket)
      const leave = door === undefined ? () => {} : door.enter(remoteAddressOf(socket))
      if (leave === undefined) socket.destroy()
      else socket.once('close', leave)
    })
    starting.on(listen.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (socket.destroyed) return
      if (listen.tls) track(inbound, socket)
      handOver(accept, channelOf(socket))
    })
    await new Promise<void>((resolve, reject) => {
      starting.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new CausewayError(
            'BAD_ADDRESS',
            `The transport ${name} cannot listen on ${hostPort(listen.host, listen.port)}: ${error.message}.`,
            { cause: error, data: { host: listen.host, port: listen.port } },
          ),
        ),
      )
      starting.listen({ host: listen.host, port: listen.port }, resolve)
    })
    // Later errors are of single accepts (too many open files); the server goes on.
    starting.on('error', () => {})
    server = starting
  }

  async function unbind(): Promise<void> {
    const stopping = server
    server = undefined
    if (stopping === undefined) return
    const stopped = new Promise<void>((resolve) => stopping.close(() => resolve()))
    for (const socket of inbound) socket.destroy()
    await stopped
  }

  return {
    name,
    canHandleAddress: (address) => /^https?:\/\//.test(address),
    listen: (accept) => lifecycle.start(() => bind(accept)),
    stop: () => lifecycle.stop(unbind),
    addresses() {
      if (server === undefined) return []
      const { address, port } = server.address() as AddressInfo
      return reachableHosts(address).map((host) => `${scheme}://${hostPort(host, port)}`)
    },
    async dial(address: Address, dialOptions: DialOptions = {}): Promise<Channel> {
      lifecycle.assertOpen()
      const { secure, host, port } = parseHttpAddress(address)
      const { signal } = dialOptions
      using limit = deadline(clock, limits.dialTimeoutMs, `Connecting to ${address}`, signal)
      if (limit.signal.aborted) throw cancelled(limit.signal)
      const socket = secure
        ? connectSecurely(host, port, tls?.ca)
        : connectTcp({ host, port, allowHalfOpen: true, noDelay: true })
      track(outbound, socket)
      await established(socket, secure ? 'secureConnect' : 'connect', limit.signal, address, lifecycle)
      return channelOf(socket)
    },
    close: () =>
      lifecycle.close(async () => {
        const stopped = unbind()
        for (const socket of outbound) socket.destroy()
        await stopped
      }),
  }
}

function channelOf(stream: Socket): Channel {
  return {
    stream,
    remoteAddress: remoteAddressOf(stream),
    path: () => ({ kind: 'direct', bytesSent: stream.bytesWritten, bytesReceived: stream.bytesRead }),
  }
}

function connectSecurely(host: string, port: number, ca: Pem | undefined): Socket {
  // The types of node:tls miss allowHalfOpen, which it takes.
  const halfOpen = { allowHalfOpen: true }
  const socket = connectTls({
    ...halfOpen,
    host,
    port,
    ALPNProtocols: alpnProtocols,
    // SNI carries names only; the certificate of a bare IP address is checked against its IP entries.
    ...(isName(host) ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  })
  return socket.setNoDelay(true)
}

/** Remembers a socket for as long as it is open. */
function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  // Without a listener an error that comes before the owner's would end the process; the owner sees its own copy.
  socket.on('error', () => {})
  socket.once('close', () => sockets.delete(socket))
}

function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  address: Address,
  lifecycle: Lifecycle,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: CausewayError) => {
      socket.off(event, onOpen).off('error', onError).off('close', onClose)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) return resolve()
      socket.destroy()
      reject(error)
    }
    const onOpen = () => done()
    const onError = (error: NodeJS.ErrnoException) => done(dialError(address, error))
    const onClose = () =>
      done(
        lifecycle.closed ? lifecycle.closedError() : dialError(address, new Error('the connection closed')),
      )
    const onAbort = () => done(cancelled(signal))
    socket.once(event, onOpen).once('error', onError).once('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function dialError(address: Address, error: NodeJS.ErrnoException): CausewayError {
  const data = { address, reason: error.code ?? 'unknown' }
  if (isCertificateError(error))
    return new CausewayError(
      'WRONG_PEER',
      `The certificate of ${address} does not hold: ${error.message}. Trust its authority with tls.ca, or check the address.`,
      { cause: error, data },
    )
  return new CausewayError('UNREACHABLE', `Cannot connect to ${address}: ${reasonOf(error)}.`, {
    cause: error,
    data,
  })
}

/** A host with several addresses fails with an AggregateError that has no message of its own. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ')
  return error.message || (error.code ?? 'unknown error')
}

/** OpenSSL's verdicts on a chain have many codes; these are their common parts. */
function isCertificateError(error: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH/.test(error.code ?? '')
}

/** The parts of `http://host:port` or `https://host:port`; BAD_ADDRESS for anything else. */
export function parseHttpAddress(address: Address): { secure: boolean; host: string; port: number } {
  const url = parseUrl(address)
  const secure = url?.protocol === 'https:'
  if (
    url === undefined ||
    (!secure && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== '' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new CausewayError(
      'BAD_ADDRESS',
      `An address over TCP is http://host:port or https://host:port, got ${JSON.stringify(address.slice(0, 200))}.`,
    )
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  if (port === 0)
    throw new CausewayError(
      'BAD_ADDRESS',
      `Port 0 of ${address} cannot be dialled; it only means "any" to a server.`,
    )
  return { secure, host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

/** Not by URL.canParse: once V8 has optimized it, it says yes to some texts with letters beyond ASCII that the constructor refuses (fuzz). */
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)

const isName = (host: string): boolean => !isIPv6(host) && !/^[\d.]+$/.test(host)

const hostPort = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`

/** IPv4 clients of an IPv6 server come as ::ffff:a.b.c.d; limits per address must see one address. */
function remoteAddressOf(socket: Socket): string {
  const host = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
  return hostPort(host, socket.remotePort ?? 0)
}

/** The wildcard address is nobody's: in its place the machine's own, or loopback if it has no other. */
function reachableHosts(bound: string): string[] {
  if (bound !== '0.0.0.0' && bound !== '::') return [bound]
  const hosts = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'))
    .filter((entry) => bound === '::' || entry.family === 'IPv4')
    .map((entry) => entry.address)
  return hosts.length > 0 ? hosts : [bound === '::' ? '::1' : '127.0.0.1']
}
