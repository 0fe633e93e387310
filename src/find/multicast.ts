/**
 * Datagrams by multicast within a LAN, over IPv4 and IPv6: one socket for each family hears them, and each is sent from
 * the address of the interface where the node can be reached, so that a receiver knows that address by where it came from.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

/** An address of this machine in a LAN. */
export interface LanInterface {
  readonly address: string
  /** With the length of the network's prefix, such as `192.168.1.7/24`. */
  readonly cidr: string
  /** What names the interface in an IPv6 address. */
  readonly scope: string
}

/** A LAN: that of the machine, or one that a test brings. */
export interface LanNetwork {
  /** Returns the addresses of this machine now. */
  interfaces(): readonly LanInterface[]
  /** Hears datagrams from now on, each with the host that sent it, on the interfaces that are joined. */
  open(
    receive: (datagram: Uint8Array, host: string) => void,
    onError: (error: CausewayError) => void,
  ): LanSocket
}

export interface LanSocket {
  /** Hears on these interfaces too, and again on those that were away in between. */
  join(interfaces: readonly LanInterface[]): void
  /** Sends a datagram from an interface to all who hear there. Rejects with the system's error. */
  send(datagram: Uint8Array, from: LanInterface): Promise<void>
  close(): void
}

/** Within the organisation (RFC 2365), and within the link (RFC 4291: a group that IANA has not assigned). */
const groups = { udp4: '239.255.67.87', udp6: 'ff12::4357' } as const
type Family = keyof typeof groups

const familyOf = (address: string): Family => (isIPv6(address) ? 'udp6' : 'udp4')

/** The LANs of this machine. */
export const machineLan: LanNetwork = {
  interfaces: machineInterfaces,
  open: (receive, onError) => new Multicast(receive, onError),
}

/** Returns the addresses of all interfaces, without loopback. Link-local IPv6 addresses are left out: no URL names them. */
function machineInterfaces(): LanInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, entries = []]) => {
    const scopes = entries.map((entry) => (entry.family === 'IPv6' ? entry.scopeid : 0))
    const scope = process.platform === 'win32' ? String(Math.max(0, ...scopes)) : name
    return entries
      .filter(({ internal, cidr, address }) => !internal && cidr !== null && !address.startsWith('fe80:'))
      .map(({ address, cidr }) => ({ address, cidr: cidr!, scope }))
  })
}

class Multicast implements LanSocket {
  private readonly onError: (error: CausewayError) => void
  private readonly sockets = new Map<Family, Socket>()
  /** The families whose sockets are bound. */
  private readonly bound = new Set<Family>()
  private interfaces: readonly LanInterface[] = []
  private closed = false

  constructor(
    receive: (datagram: Uint8Array, host: string) => void,
    onError: (error: CausewayError) => void,
  ) {
    this.onError = onError
    for (const family of ['udp4', 'udp6'] as const) {
      // Other nodes on this machine hear on the same port.
      const socket = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' })
      socket.on('error', (error) => this.fail(family, error))
      socket.on('message', (datagram, { address }) => receive(datagram, address))
      socket.bind(limits.lanPort, () => {
        this.bound.add(family)
        this.join(this.interfaces)
      })
      socket.unref()
      this.sockets.set(family, socket)
    }
  }

  join(interfaces: readonly LanInterface[]): void {
    this.interfaces = interfaces
    for (const { address, scope } of interfaces) {
      const family = familyOf(address)
      const socket = this.sockets.get(family)
      if (socket === undefined || !this.bound.has(family)) continue
      const at = family === 'udp6' ? `::%${scope}` : address
      try {
        socket.dropMembership(groups[family], at)
      } catch {
        // It was not joined, or is no longer.
      }
      try {
        socket.addMembership(groups[family], at)
      } catch {
        // An interface without multicast, such as a tunnel: what is sent there fails too, and that is reported.
      }
    }
  }

  send(datagram: Uint8Array, { address, scope }: LanInterface): Promise<void> {
    const family = familyOf(address)
    const [at, group] =
      family === 'udp6' ? [`::%${scope}`, `${groups.udp6}%${scope}`] : [address, groups.udp4]
    return new Promise((resolve, reject) => {
      const socket = createSocket(family)
      const done = (error: Error | null) => {
        socket.removeAllListeners('error').on('error', () => {})
        socket.close()
        if (error) reject(error)
        else resolve()
      }
      socket.once('error', done)
      socket.bind({ address, port: 0, exclusive: true }, () => {
        try {
          socket.setMulticastInterface(at)
          socket.setMulticastTTL(1)
          socket.send(datagram, limits.lanPort, group, done)
        } catch (error) {
          done(error as Error)
        }
      })
      socket.unref()
    })
  }

  close(): void {
    this.closed = true
    for (const socket of this.sockets.values()) socket.close()
    this.sockets.clear()
  }

  private fail(family: Family, error: NodeJS.ErrnoException): void {
    const socket = this.sockets.get(family)
    this.sockets.delete(family)
    socket?.close()
    // Many machines have no IPv6.
    if (this.closed || (family === 'udp6' && /^E(AFNOSUPPORT|ADDRNOTAVAIL)$/.test(error.code ?? ''))) return
    this.onError(
      new CausewayError(
        'UNREACHABLE',
        `Beacons of the LAN cannot be heard on UDP port ${limits.lanPort}: ${error.message}. Stop the program that has the port, or serve with --no-lan.`,
        { cause: error },
      ),
    )
  }
}
