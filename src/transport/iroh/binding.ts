/**
 * Everything odd about `@number0/iroh` 1.1, in one file, so that a binding that takes buffers can replace it in an
 * hour. Callers see Duplexes and CausewayErrors. In the binding, bytes are arrays of numbers, errors are Rust's debug
 * text, a waiting call cannot be cancelled, and Rust closes an object when JavaScript collects it.
 */
import { Duplex } from 'node:stream'
import type * as Iroh from '@number0/iroh/index.js'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import type { PathInfo } from '../transport.ts'

export type IrohModule = typeof Iroh

/** The protocol that both sides name in the handshake; the endpoint refuses others. */
const alpn = arrayOf(Buffer.from('causeway/1'))

/**
 * Bytes per call. The binding copies element by element (52 ns to write, 80 ns to read), whatever the size. Below 32
 * KiB the cost of a call shows; above 64 KiB nothing is gained, and each call blocks the event loop for longer.
 */
const chunkBytes = 65_536

/** Keeps endpoints and connections in use from being collected, which would end their Rust side. */
const alive = new Set<unknown>()

export interface QuicTarget {
  readonly peer: PeerId
  /** Used in this file only. */
  readonly native: Iroh.EndpointAddr
}

export interface QuicEndpoint {
  readonly peer: PeerId
  /** Returns the standard endpoint ticket for the addresses as they are now. */
  ticket(): string
  hasRelay(): boolean
  connect(target: QuicTarget): Promise<QuicConnection>
  /** Lets others begin a handshake; `accept` returns them. */
  allowInbound(): void
  /** Returns the next incoming connection, or undefined once the endpoint is closed. */
  accept(): Promise<QuicIncoming | undefined>
  close(): Promise<void>
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

export interface BindOptions {
  readonly seed: Uint8Array
  /** `host:port`. Default: all interfaces and free ports. */
  readonly bind?: string
  readonly relay: 'default' | 'off' | readonly string[]
}

export async function bindEndpoint(iroh: IrohModule, options: BindOptions): Promise<QuicEndpoint> {
  const { bind, relay, seed } = options
  const build = async (addresses: string[]): Promise<Iroh.Endpoint> => {
    const builder = iroh.Endpoint.builder()
    // The n0 preset also publishes the address in n0's DNS. With relays of its own, a node uses nothing of n0's.
    if (relay === 'default') iroh.presetN0(builder)
    else iroh.presetMinimal(builder)
    if (relay === 'off') builder.relayMode(iroh.RelayMode.disabled())
    else if (relay !== 'default') builder.relayMode(iroh.RelayMode.customFromUrls([...relay]))
    builder.secretKey(arrayOf(seed))
    for (const address of addresses) builder.bindAddr(address)
    return builder.bind()
  }
  try {
    if (bind === undefined) return wrapEndpoint(iroh, await build([]))
    // An IPv4 address alone leaves an IPv6 socket open on all interfaces, but loopback must mean loopback.
    if (!bind.startsWith('127.')) return wrapEndpoint(iroh, await build([bind]))
    const endpoint = await build([bind, '[::1]:0']).catch(() => build([bind]))
    return wrapEndpoint(iroh, endpoint)
  } catch (error) {
    throw new CausewayError(
      'BAD_ADDRESS',
      `Cannot bind QUIC to ${bind ?? 'any port'}: ${firstLine(error)}.`,
      {
        cause: error,
      },
    )
  }
}

/** Parses an endpoint ticket into its peer and paths. Throws BAD_ADDRESS. */
export function parseTicket(iroh: IrohModule, ticket: string): QuicTarget {
  try {
    const native = iroh.EndpointTicket.fromString(ticket).endpointAddr()
    return { peer: peerOf(native.id()), native }
  } catch (error) {
    throw new CausewayError(
      'BAD_ADDRESS',
      `${JSON.stringify(ticket.slice(0, 200))} is not an iroh endpoint ticket: ${firstLine(error)}.`,
      { cause: error },
    )
  }
}

/** Returns the ticket of a peer at these socket addresses, without its endpoint. */
export function formatTicket(iroh: IrohModule, peer: PeerId, directAddresses: string[]): string {
  const id = iroh.EndpointId.fromBytes(arrayOf(Buffer.from(peer, 'hex')))
  return iroh.EndpointTicket.fromAddr(new iroh.EndpointAddr(id, null, directAddresses)).toString()
}

function wrapEndpoint(iroh: IrohModule, endpoint: Iroh.Endpoint): QuicEndpoint {
  alive.add(endpoint)
  const peer = peerOf(endpoint.id())
  return {
    peer,
    ticket: () => iroh.EndpointTicket.fromAddr(endpoint.addr()).toString(),
    hasRelay: () => endpoint.addr().relayUrl() !== null,
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

/**
 * A QUIC stream as a Duplex. Each half has a lock in Rust, which a waiting call holds: `reset` waits for a blocked
 * `writeAll`, and `stop` for a `read`. So this class never awaits either; the end of the connection frees all.
 */
class QuicStream extends Duplex {
  private readonly send: Iroh.SendStream
  private readonly recv: Iroh.RecvStream
  private reading = false
  private readEnded = false
  private finished = false

  constructor(stream: Iroh.BiStream) {
    super({ highWaterMark: chunkBytes })
    this.send = stream.send
    this.recv = stream.recv
    // The owner sees the stream's `close`. An error without a listener must not end the process.
    this.on('error', () => {})
  }

  override _read(): void {
    if (this.reading || this.readEnded) return
    this.reading = true
    this.recv.read(chunkBytes).then(
      (bytes) => {
        this.reading = false
        this.readEnded = bytes.length === 0
        this.push(this.readEnded ? null : bufferOf(bytes))
      },
      (error) => {
        this.readEnded = true
        this.destroy(streamError(error))
      },
    )
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.writeParts([chunk]).then(
      () => done(),
      (error) => done(streamError(error)),
    )
  }

  /** Writes several chunks in one call: HTTP/2 writes a header of 9 bytes, then its payload. */
  override _writev(chunks: Array<{ chunk: Buffer }>, done: (error?: Error | null) => void): void {
    this.writeParts(chunks.map(({ chunk }) => chunk)).then(
      () => done(),
      (error) => done(streamError(error)),
    )
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finished = true
    this.send.finish().then(
      () => done(),
      (error) => done(streamError(error)),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const ignore = () => {}
    // Like TCP: written bytes arrive, unless there was an error or some are still unwritten.
    if (!this.finished)
      (error !== null || this.writableLength > 0 ? this.send.reset(1n) : this.send.finish()).catch(ignore)
    if (!this.readEnded) this.recv.stop(1n).catch(ignore)
    done(error)
  }

  private async writeParts(parts: readonly Buffer[]): Promise<void> {
    let part = 0
    let offset = 0
    // Ends with the parts: each write takes at least a byte.
    while (part < parts.length) {
      // No await between filling the shared array and the call: the call copies the array before it returns.
      if (scratch.length < chunkBytes) scratch.length = chunkBytes
      let length = 0
      // Ends with the parts, or with a full chunk.
      while (part < parts.length && length < chunkBytes) {
        const bytes = parts[part]!
        const count = Math.min(bytes.length - offset, chunkBytes - length)
        for (let index = 0; index < count; index++) scratch[length + index] = bytes[offset + index]!
        length += count
        offset += count
        if (offset < bytes.length) break
        part++
        offset = 0
      }
      await this.send.writeAll(scratchOf(length))
    }
  }
}

/** Refilled for each call: a new array costs 40 ns per byte, this one 2. */
const scratch: number[] = new Array<number>(chunkBytes).fill(0)

/** Returns the first `length` elements. V8 keeps an array's memory if it is cut to more than half. */
function scratchOf(length: number): number[] {
  if (length <= chunkBytes / 2) return scratch.slice(0, length)
  scratch.length = length
  return scratch
}

function arrayOf(bytes: Uint8Array): number[] {
  return Array.from(bytes)
}

/** Copies an array of the binding to a Buffer at 2 ns per byte; `Buffer.from` takes 27 and `set` 22. */
function bufferOf(array: number[]): Buffer {
  const { length } = array
  const bytes = Buffer.allocUnsafe(length)
  for (let index = 0; index < length; index++) bytes[index] = array[index]!
  return bytes
}

function peerOf(id: Iroh.EndpointId): PeerId {
  return parsePeerId(Buffer.from(id.toBytes()).toString('hex'))
}

/** Returns Rust's debug text without source positions, and without the stack that RUST_BACKTRACE adds. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const lines = text
    .split('\n\nStack backtrace:')[0]!
    .split('\n')
    .map((line) => line.trim())
  const causes = lines.filter((line) => line !== '' && line !== 'Caused by:')
  return (causes.at(-1) ?? 'unknown error').replace(/ \(\/[^)]*\)$/, '').replace(/\.$/, '')
}

function streamError(error: unknown): CausewayError {
  if (error instanceof CausewayError) return error
  return new CausewayError('DISCONNECTED', `The QUIC stream was lost: ${firstLine(error)}.`, { cause: error })
}

/** The binding has no error codes; these parts of rustls' and noq's messages distinguish the cases. */
const connectVerdicts: ReadonlyArray<readonly [RegExp, ErrorCode, string]> = [
  [/invalid peer certificate/, 'WRONG_PEER', 'another node answered at its addresses; ask for a new ticket'],
  [/known protocol/, 'UNREACHABLE', 'what answers there does not serve causeway/1'],
  [/refused/, 'UNREACHABLE', 'it does not accept connections now'],
  [/timed out/, 'TIMEOUT', 'nothing answered'],
]

function connectError(error: unknown, peer: PeerId): CausewayError {
  const text = error instanceof Error ? error.message : String(error)
  const verdict = connectVerdicts.find(([pattern]) => pattern.test(text))
  const [, code, meaning] = verdict ?? [undefined, 'UNREACHABLE' as const, firstLine(error)]
  return new CausewayError(code, `Cannot connect to the peer ${peer}: ${meaning}.`, {
    cause: error,
    data: { peer, reason: firstLine(error) },
  })
}
