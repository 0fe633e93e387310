/**
 * TCP and TLS: the transport between services, and for all clients that speak plain HTTP. It only carries bytes; the
 * RPC server decides whether they are HTTP/2 or HTTP/1.1, so TLS offers both in ALPN. It proves no peer, since a
 * certificate names a host, not a node's key.
 */
import type { X509Certificate } from 'node:crypto'
import {
  type AddressInfo,
  connect as connectTcp,
  createServer,
  isIPv6,
  type Server,
  type Socket,
} from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls'
import { type Clock, cancelled, deadline, systemClock } from '../base/clock.ts'
import { largestCrowd } from '../base/crowd.ts'
import { CausewayError } from '../base/errors.ts'
import { isLoopback, reachOf } from '../base/hosts.ts'
import { limits } from '../base/limits.ts'
import { originOf } from '../base/origin.ts'
import type { Protection } from '../base/protection.ts'
import type { PeerId } from '../dag/identity.ts'
import { certificateHash } from './certificate.ts'
import type { Door } from './door.ts'
import { handOver, Lifecycle } from './lifecycle.ts'
import { hostPort, listenError, onFirstFree, type Ports, reachableHosts } from './listening.ts'
import { type ProxySends, remoteAddressOf, TrustedProxies } from './proxied.ts'
import { ServedCertificate } from './served-certificate.ts'
import type { Address, Certificate, Channel, DialOptions, Transport } from './transport.ts'

/** PEM text or DER bytes, as node:tls accepts them. */
type Pem = Certificate['cert']

export interface HttpTransportOptions {
  /** Default: `http`. */
  readonly name?: string
  /** Where to listen; port 0 takes a free port, and of several the first free one. Without it the transport only dials. */
  readonly listen?: {
    readonly host: string
    readonly port: Ports
    /** Serves TLS; the addresses are then `https:`. */
    readonly tls?: Certificate
    /** Allows plain HTTP on an address that other machines can reach. */
    readonly insecure?: boolean
    /** Addresses and networks of proxies, and how they say from where others come. Default: by the PROXY protocol. */
    readonly trustedProxies?: readonly string[]
    readonly proxySends?: ProxySends
  }
  /** Certificate authorities to trust when dialling `https:`, in place of Node's own. */
  readonly tls?: { readonly ca?: Pem }
  /** Further addresses at which others reach the server. */
  readonly advertise?: readonly Address[]
  readonly clock?: Clock
  /** Bounds inbound connections by origin. Without it there is no bound. */
  readonly door?: Door
}

const alpnProtocols = ['h2', 'http/1.1']

export function createHttpTransport(options: HttpTransportOptions = {}): Transport {
  return new HttpTransport(options)
}

class HttpTransport implements Transport {
  readonly name: string
  private readonly options: HttpTransportOptions
  private readonly clock: Clock
  private readonly lifecycle: Lifecycle
  private readonly inbound = new Set<Socket>()
  /** Inbound TCP connections on which TLS has not agreed yet, by remote address, the oldest first. */
  private readonly shaking = new Map<string, Socket>()
  /** Open inbound TCP connections. */
  private admitted = 0
  private readonly outbound = new Set<Socket>()
  /** The server while it is listening. */
  private server: Server | undefined
  private readonly served: ServedCertificate
  private readonly proxies: TrustedProxies

  constructor(options: HttpTransportOptions) {
    this.options = options
    this.name = options.name ?? 'http'
    this.served = new ServedCertificate(options.listen?.tls)
    this.proxies = new TrustedProxies(options.listen?.trustedProxies ?? [], options.listen?.proxySends)
    this.clock = options.clock ?? systemClock
    this.lifecycle = new Lifecycle(this.name)
  }

  canHandleAddress(address: Address): boolean {
    return /^https?:\/\//.test(address)
  }

  async dial(address: Address, { signal }: DialOptions = {}): Promise<Channel> {
    this.lifecycle.assertOpen()
    const { secure, host, port } = parseHttpAddress(address)
    using limit = deadline(this.clock, limits.dialTimeoutMs, `Connecting to ${address}`, signal)
    if (limit.signal.aborted) throw cancelled(limit.signal)
    const socket = secure
      ? connectSecurely(host, port, this.options.tls?.ca)
      : connectTcp({ host, port, allowHalfOpen: true, noDelay: true })
    track(this.outbound, socket)
    await untilOpen(socket, secure ? 'secureConnect' : 'connect', limit.signal, address, this.lifecycle)
    return channelOf(
      socket,
      protectionOf(socket, (tls) => tls.getPeerX509Certificate()),
    )
  }

  listen(accept: (channel: Channel) => void): Promise<void> {
    return this.lifecycle.start(() => this.bind(accept))
  }

  stop(): Promise<void> {
    return this.lifecycle.stop(() => this.unbind())
  }

  addresses(): Address[] {
    const { address, port } = this.bound ?? {}
    if (address === undefined || port === undefined) return []
    const scheme = this.options.listen?.tls ? 'https' : 'http'
    const own = reachableHosts(address).map((host) => `${scheme}://${hostPort(host, port)}`)
    return [...this.advertised, ...own]
  }

  farAddresses(): Address[] {
    const isFar = (address: Address) => reachOf(parseHttpAddress(address).host) === 'everywhere'
    return this.addresses().filter((address) => this.advertised.includes(address) || isFar(address))
  }

  async narrow(
    address: Address,
    _peer: PeerId,
    keep: (host: string) => boolean,
  ): Promise<Address | undefined> {
    return keep(parseHttpAddress(address).host) ? address : undefined
  }

  private get advertised(): readonly Address[] {
    return this.options.advertise ?? []
  }

  port(): number | undefined {
    return this.bound?.port
  }

  readonly certificate = () => this.served.shown

  private get bound(): AddressInfo | undefined {
    return this.server?.address() as AddressInfo | undefined
  }

  useCertificate(certificate: Certificate): void {
    this.served.replace(certificate, this.server)
  }

  close(): Promise<void> {
    return this.lifecycle.close(async () => {
      const stopped = this.unbind()
      for (const socket of this.outbound) socket.destroy()
      await stopped
    })
  }

  private async bind(accept: (channel: Channel) => void): Promise<void> {
    const { host, port: ports } = this.checkListen()
    this.server = await onFirstFree(ports, (port) => this.listenOn(host, port, accept))
  }

  private async listenOn(host: string, port: number, accept: (channel: Channel) => void): Promise<Server> {
    const tls = this.served.current
    // Half-open, because a stream whose one direction has ended still carries the answer in the other.
    const socketOptions = { allowHalfOpen: true, noDelay: true }
    const server = tls
      ? createTlsServer({
          ...socketOptions,
          ...tls,
          ALPNProtocols: alpnProtocols,
          handshakeTimeout: limits.tlsHandshakeTimeoutMs,
        })
      : createServer(socketOptions)
    const listener = this.served.listenerAt(host)
    server.on('connection', (socket: Socket) => this.admit(socket))
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (socket.destroyed) return
      if (tls) track(this.inbound, socket)
      const from = this.proxies.from(socket)
      this.shaking.delete(from.remoteAddress)
      const protection = protectionOf(socket, (tls) => tls.getX509Certificate())
      handOver(accept, { ...channelOf(socket, protection), ...from, listener })
    })
    this.proxies.guard(server, this.clock, (socket) => track(this.inbound, socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port, '--http')))
      server.listen({ host, port }, resolve)
    })
    // Later errors concern single connections (too many open files); the server goes on.
    server.on('error', () => {})
    return server
  }

  /**
   * Returns where to listen. Throws INVALID_ARGUMENT if that is not given, or if plain HTTP would leave this machine.
   */
  private checkListen() {
    const { listen } = this.options
    if (listen === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `The transport ${this.name} has no address to listen on. Pass listen: {host, port}.`,
      )
    const { host, tls, insecure } = listen
    if (tls === undefined && !insecure && !isLoopback(host))
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Anyone on the network path can read plain HTTP on ${host}. Serve TLS (--tls-cert and --tls-key), listen on 127.0.0.1 behind a proxy, use QUIC, or accept the risk with --insecure.`,
        { data: { host } },
      )
    return listen
  }

  /** Tracks an inbound TCP connection. Destroys it if its origin has too many, or if there is no room for it. */
  private admit(socket: Socket): void {
    track(this.inbound, socket)
    const { remoteAddress: address, sourceOf } = this.proxies.from(socket)
    const { door, listen } = this.options
    const leave = sourceOf || !door ? () => {} : door.enter(address)
    if (leave === undefined) return void socket.destroy()
    this.admitted++
    if (this.admitted > limits.tcpInboundConnections) this.makeRoom(socket)
    if (listen?.tls) this.shaking.set(address, socket)
    socket.once('close', () => {
      leave()
      this.admitted--
      this.shaking.delete(address)
    })
  }

  /**
   * Ends the oldest TLS handshake of the origin that has most of them under way, or the newest connection if there is
   * none. Connections past their handshake are bounded by the receiver of their channels.
   */
  private makeRoom(newest: Socket): void {
    const handshakes = largestCrowd(this.shaking, ([address]) => originOf(address))
    const [address, socket] = handshakes?.oldest ?? ['', newest]
    this.shaking.delete(address)
    socket.destroy()
  }

  private async unbind(): Promise<void> {
    const { server } = this
    this.server = undefined
    if (server === undefined) return
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
    // Not within a callback of a socket: Node's TLS would go on with memory that this frees.
    await nextTurn()
    for (const socket of this.inbound) socket.destroy()
    await stopped
  }
}

/** Returns what protects a socket's bytes; `certificate` returns the server's certificate of a TLS socket. */
function protectionOf(
  socket: Socket,
  certificate: (socket: TLSSocket) => X509Certificate | undefined,
): Protection {
  if (socket instanceof TLSSocket) {
    const der = certificate(socket)?.raw
    return der === undefined ? { kind: 'none' } : { kind: 'tls', certificate: certificateHash(der) }
  }
  const own = isLoopback(socket.localAddress ?? '') && isLoopback(socket.remoteAddress ?? '')
  return { kind: own ? 'local' : 'none' }
}

function channelOf(stream: Socket, protection: Protection): Channel {
  return {
    stream,
    protection,
    remoteAddress: remoteAddressOf(stream),
    path: () => ({ kind: 'direct', bytesSent: stream.bytesWritten, bytesReceived: stream.bytesRead }),
  }
}

function connectSecurely(host: string, port: number, ca: Pem | undefined): Socket {
  // node:tls accepts allowHalfOpen, but its types lack it.
  const halfOpen = { allowHalfOpen: true }
  const socket = connectTls({
    ...halfOpen,
    host,
    port,
    ALPNProtocols: alpnProtocols,
    // SNI carries names only. For a bare IP address, the IP entries of the certificate are checked.
    ...(isName(host) ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  })
  return socket.setNoDelay(true)
}

/** Keeps a socket in the set while it is open. */
function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  // An error before the owner listens would end the process. The owner's own listener receives it too.
  socket.on('error', () => {})
  socket.once('close', () => sockets.delete(socket))
}

/** Resolves once the socket is open. Otherwise destroys it and rejects with the reason. */
function untilOpen(
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
      `The certificate of ${address} is not valid: ${error.message}. Check the address; if its authority is your own, trust it: set NODE_EXTRA_CA_CERTS=FILE, or tls.ca in a program.`,
      { cause: error, data: { ...data, untrusted: true } },
    )
  return new CausewayError('UNREACHABLE', `Cannot connect to ${address}: ${reasonOf(error)}.`, {
    cause: error,
    data,
  })
}

/** Returns the text of an error. A host with several addresses fails with an AggregateError, which has no message. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ')
  return error.message || (error.code ?? 'unknown error')
}

/** Reports whether OpenSSL rejected a certificate. It has many codes for that; these are their common parts. */
function isCertificateError(error: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH/.test(error.code ?? '')
}

/** Parses `http://host:port` or `https://host:port`. Throws BAD_ADDRESS for anything else. */
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
      `A TCP address is http://host:port or https://host:port, got ${JSON.stringify(address.slice(0, 200))}.`,
    )
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  if (port === 0)
    throw new CausewayError(
      'BAD_ADDRESS',
      `Port 0 of ${address} cannot be dialled: it means "any free port", and only to a server.`,
    )
  return { secure, host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

/**
 * Parses a URL, or returns undefined. It does not use URL.canParse: once V8 has optimized that function, it accepts
 * some texts with letters beyond ASCII that the constructor refuses (found by fuzzing).
 */
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

const isName = (host: string): boolean => !isIPv6(host) && !/^[\d.]+$/.test(host)
