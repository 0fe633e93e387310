/**
 * Whether an endpoint is connected to its relay. The binding names a relay before it is connected. Only a promise shows
 * that it is: one that waits until then, and keeps the process alive meanwhile. So this looks every few seconds, and asks
 * only if something listens where the relay should be. If the answer does not come soon, it is no.
 */
import { connect } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { QuicEndpoint } from './binding.ts'

export interface RelayWatchParts {
  readonly endpoint: Pick<QuicEndpoint, 'paths' | 'online' | 'renewRelays'>
  readonly clock: Clock
  /** Reports whether something listens at a URL. Default: a connection by TCP shows it. */
  readonly listens?: (url: string) => Promise<boolean>
}

export class RelayWatch {
  private readonly endpoint: RelayWatchParts['endpoint']
  private readonly clock: Clock
  private readonly listens: (url: string) => Promise<boolean>
  private readonly startedMs: number
  private isConnected = false
  private asking = false
  /** When the endpoint was last connected, or its relays were last renewed. */
  private aloneSinceMs: number
  /** How long the endpoint is without a relay before its relays are renewed: longer each time. */
  private patienceMs: number = limits.irohRelayPatienceMs
  private cancelTimer = () => {}
  private stopped = false

  constructor({ endpoint, clock, listens = isListening }: RelayWatchParts) {
    this.endpoint = endpoint
    this.clock = clock
    this.listens = listens
    this.startedMs = this.aloneSinceMs = clock.monotonic()
  }

  get connected(): boolean {
    return this.isConnected
  }

  start(): void {
    void this.look()
    this.cancelTimer = this.clock.setTimer(this.pollMs, () => {
      if (this.asking) this.alone()
      this.start()
    })
  }

  stop(): void {
    this.stopped = true
    this.cancelTimer()
  }

  /** At the start a relay is chosen within a second or two, and the node waits for it. */
  private get pollMs(): number {
    if (this.isConnected) return limits.irohRelayPollMs
    const starting = this.clock.monotonic() - this.startedMs < limits.irohRelayTimeoutMs
    return starting ? limits.irohRelayFirstPollMs : limits.irohRelayAlonePollMs
  }

  private async look(): Promise<void> {
    if (this.asking) return
    this.asking = true
    const { relay } = this.endpoint.paths()
    const up = relay !== undefined && (await this.listens(relay))
    if (this.stopped) return
    if (up) await this.endpoint.online()
    this.asking = false
    if (up) this.answered()
    else this.alone()
  }

  private answered(): void {
    this.isConnected = true
    this.aloneSinceMs = this.clock.monotonic()
    this.patienceMs = limits.irohRelayPatienceMs
  }

  /** The endpoint has no relay now. Renews its relays after a while: the binding may hang on one that is gone. */
  private alone(): void {
    this.isConnected = false
    if (this.clock.monotonic() - this.aloneSinceMs < this.patienceMs) return
    this.aloneSinceMs = this.clock.monotonic()
    this.patienceMs = Math.min(2 * this.patienceMs, limits.irohRelayPatienceMaxMs)
    this.endpoint.renewRelays().catch(() => {})
  }
}

/** Reports whether something takes connections at the host and port of a URL. */
function isListening(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({
    host,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    timeout: limits.dialTimeoutMs,
  })
  return new Promise((resolve) => {
    const done = (listens: boolean) => {
      socket.destroy()
      resolve(listens)
    }
    socket.once('connect', () => done(true))
    for (const event of ['error', 'timeout'] as const) socket.once(event, () => done(false))
  })
}
