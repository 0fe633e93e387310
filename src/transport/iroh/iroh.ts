/**
 * The QUIC transport, by iroh: from peer to peer across NATs. It pools one QUIC connection per peer, and each dial
 * opens a stream on it. The connection proves the peer's key, which is the node's identity. One endpoint both dials and
 * listens.
 */
import { type Clock, cancelled, deadline, sleep, systemClock } from '../../base/clock.ts'
import { largestCrowd } from '../../base/crowd.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { Door } from '../door.ts'
import { handOver, Lifecycle } from '../lifecycle.ts'
import type { Ports } from '../listening.ts'
import type { Address, Channel, DialOptions, RelayState, Transport } from '../transport.ts'
import {
  bindEndpoint,
  formatTicket,
  type IrohModule,
  loadIroh,
  parseTicket,
  type QuicConnection,
  type QuicEndpoint,
  type QuicPaths,
  type QuicTarget,
  type RelayOptions,
} from './binding.ts'
import { QuicLink } from './link.ts'
import { farPaths, namingRelay, narrowPaths } from './paths.ts'
import { RelayWatch } from './relay-watch.ts'

export interface IrohTransportOptions extends RelayOptions {
  /** Default: `iroh`. */
  readonly name?: string
  /** Its key becomes the endpoint's key, the PeerId that others see and that this transport proves. */
  readonly identity: Identity
  /** `host:port`. Default: all interfaces and the first of `ports` that is free. */
  readonly bind?: string
  /** Default: any free port. */
  readonly ports?: Ports
  /** Further sockets, `ip:port`, at which others reach it. */
  readonly advertise?: readonly string[]
  readonly clock?: Clock
  /** How long a connection without streams stays open. */
  readonly idleTimeoutMs?: number
  /** A remote that sends nothing for this long, not even acknowledgements, is taken to be gone. */
  readonly silenceTimeoutMs?: number
  /** Bounds inbound connections by origin. Without it there is no bound. */
  readonly door?: Door
  /** Peers whose connections are not closed to make room for others. Default: none. */
  readonly isKnown?: (peer: PeerId) => boolean
  /** Loads the binding; for tests. */
  readonly load?: () => Promise<IrohModule>
}

const scheme = 'iroh:'

export function createIrohTransport(options: IrohTransportOptions): Transport {
  return new IrohTransport(options)
}

interface Binding {
  readonly iroh: IrohModule
  readonly endpoint: QuicEndpoint
}

class IrohTransport implements Transport {
  readonly name: string
  private readonly options: IrohTransportOptions
  private readonly clock: Clock
  private readonly lifecycle: Lifecycle
  private readonly links = new Set<QuicLink>()
  /** For each peer, the link on which dials open streams. An older link may still carry streams. */
  private readonly pool = new Map<PeerId, QuicLink>()
  /** Connections that are being made, so that dials of one address share one. */
  private readonly connecting = new Map<Address, Promise<QuicLink>>()
  /** Ends the dials that are under way. */
  private readonly dials = new Set<AbortController>()
  /** Inbound handshakes under way. */
  private handshakes = 0
  /** Receives inbound channels; undefined while the transport is not listening. */
  private accept: ((channel: Channel) => void) | undefined
  private binding: Promise<Binding> | undefined
  /** The endpoint once it is bound. */
  private endpoint: QuicEndpoint | undefined
  /** Absent without relays. */
  private relayWatch: RelayWatch | undefined
  private acceptLoop: Promise<void> | undefined

  constructor(options: IrohTransportOptions) {
    this.options = options
    this.name = options.name ?? 'iroh'
    this.clock = options.clock ?? systemClock
    this.lifecycle = new Lifecycle(this.name)
  }

  canHandleAddress(address: Address): boolean {
    return address.startsWith(scheme)
  }

  async dial(address: Address, { signal }: DialOptions = {}): Promise<Channel> {
    this.lifecycle.assertOpen()
    if (!address.startsWith(scheme))
      throw new CausewayError(
        'BAD_ADDRESS',
        `A QUIC address is iroh:endpoint…, got ${JSON.stringify(address.slice(0, 200))}.`,
      )
    if (signal?.aborted) throw cancelled(signal)
    const dial = new AbortController()
    const onAbort = () => dial.abort(cancelled(signal!))
    signal?.addEventListener('abort', onAbort, { once: true })
    this.dials.add(dial)
    using limit = deadline(this.clock, limits.dialTimeoutMs, 'Connecting over QUIC', dial.signal)
    try {
      return await orDiscard(this.open(address, limit.signal), limit.signal)
    } catch (error) {
      throw this.options.relay === 'off' ? await this.hint(error, address) : error
    } finally {
      this.dials.delete(dial)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  listen(accept: (channel: Channel) => void): Promise<void> {
    return this.lifecycle.start(() => this.startAccepting(accept))
  }

  stop(): Promise<void> {
    return this.lifecycle.stop(async () => {
      this.accept = undefined
      for (const link of this.links) if (link.inbound) link.end(serverStopped())
    })
  }

  addresses(): Address[] {
    return this.addressOf((paths) => paths)
  }

  farAddresses(): Address[] {
    const { relayWatch } = this
    return this.addressOf((paths) => farPaths(paths, this.options.advertise, relayWatch?.connected ?? false))
  }

  /** Returns the address at the paths that `choose` leaves, or none while it is not listening. */
  private addressOf(choose: (paths: QuicPaths) => QuicPaths | undefined): Address[] {
    const { accept, endpoint } = this
    const paths = accept && endpoint && choose(endpoint.paths())
    return paths === undefined ? [] : [`${scheme}${endpoint!.ticket(paths)}`]
  }

  async narrow(
    address: Address,
    peer: PeerId,
    keep: (host: string) => boolean,
  ): Promise<Address | undefined> {
    const { load = loadIroh } = this.options
    const iroh = await load()
    const paths = narrowPaths(parseTicket(iroh, address.slice(scheme.length)), peer, keep)
    return paths && `${scheme}${formatTicket(iroh, peer, paths)}`
  }

  async addressAt(peer: PeerId, socket: string): Promise<Address> {
    const { load = loadIroh } = this.options
    return `${scheme}${formatTicket(await load(), peer, { direct: [socket] })}`
  }

  async addSocket(socket: string): Promise<void> {
    await this.endpoint?.addSocket(socket)
  }

  async removeSocket(socket: string): Promise<void> {
    await this.endpoint?.removeSocket(socket)
  }

  relay(): RelayState | undefined {
    const { accept, endpoint, relayWatch } = this
    if (accept === undefined || endpoint === undefined || relayWatch === undefined) return undefined
    const { relay: url } = endpoint.paths()
    return { ...(url !== undefined && { url }), connected: relayWatch.connected }
  }

  port(): number | undefined {
    return this.accept && this.endpoint?.port()
  }

  close(): Promise<void> {
    const error = this.lifecycle.closedError()
    for (const dial of this.dials) dial.abort(error)
    return this.lifecycle.close(async () => {
      this.accept = undefined
      for (const link of this.links) link.end(error)
      this.relayWatch?.stop()
      const binding = await this.binding?.catch(() => undefined)
      await binding?.endpoint.close()
      await this.acceptLoop
      // The binding frees the port when the endpoint is garbage collected.
      this.binding = this.endpoint = undefined
    })
  }

  /** Binds the endpoint on first use; a failure is not kept. */
  private bind(): Promise<Binding> {
    this.binding ??= this.bindOnce()
    this.binding.catch(() => {
      this.binding = undefined
    })
    return this.binding
  }

  private async bindOnce(): Promise<Binding> {
    const { load = loadIroh, identity, relay, advertise = [] } = this.options
    const iroh = await load()
    const endpoint = await bindEndpoint(iroh, { ...this.options, seed: identity.seed })
    this.endpoint = endpoint
    for (const socket of advertise) await endpoint.addSocket(socket)
    if (relay !== 'off') this.relayWatch = new RelayWatch({ endpoint, clock: this.clock })
    this.relayWatch?.start()
    return { iroh, endpoint }
  }

  private async open(address: Address, signal: AbortSignal): Promise<Channel> {
    const { iroh, endpoint } = await this.bind()
    const target = parseTicket(iroh, address.slice(scheme.length))
    const pooled = this.pool.get(target.peer)
    if (pooled !== undefined && (await pooled.answers(signal))) {
      try {
        return await this.openOn(pooled, signal)
      } catch {
        this.unpool(pooled) // It has just ended. If anything else is wrong, a new connection reports it.
      }
    }
    if (signal.aborted) throw cancelled(signal)
    return this.openOn(await this.connect(address, target, endpoint, signal), signal)
  }

  /** Says of a remote that was not reached that it is perhaps reached by the relay of its address. */
  private async hint(error: unknown, address: Address): Promise<unknown> {
    if (this.lifecycle.closed) return error
    const { iroh } = await this.bind()
    return namingRelay(error, () => parseTicket(iroh, address.slice(scheme.length)))
  }

  private async openOn(link: QuicLink, signal: AbortSignal): Promise<Channel> {
    // If all streams of the link are in use or stuck, the next dial makes another connection.
    const onAbort = () => {
      if ((signal.reason as CausewayError | undefined)?.code === 'TIMEOUT') this.unpool(link)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await link.open()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  private connect(
    address: Address,
    target: QuicTarget,
    endpoint: QuicEndpoint,
    signal: AbortSignal,
  ): Promise<QuicLink> {
    const connecting = this.connecting.get(address) ?? this.startConnecting(address, target, endpoint)
    // The binding sends its first packets ever more rarely. So the next dial begins anew, and does not wait for these.
    const forget = () => {
      if (this.connecting.get(address) === connecting) this.connecting.delete(address)
    }
    signal.addEventListener('abort', forget, { once: true })
    return connecting.finally(forget)
  }

  private startConnecting(address: Address, target: QuicTarget, endpoint: QuicEndpoint): Promise<QuicLink> {
    const starting = endpoint.connect(target).then((quic) => {
      const link = this.addLink(quic, false)
      if (this.lifecycle.closed) link.end(this.lifecycle.closedError())
      else this.pool.set(target.peer, link)
      return link
    })
    this.connecting.set(address, starting)
    return starting
  }

  private addLink(quic: QuicConnection, inbound: boolean): QuicLink {
    const { idleTimeoutMs = limits.irohIdleTimeoutMs, silenceTimeoutMs = limits.irohSilenceTimeoutMs } =
      this.options
    const onEnd = (link: QuicLink) => {
      this.links.delete(link)
      this.unpool(link)
    }
    const link = new QuicLink(quic, { clock: this.clock, inbound, idleTimeoutMs, silenceTimeoutMs, onEnd })
    this.links.add(link)
    return link
  }

  private unpool(link: QuicLink): void {
    if (this.pool.get(link.peer) === link) this.pool.delete(link.peer)
  }

  private async startAccepting(accept: (channel: Channel) => void): Promise<void> {
    const { endpoint } = await this.bind()
    endpoint.allowInbound()
    this.accept = accept
    this.acceptLoop ??= this.acceptAll(endpoint)
    const { relayWatch } = this
    if (relayWatch === undefined) return
    // A ticket made from now on should name the relay. Without one, after a while, the node still serves its network.
    const startedMs = this.clock.monotonic()
    while (!relayWatch.connected && this.clock.monotonic() - startedMs < limits.irohRelayTimeoutMs) {
      if (this.lifecycle.closed) throw this.lifecycle.closedError()
      await sleep(this.clock, limits.irohProbeStepMs)
    }
  }

  /** Accepts connections for as long as the endpoint exists. Refuses them while the transport is not listening. */
  private async acceptAll(endpoint: QuicEndpoint): Promise<void> {
    // Ends with the endpoint. Each turn waits for a connection.
    for (;;) {
      const incoming = await endpoint.accept().catch(() => undefined)
      if (incoming === undefined) return
      const total = this.handshakes + this.links.size
      if (this.accept === undefined || total >= limits.irohConnections + limits.irohHandshakes) {
        incoming.refuse().catch(() => {})
        continue
      }
      this.handshakes++
      const admitted = incoming.admit().finally(() => this.handshakes--)
      // It fails if the remote gave up, or could not prove its key.
      admitted.then(
        (quic) => this.serve(quic),
        () => {},
      )
    }
  }

  private async serve(quic: QuicConnection): Promise<void> {
    const { door } = this.options
    const leave = door === undefined ? () => {} : door.enter(quic.remoteAddress)
    if (leave === undefined) {
      quic.close('RESOURCE_EXHAUSTED')
      return
    }
    void quic.closed.then(leave)
    const link = this.addLink(quic, true)
    this.boundPeer(link.peer)
    if (this.links.size > limits.irohConnections) this.makeRoom(link)
    if (this.accept === undefined) return link.end(serverStopped())
    // Ends with the connection. Each turn waits for a stream.
    for (;;) {
      const channel = await link.accept()
      if (channel === undefined) return
      if (this.accept === undefined) channel.stream.destroy()
      else handOver(this.accept, channel)
    }
  }

  /** Ends the oldest inbound connection of a peer if it now has more than `limits.irohConnectionsPerPeer`. */
  private boundPeer(peer: PeerId): void {
    const inbound = [...this.links].filter((link) => link.inbound && link.peer === peer)
    if (inbound.length > limits.irohConnectionsPerPeer) inbound[0]!.end(tooMany())
  }

  /**
   * Ends an inbound connection: the oldest of the peer that holds most, among peers that are not known as long as there
   * are any. Ends the newest if each known peer has just one.
   */
  private makeRoom(newest: QuicLink): void {
    const { isKnown = () => false } = this.options
    const inbound = [...this.links].filter((link) => link.inbound && link !== newest)
    const ofStrangers = largestCrowd(
      inbound.filter((link) => !isKnown(link.peer)),
      (link) => link.origin,
    )
    const ofAll = largestCrowd(inbound, (link) => link.peer)
    const link = ofStrangers?.oldest ?? (ofAll !== undefined && ofAll.held > 1 ? ofAll.oldest : newest)
    link.end(tooMany())
  }
}

function tooMany(): CausewayError {
  return new CausewayError('RESOURCE_EXHAUSTED', 'There are too many connections; try again later.')
}

function serverStopped(): CausewayError {
  return new CausewayError('DISCONNECTED', 'The server has stopped.')
}

/** Returns the channel unless the signal fires first. The binding cannot cancel a dial: a late channel is destroyed. */
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
