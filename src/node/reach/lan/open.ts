/** Builds the LAN of a node from its options. It opens no port before somebody follows it. */
import type { Clock } from '../../../base/clock.ts'
import { machineLan } from '../../../find/multicast.ts'
import type { ProblemListener } from '../../../rpc/server/boundary.ts'
import type { TransportManager } from '../../../transport/manager.ts'
import type { NodeOptions } from '../../options.ts'
import { Lan } from './lan.ts'
import { listenersOf } from './listeners.ts'

export interface OpenLanParts {
  readonly clock: Clock
  readonly transports: TransportManager
  readonly onError: ProblemListener
}

/** Returns the LAN of a node: that of the machine, unless the options bring another one. */
export function openLan({ clock, transports, onError }: OpenLanParts, options: NodeOptions): Lan {
  return new Lan({
    clock,
    network: typeof options.lan === 'object' ? options.lan : machineLan,
    listeners: () => listenersOf(transports, options),
    onError: (error) => onError(error, 'the LAN'),
  })
}
