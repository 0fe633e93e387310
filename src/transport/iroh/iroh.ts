/**
 * The QUIC tunnel: peer to peer across NATs, by iroh. One QUIC connection a peer is pooled, each dial opens a stream
 * on it; the connection proves the peer's key, which is the node's identity. One endpoint both dials and listens.
 */
import { type Clock, cancelled, deadline, sleep, systemClock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { Door } from '../door.ts'
import { handOver, Lifecycle } from '../lifecycle.ts'
import type { Address, Channel, DialOptions, Transport } from '../transport.ts'
import {
  bindEndpoint,
  type IrohModule,
  loadIroh,
  parseTicket,
  type QuicConnection,
  type QuicEndpoint,
  type QuicTarget,
} from './binding.ts'
import { QuicLink } from './link.ts'

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

export function createIrohTransport(options: IrohTransportOptions): Transport {
  const { name = 'iroh', identity, door, clock = systemClock, load = loadIroh } = options
  const { isKnown = () => false } = options
  const { idleTimeoutMs = limits.irohIdleTimeoutMs, silenceTimeoutMs = limits.irohSilenceTimeoutMs } = options
  const lifecycle = new Lifecycle(name)
  const links = new Set<QuicLink>()
  /** The link that new streams to a peer take; older ones may still carry streams. */
  const pool = new Map<PeerId, QuicLink>()
  const connecting = new Map<Address, Promise<QuicLink>>()
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

  function addLink(quic: QuicConnection, inbound: boolean): QuicLink {
    const onEnd = (link: QuicLink) => {
      links.delete(link)
      unpool(link)
    }
    const link = new QuicLink(quic, { clock, inbound, idleTimeoutMs, silenceTimeoutMs, onEnd })
    links.add(link)
    return link
  }

  function unpool(link: QuicLink): void {
    if (pool.get(link.peer) === link) pool.delete(link.peer)
  }

  function connect(address: Address, target: QuicTarget, quicEndpoint: QuicEndpoint): Promise<QuicLink> {
    const running = connecting.get(address)
    if (running !== undefined) return running
    const starting = quicEndpoint
      .connect(target)
      .then((quic) => {
        const link = addLink(quic, false)
        if (lifecycle.closed) link.end(lifecycle.closedError())
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
    const pooled = pool.get(target.peer)
    if (pooled !== undefined && (await pooled.answers(signal))) {
      try {
        return await openOn(pooled, signal)
      } catch {
        unpool(pooled) // It ended just now; a new one says what is wrong, if anything is.
      }
    }
    if (signal.aborted) throw cancelled(signal)
    return openOn(await connect(address, target, quicEndpoint), signal)
  }

  async function openOn(link: QuicLink, signal: AbortSignal): Promise<Channel> {
    // All its streams are taken, or stuck: the next dial takes another connection.
    const onAbort = () => {
      if ((signal.reason as CausewayError | undefined)?.code === 'TIMEOUT') unpool(link)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await link.open()
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
      const admitted = incoming.admit().finally(() => handshakes--)
      admitted.then(serve, () => {}) // The stranger gave up, or could not prove its key.
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
    if (accept === undefined) return link.end(new CausewayError('DISCONNECTED', 'The server has stopped.'))
    for (;;) {
      const channel = await link.accept()
      if (channel === undefined) return
      if (accept === undefined) channel.stream.destroy()
      else handOver(accept, channel)
    }
  }

  /** Ends the oldest connection of a peer that nobody knows: the new one's, where there is no other. */
  function makeRoom(newest: QuicLink): void {
    const mayGo = (link: QuicLink) => link.inbound && !isKnown(link.peer)
    const oldest = [...links].find(mayGo) ?? newest
    oldest.end(new CausewayError('RESOURCE_EXHAUSTED', 'There are too many connections.'))
  }

  async function unbind(): Promise<void> {
    accept = undefined
    for (const link of links)
      if (link.inbound) link.end(new CausewayError('DISCONNECTED', 'The server has stopped.'))
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
        for (const link of links) link.end(error)
        const opened = await binding?.catch(() => undefined)
        await opened?.endpoint.close()
        await accepting
        binding = bound = undefined // The binding frees the port when the endpoint is garbage.
      })
    },
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
