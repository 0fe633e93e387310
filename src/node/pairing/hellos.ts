/** Sends hellos in the LAN while a pairing runs, and hears those of other nodes that pair. */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { ListenerPort } from '../../find/beacon.ts'
import { encodeHello, helloMagic, readHello } from '../../find/pairing.ts'
import type { Lan } from '../reach/lan/lan.ts'

export interface HellosParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly lan: Pick<Lan, 'follow' | 'say' | 'look' | 'isDialable'>
}

/** Where a peer that pairs is reached. */
export interface Spot {
  readonly host: string
  readonly ports: readonly ListenerPort[]
}

export class Hellos {
  private readonly parts: HellosParts
  private readonly heard = new Map<PeerId, Spot>()
  private readonly leave: () => void
  /** Hellos that were said at once, since a peer was heard for the first time. */
  private answers = 0
  private cancelTimer = () => {}

  /** Begins. `onHello` is called with each other peer that pairs, again and again. */
  constructor(parts: HellosParts, onHello: (peer: PeerId, spot: Spot) => void) {
    this.parts = parts
    const { self, lan } = parts
    this.leave = lan.follow(helloMagic, (datagram, host) => {
      const hello = readHello(datagram)
      if (hello === undefined || hello.peer === self) return
      const { peer, ports } = hello
      // It may have come too late for the last one.
      if (!this.heard.delete(peer) && this.answers++ < limits.pairingHellos) this.sayOnce()
      this.heard.set(peer, { host, ports })
      if (this.heard.size > limits.pairingHellos) this.heard.delete(this.heard.keys().next().value!)
      onHello(peer, { host, ports })
    })
    this.say()
  }

  get isDialable(): boolean {
    return this.parts.lan.isDialable()
  }

  /** Returns where a peer has said that it is. */
  spotOf(peer: PeerId): Spot | undefined {
    return this.heard.get(peer)
  }

  stop(): void {
    this.cancelTimer()
    this.leave()
  }

  private say(): void {
    this.sayOnce()
    this.cancelTimer = this.parts.clock.setTimer(limits.pairingHelloMs, () => this.say())
  }

  private sayOnce(): void {
    const { self, lan } = this.parts
    void lan.say((ports) => encodeHello({ peer: self, ports }))
  }
}
