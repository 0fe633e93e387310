/**
 * Finds known peers in the LAN, without any address: sends a beacon at the start, when the machine joins another network,
 * and about every 30 s; recognises those of known peers, dials where they came from, and hands a peer that proves its key
 * there to found-peers.ts. Whatever is forged or replayed costs bounded work and changes nothing.
 */
import type { Clock } from '../../../base/clock.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import type { PeerId } from '../../../dag/identity.ts'
import {
  type Beacon,
  beaconMagic,
  encodeBeacon,
  type ListenerPort,
  readBeacon,
} from '../../../find/beacon.ts'
import { Recognition } from '../../../find/recognition.ts'
import type { FoundPeers } from '../found-peers.ts'
import type { Lan } from './lan.ts'

export interface LanSearchParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly lan: Pick<Lan, 'follow' | 'look' | 'say'>
  readonly peers: Pick<FoundPeers, 'found' | 'known' | 'isKnown'>
  /** Returns the addresses of a peer at these ports of a host. */
  addressesAt(peer: PeerId, host: string, ports: readonly ListenerPort[]): Promise<string[]>
  /** Returns the address at which a peer proves its key. */
  dial(addresses: readonly string[], peer: PeerId, signal: AbortSignal): Promise<string>
  /** Reports whether there is an open connection with a peer. */
  isConnected(peer: PeerId): boolean
  /** Called when a peer was met. */
  onMet(peer: PeerId): void
  onError(error: CausewayError): void
}

export class LanSearch {
  private readonly parts: LanSearchParts
  private readonly recognition: Recognition
  private readonly stopped = new AbortController()
  /** Own beacons that were sent last, and those of peers that were recognised last, by their salts. */
  private readonly own = new Set<string>()
  private readonly seen = new Set<string>()
  private readonly waiting: { readonly beacon: Beacon; readonly host: string }[] = []
  private working = false
  /** When each peer was dialled at each host, by the monotonic clock; the latest is the last. */
  private readonly dialledAt = new Map<string, number>()
  private readonly dialling = new Set<PeerId>()
  private leave: (() => void) | undefined
  private cancelTimer = () => {}

  constructor(parts: LanSearchParts) {
    this.parts = parts
    const { clock, self, peers } = parts
    this.recognition = new Recognition({
      clock,
      *known() {
        for (const peer of peers.known()) if (peer !== self) yield peer
      },
    })
  }

  start(): void {
    this.leave = this.parts.lan.follow(beaconMagic, (datagram, host) => this.hear(datagram, host))
    this.announce()
  }

  stop(): void {
    this.stopped.abort(new CausewayError('CLOSED', 'The node closes.'))
    this.cancelTimer()
    this.leave?.()
  }

  /** The node listens from now on, or is in another network: sends a beacon now, and again soon. */
  announce(): void {
    if (this.leave === undefined || this.stopped.signal.aborted) return
    this.parts.lan.look()
    this.say(limits.beaconAgainMs)
  }

  private say(nextMs: number): void {
    const { clock, lan, self } = this.parts
    void lan.say((ports) => {
      const salt = clock.randomBytes(8)
      remember(this.own, Buffer.from(salt).toString('hex'), limits.beaconOwnSalts)
      return encodeBeacon(self, { salt, nowMs: clock.now(), ports })
    })
    this.cancelTimer()
    this.cancelTimer = clock.setTimer(nextMs, () => {
      const jitter = (2 * clock.random() - 1) * limits.beaconJitterMs
      this.say(limits.beaconIntervalMs + jitter)
    })
  }

  private hear(datagram: Uint8Array, host: string): void {
    const beacon = readBeacon(datagram)
    if (beacon === undefined || this.own.has(beacon.salt) || this.seen.has(beacon.salt)) return
    if (this.waiting.length >= limits.beaconsWaiting) return
    this.waiting.push({ beacon, host })
    if (!this.working) void this.work()
  }

  /** Recognises the beacons that wait, one after another. */
  private async work(): Promise<void> {
    this.working = true
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
        const { beacon, host } = next
        if (this.seen.has(beacon.salt)) continue
        const peer = await this.recognition.senderOf(beacon, this.stopped.signal)
        if (peer === undefined) continue
        remember(this.seen, beacon.salt, limits.beaconSalts)
        this.follow(peer, host, beacon.ports)
      }
    } catch (error) {
      if (!this.stopped.signal.aborted) this.parts.onError(CausewayError.from(error))
    } finally {
      this.working = false
    }
  }

  /** A beacon of a known peer came from a host: dials it there, unless that is pointless or was done lately. */
  private follow(peer: PeerId, host: string, ports: readonly ListenerPort[]): void {
    const { clock, peers, isConnected, onError } = this.parts
    const { dialledAt, dialling } = this
    if (isConnected(peer) || !peers.isKnown(peer) || dialling.has(peer)) return
    const key = `${peer} ${host}`
    const now = clock.monotonic()
    if (dialling.size >= limits.lanDials || now - (dialledAt.get(key) ?? -Infinity) < limits.lanDialPauseMs)
      return
    dialledAt.delete(key)
    dialledAt.set(key, now)
    if (dialledAt.size > limits.lanDialsNoted) dialledAt.delete(dialledAt.keys().next().value!)
    dialling.add(peer)
    this.meet(peer, host, ports)
      .catch((error) => onError(CausewayError.from(error)))
      .finally(() => dialling.delete(peer))
  }

  private async meet(peer: PeerId, host: string, ports: readonly ListenerPort[]): Promise<void> {
    const { peers, addressesAt, dial, onMet } = this.parts
    let address: string
    try {
      address = await dial(await addressesAt(peer, host, ports), peer, this.stopped.signal)
    } catch {
      // Somebody else repeated its beacon, it is gone, or a firewall is in between.
      return
    }
    if (this.stopped.signal.aborted) return
    await peers.found(peer, { addresses: [address], source: 'LAN', ttlMs: limits.lanAddressMs })
    onMet(peer)
  }
}

/** Adds a salt, and forgets the oldest past the bound. */
function remember(salts: Set<string>, salt: string, most: number): void {
  salts.add(salt)
  if (salts.size > most) salts.delete(salts.values().next().value!)
}
