/**
 * A simulated network in one process: delay, jitter, bandwidth, broken connections, stalls and partitions, all in
 * the clock's time and from one seed, so that a whole cluster can be run, and run again. It is a real transport and
 * passes the same contract as the others; it proves the remote's key where the transport was given an identity.
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
  /** Everything random in the network follows from it. */
  readonly seed?: number
  /** What every link is like that `setLink` does not say otherwise of. */
  readonly link?: LinkSettings
}

export interface MemoryNetwork {
  transport(options: { name?: string; host: string; identity?: Identity }): Transport
  /** Changes a link in both directions, for what is sent from now on. */
  setLink(a: string, b: string, settings: LinkSettings): void
  /** Breaks all connections between two hosts now, or all of one host. */
  cut(a: string, b?: string): void
  /** Half-open: nothing of `from` reaches `to` any more, and neither is told. */
  stall(from: string, to: string): void
  resume(from: string, to: string): void
  /** Hosts reach only those of their group; those that no group names are one group. Nobody is told. */
  partition(groups: readonly (readonly string[])[]): void
  /** Ends all partitions and stalls; what was held back arrives. */
  heal(): void
  /** Open connections, for tests. */
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
  const { clock = systemClock, seed = 1, link = {} } = options
  const random = seededRandom(seed)
  const links = new Map<string, LinkSettings>()
  const stalled = new Set<string>()
  const listeners = new Map<string, Listener>()
  const connections = new Set<Connection>()
  let groups: readonly (readonly string[])[] | undefined

  const groupOf = (host: string) => groups!.findIndex((group) => group.includes(host))
  const blocked = (from: string, to: string) =>
    stalled.has(`${from}>${to}`) || (groups !== undefined && groupOf(from) !== groupOf(to))

  function linkState(from: string, to: string): LinkState {
    const settings = links.get([from, to].sort().join(' ')) ?? link
    const {
      delayMs = 0,
      jitterMs = 0,
      bytesPerSecond = Number.POSITIVE_INFINITY,
      lossPerChunk = 0,
    } = settings
    return { delayMs, jitterMs, bytesPerSecond, lossPerChunk, blocked: blocked(from, to) }
  }

  /** Those who wait for a way to open. */
  const waiting = new Set<() => void>()
  function changed(): void {
    for (const { near } of connections) near.pump()
    for (const wake of [...waiting]) wake()
  }

  /** One way of a dial's round trip; a blocked one takes until it is open, or the signal fires. */
  async function travel(from: string, to: string, signal: AbortSignal): Promise<void> {
    const { delayMs, jitterMs } = linkState(from, to)
    const travelMs = delayMs + jitterMs * random()
    if (travelMs > 0) await sleep(clock, travelMs, signal)
    while (blocked(from, to)) {
      if (signal.aborted) throw cancelled(signal)
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
    if (signal.aborted) throw cancelled(signal)
  }

  function connect(from: string, to: string, listener: Listener, identity: Identity | undefined) {
    const [near, far] = createMemoryPair(clock, random, {
      there: () => linkState(from, to),
      back: () => linkState(to, from),
    })
    const connection: Connection = { from, to, near, far }
    connections.add(connection)
    const onClose = () => near.closed && far.closed && connections.delete(connection)
    near.once('close', onClose)
    far.once('close', onClose)
    listener.accept(far, channelOf(far, to, from, identity))
    return { near, channel: channelOf(near, from, to, listener.identity) }
  }

  function channelOf(
    stream: MemoryStream,
    here: string,
    there: string,
    remote: Identity | undefined,
  ): Channel {
    return {
      stream,
      ...(remote === undefined ? {} : { remotePeer: remote.peer }),
      remoteAddress: `memory:${there}`,
      path: () => ({
        kind: 'direct',
        roundTripMs: linkState(here, there).delayMs + linkState(there, here).delayMs,
        bytesSent: stream.bytesSent,
        bytesReceived: stream.bytesReceived,
      }),
    }
  }

  function transport(settings: { name?: string; host: string; identity?: Identity }): Transport {
    const { name = 'memory', host, identity } = settings
    const address = `memory:${host}`
    parseMemoryAddress(address)
    const lifecycle = new Lifecycle(name)
    const inbound = new Set<MemoryStream>()
    const outbound = new Set<MemoryStream>()
    const dialling = new Set<AbortController>()

    async function unbind(): Promise<void> {
      listeners.delete(host)
      for (const stream of inbound) stream.destroy()
    }

    return {
      name,
      canHandleAddress: (text) => text.startsWith('memory:'),
      addresses: () => (lifecycle.listening ? [address] : []),
      async dial(text: Address, { signal }: DialOptions = {}): Promise<Channel> {
        lifecycle.assertOpen()
        const to = parseMemoryAddress(text)
        if (signal?.aborted) throw cancelled(signal)
        const own = new AbortController()
        const onAbort = () => own.abort(cancelled(signal!))
        signal?.addEventListener('abort', onAbort, { once: true })
        dialling.add(own)
        using limit = deadline(clock, limits.dialTimeoutMs, `Connecting to ${text}`, own.signal)
        try {
          await travel(host, to, limit.signal)
          const listener = listeners.get(to)
          await travel(to, host, limit.signal)
          if (
            listener === undefined ||
            listeners.get(to) !== listener ||
            random() < linkState(host, to).lossPerChunk
          )
            throw new CausewayError('UNREACHABLE', `Nobody listens at ${text}.`)
          const { near, channel } = connect(host, to, listener, identity)
          track(outbound, near)
          return channel
        } finally {
          dialling.delete(own)
          signal?.removeEventListener('abort', onAbort)
        }
      },
      listen: (accept) =>
        lifecycle.start(async () => {
          if (listeners.has(host))
            throw new CausewayError('BAD_ADDRESS', `Another transport listens at ${address}.`)
          listeners.set(host, {
            identity,
            accept(stream, channel) {
              track(inbound, stream)
              queueMicrotask(() => handOver(accept, channel))
            },
          })
        }),
      stop: () => lifecycle.stop(unbind),
      close() {
        for (const own of dialling) own.abort(lifecycle.closedError())
        const listened = lifecycle.listening
        return lifecycle.close(async () => {
          if (listened) await unbind()
          for (const stream of [...inbound, ...outbound]) stream.destroy()
        })
      },
    }
  }

  return {
    transport,
    setLink(a, b, settings) {
      links.set([a, b].sort().join(' '), settings)
      changed()
    },
    cut(a, b) {
      for (const { from, to, near } of [...connections])
        if (b === undefined ? from === a || to === a : (from === a && to === b) || (from === b && to === a))
          near.cut()
    },
    stall(from, to) {
      stalled.add(`${from}>${to}`)
    },
    resume(from, to) {
      stalled.delete(`${from}>${to}`)
      changed()
    },
    partition(next) {
      groups = next.map((group) => [...group])
      changed()
    },
    heal() {
      groups = undefined
      stalled.clear()
      changed()
    },
    get connections() {
      return connections.size
    },
  }
}

/** The host of `memory:host`; BAD_ADDRESS for anything else. */
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

/** Uniform in [0, 1) from a 32-bit seed (mulberry32): good enough for lots, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
