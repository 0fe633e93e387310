/**
 * Connections through trusted proxies: each begins with a header of the PROXY protocol, version 1 or 2, that says from
 * where it really comes, or else each request has a header of HTTP that does. So strangers behind one proxy are told apart, and bounds by origin hold for each of them. Who is
 * no trusted proxy cannot name an origin: its bytes are passed on as they are.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, deadline } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { forwardedSource, type ProxySends } from './forwarded.ts'
import { hostPort } from './listening.ts'

export type { ProxySends } from './forwarded.ts'

/** Returns the remote's `ip:port`. An IPv6 server sees IPv4 clients as ::ffff:a.b.c.d, but limits need one address. */
export function remoteAddressOf(socket: Socket): string {
  const host = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
  return hostPort(host, socket.remotePort ?? 0)
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Addresses from which connections are those of proxies. */
export class TrustedProxies {
  private readonly list = new BlockList()
  private readonly isEmpty: boolean
  private readonly sends: ProxySends

  /** Takes addresses and networks such as `10.0.0.0/8`. Throws INVALID_ARGUMENT. */
  constructor(networks: readonly string[], sends: ProxySends = 'proxy') {
    this.isEmpty = networks.length === 0
    this.sends = sends
    for (const network of networks) {
      const [address = '', bits, more] = network.split('/')
      const most = isIP(address) === 6 ? 128 : 32
      const prefix = bits === undefined ? most : Number(bits)
      const isSound =
        isIP(address) !== 0 && more === undefined && /^\d{1,3}$/.test(bits ?? '0') && prefix <= most
      if (!isSound)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `Expected an address or a network such as 10.0.0.0/8, got ${JSON.stringify(network)}.`,
        )
      this.list.addSubnet(address, prefix, family(address))
    }
  }

  /** By the address and port of the proxy: where its open connections really come from. */
  private readonly sources = new Map<string, string>()

  /**
   * Returns from where a connection comes, as `ip:port`: what its proxy said, or its own remote address. `sourceOf` reads
   * from where a request comes, if the connection is of a proxy that says it with each.
   */
  from(socket: Socket): {
    readonly remoteAddress: string
    readonly sourceOf?: (headers: IncomingHttpHeaders) => string | undefined
  } {
    const { sends } = this
    const own = remoteAddressOf(socket)
    if (sends === 'proxy' || this.isEmpty || !this.has(socket.remoteAddress))
      return { remoteAddress: this.sources.get(own) ?? own }
    const sourceOf = (headers: IncomingHttpHeaders) =>
      forwardedSource(headers, sends, (address) => this.has(address))
    return { remoteAddress: own, sourceOf }
  }

  /**
   * Lets a server's listeners have a proxied connection only when its header was read, and closes one without. Calls
   * `track` with the connection before.
   */
  guard(server: Server, clock: Clock, track: (socket: Socket) => void): void {
    if (this.isEmpty || this.sends !== 'proxy') return
    const listeners = server.listeners('connection')
    const pass = (socket: Socket) => {
      for (const listener of listeners) listener.call(server, socket)
    }
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (!this.has(socket.remoteAddress)) return pass(socket)
      track(socket)
      const own = remoteAddressOf(socket)
      socket.once('close', () => this.sources.delete(own))
      readProxyHeader(socket, clock).then(
        (source) => {
          if (socket.destroyed) return
          if (source !== undefined) this.sources.set(own, source)
          pass(socket)
        },
        () => socket.destroy(),
      )
    })
  }

  private has(address: string | undefined): boolean {
    if (address === undefined || isIP(address) === 0) return false
    // As a socket for both families shows an address of IPv4.
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
    return this.list.check(mapped ?? address, family(mapped ?? address))
  }
}

/**
 * Reads the header from the beginning of a connection, and leaves what follows it. Returns where the connection comes
 * from, as `ip:port`; undefined if the proxy speaks for itself, as for its health checks. Throws PROTOCOL and TIMEOUT.
 */
async function readProxyHeader(socket: Socket, clock: Clock): Promise<string | undefined> {
  using limit = deadline(clock, limits.firstBytesTimeoutMs, 'The header of the proxy')
  let bytes: Buffer = Buffer.alloc(0)
  // Ends: each turn reads some bytes, of at most `limits.proxyHeaderBytes`, or the connection or the time is over.
  for (;;) {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) {
      await untilReadable(socket, limit.signal)
      continue
    }
    bytes = Buffer.concat([bytes, chunk])
    const header = parseProxyHeader(bytes)
    if (header === undefined) continue
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    // The stream forgets one turn later that somebody listened for `readable`.
    await nextTurn()
    return header.source
  }
}

function untilReadable(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown) => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onReadable = () => done()
    const onEnd = () => done(notProxied('ended before'))
    const onAbort = () => done(signal.reason)
    if (socket.destroyed || socket.readableEnded) return onEnd()
    if (signal.aborted) return onAbort()
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Returns the header at the beginning of these bytes, or undefined if more of it has to come. Throws PROTOCOL. */
export function parseProxyHeader(
  bytes: Buffer,
): { readonly source: string | undefined; readonly length: number } | undefined {
  if (bytes.subarray(0, 12).equals(signature.subarray(0, bytes.length))) return parseBinary(bytes)
  const end = bytes.subarray(0, limits.proxyLineBytes).indexOf('\r\n')
  if (end < 0) {
    const begins =
      'PROXY '.startsWith(bytes.toString('latin1', 0, 6)) ||
      bytes.subarray(0, 6).equals(Buffer.from('PROXY '))
    if (!begins || bytes.length >= limits.proxyLineBytes) throw notProxied('has')
    return undefined
  }
  const [name, kind, source, , port, , more] = bytes.toString('latin1', 0, end).split(' ')
  if (name !== 'PROXY' || more !== undefined) throw notProxied('has')
  if (kind === 'UNKNOWN') return { source: undefined, length: end + 2 }
  if (isIP(source ?? '') !== (kind === 'TCP4' ? 4 : 6) || !/^\d{1,5}$/.test(port ?? ''))
    throw notProxied('has')
  return { source: hostPort(source!, Number(port)), length: end + 2 }
}

function parseBinary(bytes: Buffer) {
  if (bytes.length < 16) return undefined
  const [command, protocol, rest] = [bytes[12]!, bytes[13]!, bytes.readUInt16BE(14)]
  if (command >> 4 !== 2 || (command & 15) > 1 || rest > limits.proxyHeaderBytes) throw notProxied('has')
  const length = 16 + rest
  if (bytes.length < length) return undefined
  if ((command & 15) === 0) return { source: undefined, length }
  if (protocol === 0x11 && rest >= 12)
    return { source: hostPort([...bytes.subarray(16, 20)].join('.'), bytes.readUInt16BE(24)), length }
  if (protocol === 0x21 && rest >= 36) {
    const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(16 + 2 * index).toString(16))
    return { source: hostPort(groups.join(':'), bytes.readUInt16BE(48)), length }
  }
  // Another protocol, such as a local socket: the proxy cannot say more.
  return { source: undefined, length }
}

function notProxied(what: string): CausewayError {
  return new CausewayError(
    'PROTOCOL',
    `A connection of a trusted proxy ${what} no header of the PROXY protocol: let the proxy send one.`,
  )
}
