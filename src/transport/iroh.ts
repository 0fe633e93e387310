/**
 * The QUIC tunnel: peer to peer across NATs, by iroh. One QUIC connection a peer is pooled, each dial opens a stream
 * on it; the connection proves the peer's key, which is the node's identity. A remote that died is noticed here,
 * by its silence, because the binding's own timeout is 30 s and cannot be set.
 */
import type { Duplex } from 'node:stream'
import { type Clock, cancelled, deadline, sleep, systemClock } from '../clock.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Door } from './door.ts'
import {
  bindEndpoint,
  type IrohModule,
  loadIroh,
  parseTicket,
  type QuicConnection,
  type QuicEndpoint,
  type QuicTarget,
} from './iroh-binding.ts'
import { handOver, Lifecycle } from './lifecycle.ts'
import type { Address, Channel, DialOptions, PathInfo, Transport } from './transport.ts'

export interface IrohTransportOptions {
  /** `iroh` if not given. */
  readonly name?: string
  /** Its key is the endpoint's: the PeerId that others see and prove. */
  readonly identity: Identity
  /** `host:port`; all interfaces and a free port if not given. */
  readonly bind?: string
  /** n0's public relays, none, or the URLs of own ones. */
  readonly relay: 'default' | 'off' | readonly string[]
  readonly clock?: Clock
  /** A pooled connection without streams is closed after this. */
  readonly idleTimeoutMs?: number
  /** A remote from which nothing comes for this long, not even acknowledgements, is gone. */
  readonly silenceTimeoutMs?: number
  /** Who may come in; absent: everybody. */
  readonly door?: Door
  /** Peers whose connections do not make room for others where there are too many; absent: none. */
  readonly isKnown?: (peer: PeerId) => boolean
  /** Where the binding comes from; for tests. */
  readonly load?: () => Promise<IrohModule>
}

const scheme = 'iroh:'

/**
 * A connection with its streams. The binding counts what it hears but does not say when, so looking at the count
 * bounds the time: what came last came between `heardAfterMs` and `heardBeforeMs`.
 */
interface Link {
  readonly quic: QuicConnection
  readonly inbound: boolean
  readonly streams: Set<Duplex>
  /** It has carried a channel. */
  used: boolean
  heardCount: number
  lookedAtMs: number
  heardAfterMs: number
  heardBeforeMs: number
  /** When its last stream closed. */
  idleSinceMs: number
  cancelTick: () => void
}

export function createIrohTransport(options: IrohTransportOptions): Transport {
  const { name = 'iroh', identity, door, clock = systemClock, load = loadIroh } = options
  const { isKnown = () => false } = options
  const { idleTimeoutMs = limits.irohIdleTimeoutMs, silenceTimeoutMs = limits.irohSilenceTimeoutMs } = options
  const lifecycle = new Lifecycle(name)
  const links = new Set<Link>()
  /** The link that new streams to a peer take; older ones may still carry streams. */
  const pool = new Map<PeerId, Link>()
  const connecting = new Map<Address, Promise<Link>>()
  const dialling = new Set<AbortController>()
  let handshakes = 0
  let accept: ((channel: Channel) => void) | undefined
  let binding: Promise<{ iroh: IrohModule; endpoint: QuicEndpoint }> | undefined
  let bound: QuicEndpoint | undefined
  let accepting: Promise<void> | undefined

  /** One endpoint both dials and listens, bound when first needed. */
  function endpoint(): Promise<{ iroh: IrohModule; endpoint: QuicEndpoint }> {
    binding ??= (async () => {
      const iroh = await load()
      const { bind, relay } = options
      bound = await bindEndpoint(iroh, {
        seed: identity.seed,
        relay,
        ...(bind === undefined ? {} : { bind }),
      })
      return { iroh, endpoint: bound }
    })()
    binding.catch(() => {
      binding = undefined
    })
    return binding
  }

  function addLink(quic: QuicConnection, inbound: boolean): Link {
    const now = clock.monotonic()
    const link: Link = {
      quic,
      inbound,
      streams: new Set(),
      used: false,
      heardCount: quic.heard(),
      lookedAtMs: now,
      heardAfterMs: now,
      heardBeforeMs: now,
      idleSinceMs: now,
      cancelTick: () => {},
    }
    links.add(link)
    quic.limitStreams(limits.irohStreamsPerConnection)
    const tickMs = Math.min(silenceTimeoutMs / 4, idleTimeoutMs)
    const tick = () => {
      if (!watch(link)) return
      link.cancelTick = clock.setTimer(tickMs, tick)
    }
    link.cancelTick = clock.setTimer(tickMs, tick)
    void quic.closed.then(() => forget(link))
    return link
  }

  function forget(link: Link): void {
    link.cancelTick()
    links.delete(link)
    unpool(link)
  }

  function unpool(link: Link): void {
    if (pool.get(link.quic.remotePeer) === link) pool.delete(link.quic.remotePeer)
  }

  /** Ends a link and its streams, with the reason for their owners. */
  function endLink(link: Link, error: CausewayError): void {
    forget(link)
    // First the connection: the remote then sees one end, and not that of each stream before it.
    link.quic.close(error.code)
    for (const stream of link.streams) stream.destroy(error)
  }

  /** Whether the link goes on: neither silent for too long nor idle for too long. */
  function watch(link: Link): boolean {
    const now = clock.monotonic()
    if (!listenTo(link)) {
      const silentMs = now - link.heardBeforeMs
      if (silentMs >= silenceTimeoutMs) {
        const text = `Nothing came from the peer ${link.quic.remotePeer} for ${Math.round(silentMs)} ms.`
        endLink(link, new CausewayError('TIMEOUT', text, { data: { peer: link.quic.remotePeer } }))
        return false
      }
      link.quic.ping()
    }
    // The dialler closes first, so that it never opens a stream on what the other side is about to close.
    const idleLimitMs = link.inbound ? 2 * idleTimeoutMs : idleTimeoutMs
    if (link.streams.size > 0 || now - link.idleSinceMs < idleLimitMs) return true
    endLink(link, new CausewayError('DISCONNECTED', 'The connection was idle.'))
    return false
  }

  /** Whether something has come since the last time. */
  function listenTo(link: Link): boolean {
    const count = link.quic.heard()
    const grown = count !== link.heardCount
    const now = clock.monotonic()
    if (grown) Object.assign(link, { heardCount: count, heardAfterMs: link.lookedAtMs, heardBeforeMs: now })
    link.lookedAtMs = now
    return grown
  }

  function channelOf(link: Link, stream: Duplex): Channel {
    link.streams.add(stream)
    stream.once('close', () => {
      link.streams.delete(stream)
      link.idleSinceMs = clock.monotonic()
    })
    const { remotePeer, remoteAddress } = link.quic
    // The first channel pays for the connection too.
    const before = link.used ? link.quic.path() : undefined
    link.used = true
    return { stream, remotePeer, remoteAddress, dear: true, path: () => since(link.quic.path(), before) }
  }

  /**
   * The pooled link to a peer if it answers: one whose remote has died would cost a whole silence timeout. It is
   * ended then, as iroh sends what is for a peer to where its open connections lead. One that carries streams is
   * left to its own timeout: a pause of a second is no reason to cut them.
   */
  async function reusable(peer: PeerId, signal: AbortSignal): Promise<Link | undefined> {
    const link = pool.get(peer)
    if (link === undefined || link.quic.ended()) return undefined
    listenTo(link)
    const startedMs = clock.monotonic()
    if (startedMs - link.heardAfterMs < limits.irohFreshMs) return link
    link.quic.ping()
    while (clock.monotonic() - startedMs < limits.irohProbeTimeoutMs) {
      await sleep(clock, limits.irohProbeStepMs, signal)
      if (listenTo(link)) return link
    }
    if (link.streams.size > 0) return link
    endLink(link, new CausewayError('DISCONNECTED', 'The remote does not answer.'))
    return undefined
  }

  function connect(address: Address, target: QuicTarget, quicEndpoint: QuicEndpoint): Promise<Link> {
    const running = connecting.get(address)
    if (running !== undefined) return running
    const starting = quicEndpoint
      .connect(target)
      .then((quic) => {
        const link = addLink(quic, false)
        if (lifecycle.closed) endLink(link, lifecycle.closedError())
        else pool.set(target.peer, link)
        return link
      })
      .finally(() => connecting.delete(address))
    connecting.set(address, starting)
    return starting
  }

  async function open(address: Address, signal: AbortSignal): Promise<Channel> {
    const { iroh, endpoint: quicEndpoint } = await endpoint()
    const target = parseTicket(iroh, address.slice(scheme.length))
    const pooled = await reusable(target.peer, signal)
    if (pooled !== undefined) {
      try {
        return await openOn(pooled, signal)
      } catch {
        unpool(pooled) // It ended just now; a new one says what is wrong, if anything is.
      }
    }
    if (signal.aborted) throw cancelled(signal)
    return openOn(await connect(address, target, quicEndpoint), signal)
  }

  async function openOn(link: Link, signal: AbortSignal): Promise<Channel> {
    // All its streams are taken, or stuck: the next dial takes another connection.
    const onAbort = () => {
      if ((signal.reason as CausewayError | undefined)?.code === 'TIMEOUT') unpool(link)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return channelOf(link, await link.quic.openStream())
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function bind(handler: (channel: Channel) => void): Promise<void> {
    const { endpoint: quicEndpoint } = await endpoint()
    quicEndpoint.allowInbound()
    accept = handler
    accepting ??= acceptAll(quicEndpoint)
    if (options.relay === 'off') return
    // A ticket that is made now should name the relay; a machine that is offline still serves its neighbours.
    const startedMs = clock.monotonic()
    while (!quicEndpoint.hasRelay() && clock.monotonic() - startedMs < limits.irohRelayTimeoutMs) {
      if (lifecycle.closed) throw lifecycle.closedError()
      await sleep(clock, limits.irohProbeStepMs)
    }
  }

  /** Runs for as long as the endpoint does; whoever comes while nothing listens is told so. */
  async function acceptAll(quicEndpoint: QuicEndpoint): Promise<void> {
    for (;;) {
      const incoming = await quicEndpoint.accept().catch(() => undefined)
      if (incoming === undefined) return
      if (accept === undefined || handshakes + links.size >= limits.irohConnections + limits.irohHandshakes) {
        incoming.refuse().catch(() => {})
        continue
      }
      handshakes++
      incoming
        .admit()
        .then(serve, () => {}) // The stranger gave up, or could not prove its key.
        .finally(() => handshakes--)
    }
  }

  async function serve(quic: QuicConnection): Promise<void> {
    const leave = door === undefined ? () => {} : door.enter(quic.remoteAddress)
    if (leave === undefined) {
      quic.close('RESOURCE_EXHAUSTED')
      return
    }
    void quic.closed.then(leave)
    const link = addLink(quic, true)
    if (links.size > limits.irohConnections) makeRoom(link)
    if (accept === undefined)
      return endLink(link, new CausewayError('DISCONNECTED', 'The server has stopped.'))
    void (async () => {
      for (;;) {
        const stream = await quic.acceptStream()
        if (stream === undefined) return
        const channel = channelOf(link, stream)
        if (accept === undefined) stream.destroy()
        else handOver(accept, channel)
      }
    })()
  }

  /** Ends the oldest connection of a peer that nobody knows: the new one's, where there is no other. */
  function makeRoom(newest: Link): void {
    const mayGo = (link: Link) => link.inbound && !isKnown(link.quic.remotePeer)
    const oldest = [...links].find(mayGo) ?? newest
    endLink(oldest, new CausewayError('RESOURCE_EXHAUSTED', 'There are too many connections.'))
  }

  async function unbind(): Promise<void> {
    accept = undefined
    for (const link of links)
      if (link.inbound) endLink(link, new CausewayError('DISCONNECTED', 'The server has stopped.'))
  }

  return {
    name,
    canHandleAddress: (address) => address.startsWith(scheme),
    async dial(address: Address, dialOptions: DialOptions = {}): Promise<Channel> {
      lifecycle.assertOpen()
      if (!address.startsWith(scheme))
        throw new CausewayError(
          'BAD_ADDRESS',
          `An address over QUIC is iroh:endpoint…, got ${JSON.stringify(address.slice(0, 200))}.`,
        )
      const { signal } = dialOptions
      if (signal?.aborted) throw cancelled(signal)
      const own = new AbortController()
      const onAbort = () => own.abort(cancelled(signal!))
      signal?.addEventListener('abort', onAbort, { once: true })
      dialling.add(own)
      using limit = deadline(clock, limits.dialTimeoutMs, 'Connecting over QUIC', own.signal)
      try {
        return await orDiscard(open(address, limit.signal), limit.signal)
      } finally {
        dialling.delete(own)
        signal?.removeEventListener('abort', onAbort)
      }
    },
    listen: (handler) => lifecycle.start(() => bind(handler)),
    stop: () => lifecycle.stop(unbind),
    addresses: () => (accept === undefined || bound === undefined ? [] : [`${scheme}${bound.ticket()}`]),
    close() {
      const error = lifecycle.closedError()
      for (const own of dialling) own.abort(error)
      return lifecycle.close(async () => {
        accept = undefined
        for (const link of links) endLink(link, error)
        const opened = await binding?.catch(() => undefined)
        await opened?.endpoint.close()
        await accepting
        binding = bound = undefined // The binding frees the port when the endpoint is garbage.
      })
    },
  }
}

/** The path now, with what was counted after `before`. */
function since(path: PathInfo | undefined, before: PathInfo | undefined): PathInfo | undefined {
  if (path === undefined || before === undefined) return path
  return {
    ...path,
    bytesSent: path.bytesSent! - before.bytesSent!,
    bytesReceived: path.bytesReceived! - before.bytesReceived!,
  }
}

/** The binding cannot cancel what it waits for: the caller goes on, and a channel that comes late is destroyed. */
function orDiscard(opening: Promise<Channel>, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    opening
      .then((channel) => {
        if (signal.aborted) channel.stream.destroy()
        else resolve(channel)
      }, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
