/**
 * A simulated network in one process: delay, jitter, bandwidth, broken connections, stalls and partitions, all in the
 * clock's time and from one seed, so that a run of a whole cluster can be repeated exactly. It is a real transport and
 * passes the same contract as the others. It proves the remote's key if the remote's transport was given an identity.
 */
import { type Clock, cancelled, deadline, sleep, systemClock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Identity } from '../../dag/identity.ts'
import { handOver, Lifecycle } from '../lifecycle.ts'
import type { Address, Channel, DialOptions, Transport } from '../transport.ts'
import { createMemoryPair, type LinkState, type MemoryStream } from './stream.ts'

export interface LinkSettings {
  readonly delayMs?: number
  /** Added to the delay, uniform from 0 to this. */
  readonly jitterMs?: number
  readonly bytesPerSecond?: number
  /** Probability that a chunk (or a dial) breaks the connection, 0 to 1. */
  readonly lossPerChunk?: number
}

export interface MemoryNetworkOptions {
  readonly clock?: Clock
  /** The seed of all randomness in the network. */
  readonly seed?: number
  /** The settings of every link that `setLink` does not set. */
  readonly link?: LinkSettings
}

export interface MemoryTransportOptions {
  readonly name?: string
  readonly host: string
  readonly identity?: Identity
}

export interface MemoryNetwork {
  transport(options: MemoryTransportOptions): Transport
  /** Changes a link in both directions, for everything sent from now on. */
  setLink(a: string, b: string, settings: LinkSettings): void
  /** Breaks all connections between two hosts now, or all of one host. */
  cut(a: string, b?: string): void
  /** Makes a link half-open: nothing of `from` reaches `to` any more, and neither side notices. */
  stall(from: string, to: string): void
  resume(from: string, to: string): void
  /** Hosts reach only hosts of their own group. Hosts in no group form one group. No host notices. */
  partition(groups: readonly (readonly string[])[]): void
  /** Ends all partitions and stalls; the bytes held back arrive. */
  heal(): void
  /** Number of open connections, for tests. */
  readonly connections: number
}

interface Connection {
  readonly from: string
  readonly to: string
  readonly near: MemoryStream
  readonly far: MemoryStream
}

interface Listener {
  readonly identity: Identity | undefined
  accept(stream: MemoryStream, channel: Channel): void
}

const addressPattern = /^memory:([A-Za-z0-9._-]{1,64})$/

export function createMemoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  return new SimulatedNetwork(options)
}

class SimulatedNetwork implements MemoryNetwork {
  readonly clock: Clock
  readonly random: () => number
  /** The listening transports by host. */
  readonly listeners = new Map<string, Listener>()
  private readonly defaults: LinkSettings
  private readonly links = new Map<string, LinkSettings>()
  /** Directions that are stalled, as `from>to`. */
  private readonly stalls = new Set<string>()
  private readonly open = new Set<Connection>()
  /** Wakes the dials that wait at a blocked direction. */
  private readonly waiters = new Set<() => void>()
  private groups: readonly (readonly string[])[] | undefined

  constructor({ clock = systemClock, seed = 1, link = {} }: MemoryNetworkOptions) {
    this.clock = clock
    this.random = seededRandom(seed)
    this.defaults = link
  }

  get connections(): number {
    return this.open.size
  }

  transport(options: MemoryTransportOptions): Transport {
    return new MemoryTransport(this, options)
  }

  setLink(a: string, b: string, settings: LinkSettings): void {
    this.links.set(linkName(a, b), settings)
    this.update()
  }

  cut(a: string, b?: string): void {
    for (const { from, to, near } of [...this.open])
      if (b === undefined ? from === a || to === a : (from === a && to === b) || (from === b && to === a))
        near.cut()
  }

  stall(from: string, to: string): void {
    this.stalls.add(`${from}>${to}`)
  }

  resume(from: string, to: string): void {
    this.stalls.delete(`${from}>${to}`)
    this.update()
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.groups = groups.map((group) => [...group])
    this.update()
  }

  heal(): void {
    this.groups = undefined
    this.stalls.clear()
    this.update()
  }

  /** The state of the link in one direction, now. */
  linkState(from: string, to: string): LinkState {
    const settings = this.links.get(linkName(from, to)) ?? this.defaults
    const {
      delayMs = 0,
      jitterMs = 0,
      bytesPerSecond = Number.POSITIVE_INFINITY,
      lossPerChunk = 0,
    } = settings
    return { delayMs, jitterMs, bytesPerSecond, lossPerChunk, blocked: this.isBlocked(from, to) }
  }

  /** Takes one direction of a dial's round trip. Waits while the direction is blocked, until the signal fires. */
  async travel(from: string, to: string, signal: AbortSignal): Promise<void> {
    const { delayMs, jitterMs } = this.linkState(from, to)
    const travelMs = delayMs + jitterMs * this.random()
    if (travelMs > 0) await sleep(this.clock, travelMs, signal)
    // Ends with the block, or with the call. Each turn waits.
    while (this.isBlocked(from, to)) {
      if (signal.aborted) throw cancelled(signal)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiters.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.waiters.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
    if (signal.aborted) throw cancelled(signal)
  }

  /** Joins two hosts: passes one end to the listener and returns the other. */
  connect(from: string, to: string, listener: Listener, identity: Identity | undefined) {
    const [near, far] = createMemoryPair(this.clock, this.random, {
      there: () => this.linkState(from, to),
      back: () => this.linkState(to, from),
    })
    const connection: Connection = { from, to, near, far }
    this.open.add(connection)
    const onClose = () => near.closed && far.closed && this.open.delete(connection)
    near.once('close', onClose)
    far.once('close', onClose)
    listener.accept(far, this.channelOf(far, to, from, identity))
    return { near, channel: this.channelOf(near, from, to, listener.identity) }
  }

  private channelOf(
    stream: MemoryStream,
    here: string,
    there: string,
    remote: Identity | undefined,
  ): Channel {
    return {
      stream,
      ...(remote === undefined ? {} : { remotePeer: remote.peer }),
      protection: { kind: remote === undefined ? 'local' : 'keys' },
      remoteAddress: `memory:${there}`,
      path: () => ({
        kind: 'direct',
        roundTripMs: this.linkState(here, there).delayMs + this.linkState(there, here).delayMs,
        bytesSent: stream.bytesSent,
        bytesReceived: stream.bytesReceived,
      }),
    }
  }

  private isBlocked(from: string, to: string): boolean {
    return this.stalls.has(`${from}>${to}`) || this.groupOf(from) !== this.groupOf(to)
  }

  private groupOf(host: string): number | undefined {
    return this.groups?.findIndex((group) => group.includes(host))
  }

  /** Applies a changed network to what is in flight. */
  private update(): void {
    for (const { near } of this.open) near.pump()
    for (const wake of [...this.waiters]) wake()
  }
}

class MemoryTransport implements Transport {
  readonly name: string
  private readonly network: SimulatedNetwork
  private readonly host: string
  private readonly address: Address
  private readonly identity: Identity | undefined
  private readonly lifecycle: Lifecycle
  private readonly inbound = new Set<MemoryStream>()
  private readonly outbound = new Set<MemoryStream>()
  /** Ends the dials that are under way. */
  private readonly dials = new Set<AbortController>()

  constructor(network: SimulatedNetwork, { name = 'memory', host, identity }: MemoryTransportOptions) {
    this.network = network
    this.name = name
    this.host = host
    this.address = `memory:${host}`
    parseMemoryAddress(this.address)
    this.identity = identity
    this.lifecycle = new Lifecycle(name)
  }

  canHandleAddress(address: Address): boolean {
    return address.startsWith('memory:')
  }

  addresses(): Address[] {
    return this.lifecycle.listening ? [this.address] : []
  }

  async dial(address: Address, { signal }: DialOptions = {}): Promise<Channel> {
    this.lifecycle.assertOpen()
    const to = parseMemoryAddress(address)
    if (signal?.aborted) throw cancelled(signal)
    const dial = new AbortController()
    const onAbort = () => dial.abort(cancelled(signal!))
    signal?.addEventListener('abort', onAbort, { once: true })
    this.dials.add(dial)
    const { network, host } = this
    using limit = deadline(network.clock, limits.dialTimeoutMs, `Connecting to ${address}`, dial.signal)
    try {
      await network.travel(host, to, limit.signal)
      const listener = network.listeners.get(to)
      await network.travel(to, host, limit.signal)
      if (
        listener === undefined ||
        network.listeners.get(to) !== listener ||
        network.random() < network.linkState(host, to).lossPerChunk
      )
        throw new CausewayError('UNREACHABLE', `Nothing listens at ${address}.`)
      const { near, channel } = network.connect(host, to, listener, this.identity)
      track(this.outbound, near)
      return channel
    } finally {
      this.dials.delete(dial)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  listen(accept: (channel: Channel) => void): Promise<void> {
    return this.lifecycle.start(async () => {
      const { listeners } = this.network
      if (listeners.has(this.host))
        throw new CausewayError('BAD_ADDRESS', `Another transport already listens at ${this.address}.`)
      listeners.set(this.host, {
        identity: this.identity,
        accept: (stream, channel) => {
          track(this.inbound, stream)
          queueMicrotask(() => handOver(accept, channel))
        },
      })
    })
  }

  stop(): Promise<void> {
    return this.lifecycle.stop(() => this.unbind())
  }

  close(): Promise<void> {
    for (const dial of this.dials) dial.abort(this.lifecycle.closedError())
    const { listening } = this.lifecycle
    return this.lifecycle.close(async () => {
      if (listening) await this.unbind()
      for (const stream of [...this.inbound, ...this.outbound]) stream.destroy()
    })
  }

  private async unbind(): Promise<void> {
    this.network.listeners.delete(this.host)
    for (const stream of this.inbound) stream.destroy()
  }
}

/** The key of a link, the same for both directions. */
function linkName(a: string, b: string): string {
  return [a, b].sort().join(' ')
}

/** Returns the host of `memory:host`. Throws BAD_ADDRESS for anything else. */
function parseMemoryAddress(address: Address): string {
  const host = addressPattern.exec(address)?.[1]
  if (host !== undefined) return host
  throw new CausewayError(
    'BAD_ADDRESS',
    `A simulated address is memory:name, got ${JSON.stringify(address.slice(0, 200))}.`,
  )
}

function track(streams: Set<MemoryStream>, stream: MemoryStream): void {
  streams.add(stream)
  stream.once('close', () => streams.delete(stream))
}

/** Returns a source of numbers, uniform in [0, 1), from a 32-bit seed (mulberry32): the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
