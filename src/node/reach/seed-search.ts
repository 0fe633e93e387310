/**
 * Looks for peers at the addresses that the seeds of the node yield, at the start, every 30 s, and soon after a peer could
 * not be reached. It asks who is at each address, and hands those who prove a key to found-peers.ts. Nothing waits for it.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Seeds } from '../../find/seeds.ts'
import type { FoundPeers } from './found-peers.ts'

export interface SeedSearchParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly seeds: Pick<Seeds, 'resolve'>
  readonly peers: Pick<FoundPeers, 'found'>
  /** Returns the peer that proves its key at an address. */
  whoIs(address: string, signal: AbortSignal): Promise<PeerId>
  /** Reports whether there is an open connection with a peer. */
  isConnected(peer: PeerId): boolean
  /** Called when a seed begins to yield nothing. */
  onError(error: CausewayError): void
}

/** What is known of an address that a seed yields. */
interface Spot {
  /** Who was there last. */
  peer?: PeerId
  /** When it was last dialled, by the monotonic clock; -Infinity: never. */
  dialledAt: number
}

export class SeedSearch {
  private readonly parts: SeedSearchParts
  /** The addresses that the seeds yield now. */
  private spots = new Map<string, Spot>()
  private failed: ReadonlyMap<string, CausewayError> = new Map()
  private readonly stopped = new AbortController()
  private running = false
  private startedAt = Number.NEGATIVE_INFINITY
  private dueAt = Number.POSITIVE_INFINITY
  private cancelTimer = () => {}

  constructor(parts: SeedSearchParts) {
    this.parts = parts
  }

  start(): void {
    this.plan(0)
  }

  stop(): void {
    this.stopped.abort(new CausewayError('CLOSED', 'The node closes.'))
    this.cancelTimer()
  }

  /** A peer could not be reached: looks again soon. */
  soon(): void {
    this.plan(limits.seedPauseMs)
  }

  /** Lets the next round begin at most this long after the last one began. */
  private plan(pauseMs: number): void {
    const { clock } = this.parts
    const now = clock.monotonic()
    const at = Math.max(now, this.startedAt + pauseMs)
    if (this.stopped.signal.aborted || at >= this.dueAt) return
    this.dueAt = at
    this.cancelTimer()
    this.cancelTimer = clock.setTimer(at - now, () => {
      this.dueAt = Number.POSITIVE_INFINITY
      if (!this.running) void this.run()
    })
  }

  private async run(): Promise<void> {
    this.running = true
    this.startedAt = this.parts.clock.monotonic()
    try {
      await this.round()
    } catch (error) {
      this.parts.onError(CausewayError.from(error))
    } finally {
      this.running = false
      const isLeft = [...this.spots.values()].some(({ dialledAt }) => dialledAt === Number.NEGATIVE_INFINITY)
      this.plan(isLeft ? limits.seedPauseMs : limits.seedIntervalMs)
    }
  }

  private async round(): Promise<void> {
    const { addresses, failed } = await this.parts.seeds.resolve()
    for (const [seed, error] of failed) if (!this.failed.has(seed)) this.parts.onError(error)
    this.failed = failed
    this.spots = new Map(
      addresses.map((address) => [
        address,
        this.spots.get(address) ?? { dialledAt: Number.NEGATIVE_INFINITY },
      ]),
    )
    await Promise.all(this.due().map((spot) => this.ask(...spot)))
    for (const [peer, places] of this.places()) {
      if (this.stopped.signal.aborted) return
      await this.parts.peers.found(peer, {
        ...{ addresses: places, source: 'SEED', ttlMs: limits.seedAddressMs },
      })
    }
  }

  /** Returns the addresses to dial now: not those of peers that are connected, and those first that waited longest. */
  private due(): [string, Spot][] {
    const { self, isConnected } = this.parts
    return [...this.spots]
      .filter(([, { peer }]) => peer === undefined || (peer !== self && !isConnected(peer)))
      .sort(([, a], [, b]) => compare(a.dialledAt, b.dialledAt))
      .slice(0, limits.seedDials)
  }

  private async ask(address: string, spot: Spot): Promise<void> {
    const { clock, whoIs } = this.parts
    spot.dialledAt = clock.monotonic()
    try {
      spot.peer = await whoIs(address, this.stopped.signal)
    } catch {
      // Nobody is there now.
      delete spot.peer
    }
  }

  /** Returns the other peers that were found, each with its addresses. */
  private places(): Map<PeerId, string[]> {
    const places = new Map<PeerId, string[]>()
    for (const [address, { peer }] of this.spots)
      if (peer !== undefined && peer !== this.parts.self)
        places.set(peer, [...(places.get(peer) ?? []), address])
    return places
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
