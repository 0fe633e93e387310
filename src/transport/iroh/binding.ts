/**
 * Everything odd about `@number0/iroh` 1.1, here, in stream.ts and in errors.ts, so that a binding that takes buffers can
 * replace it in an hour. Callers see Duplexes and CausewayErrors. In the binding, bytes are arrays of numbers, errors are
 * Rust's debug text, a waiting call cannot be cancelled, Rust closes an object when JavaScript collects it, and the
 * functions `watch…` end the process: poll instead.
 */
import type { Duplex } from 'node:stream'
import type * as Iroh from '@number0/iroh/index.js'
import { CausewayError } from '../../base/errors.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import { listenError, onFirstFree, type Ports } from '../listening.ts'
import type { PathInfo } from '../transport.ts'
import { connectError, firstLine, streamError } from './errors.ts'
import { QuicStream } from './stream.ts'

export type IrohModule = typeof Iroh

/** The protocol that both sides name in the handshake; the endpoint refuses others. */
const alpn = arrayOf(Buffer.from('causeway/1'))

/** Keeps endpoints and connections in use from being collected, which would end their Rust side. */
const alive = new Set<unknown>()

export interface QuicTarget {
  readonly peer: PeerId
  /** The relay that the address names. */
  readonly relay: string | undefined
  /** Dialled in this file only. */
  readonly native: Iroh.EndpointAddr
}

export interface QuicEndpoint {
  readonly peer: PeerId
  /** Returns where it is reached: its sockets, `ip:port`, and the relay that it has chosen. */
  paths(): QuicPaths
  /** Returns the standard endpoint ticket for such paths. */
  ticket(paths: QuicPaths): string
  /**
   * Resolves when it is connected to its relay, now or later. While that waits, neither the process ends by itself nor is
   * the endpoint's port freed, even if the endpoint is closed.
   */
  online(): Promise<void>
  /** Adds a socket to those at which it is reached: its own as others see it. */
  addSocket(socket: string): Promise<void>
  removeSocket(socket: string): Promise<void>
  /** Takes the relays out and in again, so that it connects anew. */
  renewRelays(): Promise<void>
  /** The local UDP port. */
  port(): number
  connect(target: QuicTarget): Promise<QuicConnection>
  /** Lets others begin a handshake; `accept` returns them. */
  allowInbound(): void
  /** Returns the next incoming connection, or undefined once the endpoint is closed. */
  accept(): Promise<QuicIncoming | undefined>
  close(): Promise<void>
}

export interface QuicPaths {
  readonly direct: readonly string[]
  readonly relay?: string
}

/** The relays that an endpoint uses: n0's public ones, none, or others by URL. */
export type RelayChoice = 'n0' | 'off' | readonly string[]

export interface RelayOptions {
  readonly relay: RelayChoice
  /** The token that relays by URL ask for. */
  readonly relayToken?: string
  /** The UDP port at which relays by URL tell endpoints where they are seen. Default: none is asked. */
  readonly relayDiscoveryPort?: number
}

export interface QuicIncoming {
  admit(): Promise<QuicConnection>
  refuse(): Promise<void>
}

export interface QuicConnection {
  readonly remotePeer: PeerId
  readonly remoteAddress: string
  openStream(): Promise<Duplex>
  /** Returns the next stream on which the remote has written, or undefined once the connection has ended. */
  acceptStream(): Promise<Duplex | undefined>
  path(): PathInfo | undefined
  /** Returns the number of datagrams received, including acknowledgements. It grows while the remote is alive. */
  datagramsReceived(): number
  /** Sends something that the remote acknowledges. */
  ping(): void
  /** Reports whether the connection has ended, before `closed` resolves. */
  ended(): boolean
  /** Resolves with the reason once the connection has ended, on either side. */
  readonly closed: Promise<string>
  close(reason: string): void
  /**
   * Sets how many streams the remote may have open at once, at least the 100 that the handshake has granted. Each may
   * hold 1.25 MB unread: the connection's own window has no bound, and cannot be reduced.
   */
  limitStreams(count: number): void
}

/** The package's `main` names a file that it does not contain, so this names the right one. */
const importIroh = () => import('@number0/iroh/index.js')

/** Loads the optional package. Throws NO_TRANSPORT if it, or its part for this platform, is missing. */
export async function loadIroh(load: () => Promise<unknown> = importIroh): Promise<IrohModule> {
  try {
    const module = (await load()) as IrohModule & { default?: IrohModule }
    return module.default ?? module
  } catch (error) {
    throw new CausewayError(
      'NO_TRANSPORT',
      `Addresses that begin with iroh: need the optional package @number0/iroh, which cannot be loaded. ` +
        `Run npm install @number0/iroh. (${firstLine(error)})`,
      { cause: error },
    )
  }
}

export interface BindOptions extends RelayOptions {
  readonly seed: Uint8Array
  /** `host:port`. Default: all interfaces and `ports`. */
  readonly bind?: string
  /** Ports to try in turn. Default: any free one. */
  readonly ports?: Ports
}

export async function bindEndpoint(iroh: IrohModule, options: BindOptions): Promise<QuicEndpoint> {
  const { bind, relay, seed } = options
  const relays = relaysOf(iroh, options)
  const build = async (addresses: string[]): Promise<Iroh.Endpoint> => {
    const builder = iroh.Endpoint.builder()
    // The n0 preset also publishes the address in n0's DNS. With relays of its own, a node uses nothing of n0's.
    if (relay === 'n0') iroh.presetN0(builder)
    else iroh.presetMinimal(builder)
    // With an empty map of relays it would still use those that the addresses of others name.
    if (relay === 'off') builder.relayMode(iroh.RelayMode.disabled())
    else if (relay !== 'n0') builder.relayMode(iroh.RelayMode.custom(relays))
    builder.secretKey(arrayOf(seed))
    for (const address of addresses) builder.bindAddr(address)
    return builder.bind()
  }
  /** Some machines have no IPv6. */
  const buildBoth = (address: string, ip6: string) => build([address, ip6]).catch(() => build([address]))
  const bindTo = async (host: string, port: number): Promise<Iroh.Endpoint> => {
    try {
      if (host === '') return await (port === 0 ? build([]) : buildBoth(`0.0.0.0:${port}`, `[::]:${port}`))
      // An IPv4 address alone leaves an IPv6 socket open on all interfaces, but loopback must mean loopback.
      if (host.startsWith('127.')) return await buildBoth(`${host}:${port}`, '[::1]:0')
      return await build([`${host}:${port}`])
    } catch (error) {
      const cause = new Error(firstLine(error), { cause: error })
      throw listenError(cause, host || '0.0.0.0', port, '--quic')
    }
  }
  const [, host = '', given] = /^(.*):(\d+)$/.exec(bind ?? '') ?? []
  const ports = given === undefined ? (options.ports ?? 0) : Number(given)
  return wrapEndpoint(iroh, await onFirstFree(ports, (port) => bindTo(host, port)), relays)
}

function relaysOf(iroh: IrohModule, options: RelayOptions): Iroh.RelayMap {
  const { relay, relayToken: authToken, relayDiscoveryPort: quicPort } = options
  if (relay === 'n0') return iroh.RelayMode.defaultMode().relayMap()
  const relays = iroh.RelayMap.empty()
  for (const url of relay === 'off' ? [] : relay)
    relays.insert({ url, ...(authToken && { authToken }), ...(quicPort && { quicPort }) })
  return relays
}

/** Parses an endpoint ticket into its peer and paths. Throws BAD_ADDRESS. */
export function parseTicket(iroh: IrohModule, ticket: string): QuicTarget {
  try {
    const native = iroh.EndpointTicket.fromString(ticket).endpointAddr()
    return { peer: peerOf(native.id()), relay: native.relayUrl() ?? undefined, native }
  } catch (error) {
    throw new CausewayError(
      'BAD_ADDRESS',
      `${JSON.stringify(ticket.slice(0, 200))} is not an iroh endpoint ticket: ${firstLine(error)}.`,
      { cause: error },
    )
  }
}

/** Returns the ticket of a peer at these socket addresses, without its endpoint. */
export function formatTicket(iroh: IrohModule, peer: PeerId, { direct, relay }: QuicPaths): string {
  const id = iroh.EndpointId.fromBytes(arrayOf(Buffer.from(peer, 'hex')))
  return iroh.EndpointTicket.fromAddr(new iroh.EndpointAddr(id, relay ?? null, [...direct])).toString()
}

function wrapEndpoint(iroh: IrohModule, endpoint: Iroh.Endpoint, relays: Iroh.RelayMap): QuicEndpoint {
  alive.add(endpoint)
  const peer = peerOf(endpoint.id())
  return {
    peer,
    paths() {
      const address = endpoint.addr()
      const relay = address.relayUrl()
      return { direct: address.directAddresses(), ...(relay !== null && { relay }) }
    },
    ticket: (paths) => formatTicket(iroh, peer, paths),
    online: () => endpoint.online(),
    addSocket: (socket) => endpoint.addExternalAddr(socket),
    async removeSocket(socket) {
      await endpoint.removeExternalAddr(socket)
    },
    async renewRelays() {
      for (const url of relays.urls()) {
        await endpoint.removeRelay(url)
        await endpoint.insertRelay(relays.get(url)!)
      }
    },
    port: () => Number(/\d+$/.exec(endpoint.boundSockets()[0] ?? '')?.[0] ?? 0),
    async connect(target) {
      if (target.peer === peer)
        throw new CausewayError(
          'BAD_ADDRESS',
          'The address is this node’s own, and a node cannot dial itself over QUIC.',
        )
      try {
        return wrapConnection(await endpoint.connect(target.native, alpn))
      } catch (error) {
        throw connectError(error, target.peer)
      }
    },
    allowInbound: () => endpoint.setAlpns([alpn]),
    async accept() {
      const incoming = await endpoint.acceptNext()
      if (incoming === null) return undefined
      return {
        admit: async () => wrapConnection(await (await incoming.accept()).connect()),
        refuse: () => incoming.refuse(),
      }
    },
    async close() {
      await endpoint.close()
      alive.delete(endpoint)
    },
  }
}

function wrapConnection(connection: Iroh.Connection): QuicConnection {
  alive.add(connection)
  const closed = connection.closed().then((reason) => {
    alive.delete(connection)
    return reason
  })
  const selected = () => connection.paths().find((path) => path.isSelected)
  let lastPath: PathInfo | undefined
  return {
    remotePeer: peerOf(connection.remoteId()),
    remoteAddress: selected()?.remoteAddr ?? 'unknown',
    closed,
    async openStream() {
      try {
        return new QuicStream(await connection.openBi())
      } catch (error) {
        throw streamError(error)
      }
    },
    async acceptStream() {
      try {
        return new QuicStream(await connection.acceptBi())
      } catch {
        return undefined // The reason is in `closed`.
      }
    },
    ended: () => connection.closeReason() !== null,
    path() {
      const path = selected()
      // After its end a connection has no path, but the sync that it carried is still reported.
      if (path === undefined) return lastPath
      const { udpTxBytes, udpRxBytes } = connection.stats()
      lastPath = {
        kind: path.isRelay ? 'relay' : path.isIp ? 'direct' : 'unknown',
        // The binding reports whole milliseconds, and 0 below one; 0 would mean unknown.
        roundTripMs: path.rttMs || 0.5,
        bytesSent: udpTxBytes,
        bytesReceived: udpRxBytes,
      }
      return lastPath
    },
    datagramsReceived: () => connection.stats().udpRxDatagrams,
    ping() {
      try {
        connection.sendDatagram([0])
      } catch {
        // It has ended, or the remote takes no datagrams; then the remote's keep-alive every 5 s must suffice.
      }
    },
    close: (reason) => connection.close(0n, arrayOf(Buffer.from(reason))),
    limitStreams(count) {
      connection.setMaxConcurrentBiStreams(BigInt(count))
      connection.setMaxConcurrentUniStreams(0n)
    },
  }
}

function arrayOf(bytes: Uint8Array): number[] {
  return Array.from(bytes)
}

function peerOf(id: Iroh.EndpointId): PeerId {
  return parsePeerId(Buffer.from(id.toBytes()).toString('hex'))
}
