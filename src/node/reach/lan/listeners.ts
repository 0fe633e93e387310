/** The ports of a node as its LAN needs to know them, and the addresses that such ports of a peer mean. */
import { CausewayError } from '../../../base/errors.ts'
import type { PeerId } from '../../../dag/identity.ts'
import type { ListenerPort } from '../../../find/beacon.ts'
import { hostPort } from '../../../transport/listening.ts'
import type { TransportManager } from '../../../transport/manager.ts'
import type { NodeOptions } from '../../options.ts'
import type { Listener } from './lan.ts'

/** Returns where HTTP and QUIC of a node listen now. Those that are bound to this machine are among them. */
export function listenersOf(transports: TransportManager, { http, quic }: NodeOptions): Listener[] {
  const listeners: Listener[] = []
  const quicPort = quic?.listen ? transports.get('iroh')?.port?.() : undefined
  if (quicPort !== undefined) {
    const host = (quic?.bind ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
    listeners.push({ kind: 'quic', host: host || '::', port: quicPort })
  }
  const httpPort = transports.get('http')?.port?.()
  if (http !== undefined && httpPort !== undefined)
    listeners.push({ kind: http.tls ? 'https' : 'http', host: http.host, port: httpPort })
  return listeners
}

/** Returns the addresses of a peer that listens on these ports of a host. */
export async function addressesAt(
  transports: TransportManager,
  peer: PeerId,
  { host, ports }: { host: string; ports: readonly ListenerPort[] },
): Promise<string[]> {
  const addresses: string[] = []
  for (const { kind, port } of ports) {
    const socket = hostPort(host, port)
    const address = kind === 'quic' ? await quicAddress(transports, peer, socket) : `${kind}://${socket}`
    if (address !== undefined) addresses.push(address)
  }
  return addresses
}

/** Returns an address of QUIC; undefined if this machine cannot load QUIC, and so cannot dial it either. */
async function quicAddress(
  transports: TransportManager,
  peer: PeerId,
  socket: string,
): Promise<string | undefined> {
  try {
    return await transports.get('iroh')?.addressAt?.(peer, socket)
  } catch (error) {
    if (CausewayError.from(error).code === 'NO_TRANSPORT') return undefined
    throw error
  }
}
