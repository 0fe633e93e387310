/** Creates the transports of a node from its options. */
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../dag/identity.ts'
import { Door } from '../transport/door.ts'
import { createHttpTransport } from '../transport/http.ts'
import { createIrohTransport } from '../transport/iroh/iroh.ts'
import { TransportManager } from '../transport/manager.ts'
import type { Admission } from './admission.ts'
import type { NodeOptions } from './options.ts'

/** Creates HTTP, QUIC and the further transports of the options, in the order in which addresses are routed. */
export function createTransports(
  options: NodeOptions,
  identity: Identity,
  clock: Clock,
  { throttle }: Admission,
): TransportManager {
  const door = new Door(clock)
  const transports = new TransportManager({ clock })
  const http = createHttpTransport({
    clock,
    door,
    ...(options.http && { listen: options.http }),
    ...(options.tls && { tls: options.tls }),
  })
  transports.register(http, { dialOnly: options.http === undefined })
  const { listen = false, bind, relay = 'default' } = options.quic ?? {}
  const iroh = createIrohTransport({
    ...{ identity, clock, relay, door, isKnown: (peer) => throttle.isKnown(peer) },
    ...(bind !== undefined && { bind }),
  })
  transports.register(iroh, { dialOnly: !listen })
  for (const transport of options.transports ?? []) transports.register(transport)
  return transports
}
