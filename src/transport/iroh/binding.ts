/**
 * Everything odd about `@number0/iroh` 1.1, in one file, so that a binding that takes buffers can replace it in an
 * hour. Above this line there are Duplexes and CausewayErrors; below it bytes are arrays of numbers, errors are Rust
 * debug text, a call that waits cannot be cancelled, and what JavaScript forgets Rust closes.
 */
import { Duplex } from 'node:stream'
import type * as Iroh from '@number0/iroh/index.js'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import type { PathInfo } from '../transport.ts'

export type IrohModule = typeof Iroh

/** What both sides name in the handshake; other protocols on the same endpoint are refused. */
const alpn = arrayOf(Buffer.from('causeway/1'))

/**
 * Bytes in one call. The binding copies element by element (52 ns to write, 80 to read), whatever the size; below
 * 32 KiB the cost of a call shows, above 64 KiB nothing is won and each call blocks the event loop for longer.
 */
const chunkBytes = 65_536

/** The endpoint's and connections' Rust sides end with their JavaScript objects, so those in use are held here. */
const alive = new Set<unknown>()

export interface QuicTarget {
  readonly peer: PeerId
  /** Opaque to all but this file. */
  readonly native: Iroh.EndpointAddr
}

export interface QuicEndpoint {
  readonly peer: PeerId
  /** The standard endpoint ticket, of the addresses as they are now. */
  ticket(): string
  hasRelay(): boolean
  connect(target: QuicTarget): Promise<QuicConnection>
  /** Lets others begin a handshake; `accept` says who came. */
  allowInbound(): void
  /** The next that knocks; undefined once the endpoint is closed. */
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
  /** The next stream on which the remote has written; undefined once the connection has ended. */
  acceptStream(): Promise<Duplex | undefined>
  path(): PathInfo | undefined
  /** Datagrams received, acknowledgements among them: grows for as long as the remote lives. */
  heard(): number
  /** Makes the remote acknowledge something. */
  ping(): void
  /** Whether it has ended, known before `closed` can tell. */
  ended(): boolean
  /** Resolves with the reason once the connection has ended, on either side. */
  readonly closed: Promise<string>
  close(reason: string): void
  /**
   * How many streams the remote may have open at once, not below the 100 that the handshake has granted. Each may
   * hold 1.25 MB unread: the connection's own window is granted without bound too, and cannot be taken back.
   */
  limitStreams(count: number): void
}

/** The package's `main` names a file that it does not contain. */
const importIroh = () => import('@number0/iroh/index.js')

/** Loads the optional package, whose absence (or that of its part for this platform) is NO_TRANSPORT. */
export async function loadIroh(load: () => Promise<unknown> = importIroh): Promise<IrohModule> {
  try {
    const module = (await load()) as IrohModule & { default?: IrohModule }
    return module.default ?? module
  } catch (error) {
    throw new CausewayError(
      'NO_TRANSPORT',
      `Addresses that begin with iroh: need the optional package @number0/iroh, which does not load here. ` +
        `Run npm install @number0/iroh. (${firstLine(error)})`,
      { cause: error },
    )
  }
}

export interface BindOptions {
  readonly seed: Uint8Array
  /** `host:port`; without it all interfaces and free ports. */
  readonly bind?: string
  readonly relay: 'default' | 'off' | readonly string[]
}

export async function bindEndpoint(iroh: IrohModule, options: BindOptions): Promise<QuicEndpoint> {
  const { bind, relay, seed } = options
  const build = async (addresses: string[]): Promise<Iroh.Endpoint> => {
    const builder = iroh.Endpoint.builder()
    // The n0 preset also publishes the address in n0's DNS; whoever names own relays gets nothing of n0.
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
    // An IPv4 address alone leaves an IPv6 socket open on all interfaces: loopback must mean loopback.
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

/** The peer and paths of an endpoint ticket; BAD_ADDRESS if it is none. */
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

/** The ticket of a peer at known socket addresses, where no endpoint can be asked. */
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
          'The address is this node’s own; it cannot dial itself over QUIC.',
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
        throw lost(error)
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
      // A connection that has ended has no path any more, but the sync that it carried is still reported.
      if (path === undefined) return lastPath
      const { udpTxBytes, udpRxBytes } = connection.stats()
      lastPath = {
        kind: path.isRelay ? 'relay' : path.isIp ? 'direct' : 'unknown',
        // Whole milliseconds, and 0 below one, which is not unknown.
        roundTripMs: path.rttMs || 0.5,
        bytesSent: udpTxBytes,
        bytesReceived: udpRxBytes,
      }
      return lastPath
    },
    heard: () => connection.stats().udpRxDatagrams,
    ping() {
      try {
        connection.sendDatagram([0])
      } catch {
        // Ended, or the remote takes no datagrams: then its keep-alive every 5 s has to do.
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
 * A QUIC stream as a Duplex. Each half has a lock in Rust that a waiting call holds, so `reset` waits for a blocked
 * `writeAll` and `stop` for a `read`; neither is ever awaited here, and the end of the connection frees them all.
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
    // Whoever owns the stream sees its `close`; an error that nobody listens for must not end the process.
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
        this.destroy(lost(error))
      },
    )
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.writeParts([chunk]).then(
      () => done(),
      (error) => done(lost(error)),
    )
  }

  /** HTTP/2 writes a header of 9 bytes and then its payload: together they are one call. */
  override _writev(chunks: Array<{ chunk: Buffer }>, done: (error?: Error | null) => void): void {
    this.writeParts(chunks.map(({ chunk }) => chunk)).then(
      () => done(),
      (error) => done(lost(error)),
    )
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finished = true
    this.send.finish().then(
      () => done(),
      (error) => done(lost(error)),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const ignore = () => {}
    // As TCP: what was written arrives, unless there was an error or something is still unwritten.
    if (!this.finished)
      (error !== null || this.writableLength > 0 ? this.send.reset(1n) : this.send.finish()).catch(ignore)
    if (!this.readEnded) this.recv.stop(1n).catch(ignore)
    done(error)
  }

  private async writeParts(parts: readonly Buffer[]): Promise<void> {
    let part = 0
    let offset = 0
    while (part < parts.length) {
      // No await between filling the shared array and the call, which copies it before it returns.
      if (scratch.length < chunkBytes) scratch.length = chunkBytes
      let length = 0
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

/** Filled anew for each call: a fresh array costs 40 ns a byte, this one 2. */
const scratch: number[] = new Array<number>(chunkBytes).fill(0)

/** Its first `length` elements. V8 keeps the memory of an array that is cut to more than half of it. */
function scratchOf(length: number): number[] {
  if (length <= chunkBytes / 2) return scratch.slice(0, length)
  scratch.length = length
  return scratch
}

function arrayOf(bytes: Uint8Array): number[] {
  return Array.from(bytes)
}

/** On arrays that the binding has made, `Buffer.from` takes 27 ns a byte and `set` 22; this takes 2. */
function bufferOf(array: number[]): Buffer {
  const { length } = array
  const bytes = Buffer.allocUnsafe(length)
  for (let index = 0; index < length; index++) bytes[index] = array[index]!
  return bytes
}

function peerOf(id: Iroh.EndpointId): PeerId {
  return parsePeerId(Buffer.from(id.toBytes()).toString('hex'))
}

/** Rust's debug text, without the source positions and the stack that RUST_BACKTRACE adds. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const lines = text
    .split('\n\nStack backtrace:')[0]!
    .split('\n')
    .map((line) => line.trim())
  const causes = lines.filter((line) => line !== '' && line !== 'Caused by:')
  return (causes.at(-1) ?? 'unknown error').replace(/ \(\/[^)]*\)$/, '').replace(/\.$/, '')
}

function lost(error: unknown): CausewayError {
  if (error instanceof CausewayError) return error
  return new CausewayError('DISCONNECTED', `The QUIC stream was lost: ${firstLine(error)}.`, { cause: error })
}

/** The binding has no codes; these parts of rustls' and noq's messages are what tells the cases apart. */
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
