/**
 * This node in its LANs: sends datagrams on every interface on which it can be dialled, and hands those that come from a
 * network of this machine to whoever follows their kind. Nothing is sent, and no port is open, while nobody follows any.
 */
import { BlockList, isIPv6 } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { Buckets } from '../../../base/token-bucket.ts'
import type { ListenerKind, ListenerPort } from '../../../find/beacon.ts'
import type { LanInterface, LanNetwork, LanSocket } from '../../../find/multicast.ts'

/** A port of this node, and the address to which it is bound. */
export interface Listener extends ListenerPort {
  readonly kind: ListenerKind
  readonly host: string
}

export interface LanParts {
  readonly clock: Clock
  readonly network: LanNetwork
  /** Returns where this node listens now. */
  listeners(): readonly Listener[]
  /** Called with what is wrong with the LAN, once until it is mended. */
  onError(error: CausewayError): void
}

/** Called with each datagram of a kind, and the host in the LAN that sent it. */
export type DatagramListener = (datagram: Uint8Array, host: string) => void

const magicBytes = 4

export class Lan {
  private readonly parts: LanParts
  private readonly listeners = new Map<string, DatagramListener>()
  private readonly reads: Buckets
  private readonly failures = new Map<string, number>()
  private socket: LanSocket | undefined
  private interfaces: readonly LanInterface[] = []
  private near = new BlockList()

  constructor(parts: LanParts) {
    this.parts = parts
    const rate = limits.beaconsPerSecond
    this.reads = new Buckets({ clock: parts.clock, burst: rate, perSecond: rate, keys: 1 })
  }

  /** Hears datagrams that begin with these four characters, until the result is called. */
  follow(magic: string, listener: DatagramListener): () => void {
    this.listeners.set(magic, listener)
    if (this.socket === undefined) {
      const { network, onError } = this.parts
      this.socket = network.open((datagram, host) => this.receive(datagram, host), onError)
    }
    this.look()
    return () => {
      this.listeners.delete(magic)
      if (this.listeners.size > 0) return
      this.socket?.close()
      this.socket = undefined
    }
  }

  /** The interfaces may have changed: hears on those that there are now. */
  look(): void {
    this.interfaces = this.parts.network.interfaces().slice(0, limits.lanInterfaces)
    this.near = new BlockList()
    for (const { address, cidr } of this.interfaces)
      this.near.addSubnet(address, Number(cidr.split('/')[1]), isIPv6(address) ? 'ipv6' : 'ipv4')
    this.socket?.join(this.interfaces)
  }

  /** Returns the ports at which this node can be dialled from the LAN of an interface, those that encrypt first. */
  private portsAt(address: string): ListenerPort[] {
    const rank: readonly ListenerKind[] = ['quic', 'https', 'http']
    const any = isIPv6(address) ? ['::'] : ['0.0.0.0', '::']
    return this.parts
      .listeners()
      .filter(({ host }) => host === address || any.includes(host))
      .sort((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind))
  }

  /** Reports whether others in a LAN can dial this node. */
  isDialable(): boolean {
    return this.interfaces.some(({ address }) => this.portsAt(address).length > 0)
  }

  /** Sends what `make` returns from every interface on which this node can be dialled: a datagram of its own on each. */
  async say(make: (ports: readonly ListenerPort[]) => Uint8Array): Promise<void> {
    await Promise.all(
      this.interfaces.map(async (from) => {
        const ports = this.portsAt(from.address)
        if (ports.length > 0) await this.send(make(ports), from)
      }),
    )
  }

  private async send(datagram: Uint8Array, from: LanInterface): Promise<void> {
    const { failures } = this
    try {
      await this.socket?.send(datagram, from)
      failures.delete(from.address)
    } catch (cause) {
      const count = (failures.get(from.address) ?? 0) + 1
      failures.set(from.address, count)
      for (const address of failures.keys())
        if (!this.interfaces.some((each) => each.address === address)) failures.delete(address)
      if (count !== limits.lanSendFailures) return
      const text = `The LAN of ${from.cidr} does not take beacons: ${(cause as Error).message}. Peers there find this node only by addresses.`
      this.parts.onError(new CausewayError('UNREACHABLE', text, { cause, data: { address: from.address } }))
    }
  }

  private receive(datagram: Uint8Array, host: string): void {
    if (datagram.length > limits.lanDatagramBytes) return
    const listener = this.listeners.get(Buffer.from(datagram.subarray(0, magicBytes)).toString('latin1'))
    // Past the rate it is dropped, and so is what was sent from afar to this machine alone.
    if (listener === undefined || !this.isNear(host) || this.reads.take('') > 0) return
    listener(datagram, host)
  }

  private isNear(host: string): boolean {
    return !host.includes('%') && this.near.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
  }
}
