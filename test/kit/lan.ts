/** A LAN in memory: hosts that hear each other's datagrams, and a listener that records what is said. */
import type { LanInterface, LanNetwork } from '../../src/find/multicast.ts'

type Receive = Parameters<LanNetwork['open']>[0]

export class MemoryLan {
  private readonly receivers = new Set<Receive>()
  private readonly waiting = new Set<() => void>()
  /** All that was said, with the host that said it. */
  readonly said: { readonly datagram: Buffer; readonly host: string }[] = []

  /** Returns the LAN as a machine with this address sees it. */
  at(address: string, prefix = 24): LanNetwork {
    const from: LanInterface = { address, cidr: `${address}/${prefix}`, scope: 'lan' }
    return {
      interfaces: () => [from],
      open: (receive) => {
        this.receivers.add(receive)
        return {
          join() {},
          send: async (datagram, { address: host }) => this.say(datagram, host),
          close: () => void this.receivers.delete(receive),
        }
      },
    }
  }

  /** Says a datagram as a host: all hear it, the sender too. */
  say(datagram: Uint8Array, host: string): void {
    this.said.push({ datagram: Buffer.from(datagram), host })
    for (const receive of this.receivers) receive(datagram, host)
    for (const resolve of this.waiting) resolve()
    this.waiting.clear()
  }

  /** Waits until so many datagrams were said in all. */
  async heard(count: number): Promise<void> {
    while (this.said.length < count) await new Promise<void>((resolve) => this.waiting.add(resolve))
  }

  get hearing(): number {
    return this.receivers.size
  }
}
