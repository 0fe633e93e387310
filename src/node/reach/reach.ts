/** From where a node can be reached: its addresses, its relay, and what is wrong with them. */
import { limits } from '../../base/limits.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { RelayState } from '../../transport/transport.ts'

export class NodeReach {
  private readonly transports: TransportManager

  constructor(transports: TransportManager) {
    this.transports = transports
  }

  /** Returns the relay of QUIC and whether it is connected; undefined if none is used, or QUIC is not served. */
  relay(): RelayState | undefined {
    return this.transports.get('iroh')?.relay?.()
  }

  /** Returns why nodes in other networks cannot reach this one, for people; undefined if they may, or if it does not listen. */
  problem(): string | undefined {
    const { transports } = this
    if (transports.getAllServerAddresses().length === 0 || transports.getFarAddresses().length > 0)
      return undefined
    const relay = this.relay()
    const of = relay?.url === undefined ? '' : ` ${relay.url}`
    const why =
      relay === undefined ? 'it has no public address and uses no relay' : `its relay${of} is not connected`
    return `Nodes in other networks cannot reach this one: ${why}.`
  }

  /** Returns the addresses for a ticket: those for other networks, or all if `lan` asks for them or there are no such. */
  ticketAddresses(lan: boolean): string[] {
    const far = lan ? [] : this.transports.getFarAddresses()
    const addresses = far.length > 0 ? far : this.transports.getAllServerAddresses()
    return addresses.slice(0, limits.ticketAddresses)
  }
}
