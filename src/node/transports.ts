/** Creates the transports of a node from its options. */
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../dag/identity.ts'
import { Door } from '../transport/door.ts'
import { createHttpTransport } from '../transport/http.ts'
import { createIrohTransport } from '../transport/iroh/iroh.ts'
import { TransportManager } from '../transport/manager.ts'
import type { Admission } from './admission.ts'
import type { NodeOptions } from './options.ts'
import { parseAdvertised } from './reach/advertised.ts'
import type { KeptPorts } from './reach/kept-ports.ts'

/** Creates HTTP, QUIC and the further transports of the options, in the order in which addresses are routed. */
export function createTransports(
  options: NodeOptions,
  identity: Identity,
  clock: Clock,
  { throttle }: Admission,
  ports: KeptPorts,
): TransportManager {
  const door = new Door(clock)
  const advertised = parseAdvertised(options.advertise ?? [])
  const transports = new TransportManager({ clock })
  const http = createHttpTransport({
    clock,
    door,
    advertise: advertised.http,
    ...(options.http && { listen: { ...options.http, port: options.http.port ?? ports.candidates('http') } }),
    ...(options.tls && { tls: options.tls }),
  })
  transports.register(http, { dialOnly: options.http === undefined })
  const { listen = false, bind, ...relays } = options.quic ?? {}
  const iroh = createIrohTransport({
    ...{ identity, clock, relay: 'off', ...relays, door, advertise: advertised.quic },
    isKnown: (peer) => throttle.isKnown(peer),
    ...(bind !== undefined ? { bind } : listen && { ports: ports.candidates('quic') }),
  })
  transports.register(iroh, { dialOnly: !listen })
  for (const transport of options.transports ?? []) transports.register(transport)
  return transports
}

/** Notes the ports that were left to the node, now that its transports listen. */
export async function keepPorts(
  transports: TransportManager,
  { http, quic }: NodeOptions,
  ports: KeptPorts,
): Promise<void> {
  if (http && http.port === undefined) await ports.keep('http', transports.get('http')?.port?.())
  if (quic?.listen && quic.bind === undefined) await ports.keep('quic', transports.get('iroh')?.port?.())
}
