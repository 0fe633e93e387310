/**
 * Opens connections from Node: HTTP/2 over TCP or TLS, as nodes themselves do. The first address of several at which the
 * node proves its key wins. `dial.web.ts` takes its place in browsers.
 */
import type { Clock } from '../../../src/base/clock.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import type { PeerId, Signer } from '../../../src/dag/identity.ts'
import { dialPeer } from '../../../src/node/dialling/dial-peer.ts'
import type { Caller } from '../../../src/rpc/caller.ts'
import type { CallConnection } from '../../../src/rpc/client/calls.ts'
import type { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { TransportManager } from '../../../src/transport/manager.ts'

export interface DialTarget {
  readonly addresses: readonly string[]
  /** The key that is proven to the node; undefined: none. */
  readonly signer: Signer | undefined
  /** Authorities to trust beside those of the system, in PEM. */
  readonly ca: string | undefined
  /** Whether plain HTTP that leaves this machine may carry what is said. */
  readonly insecure: boolean
  readonly clock: Clock
}

/** An open connection to a node that has proven its key. */
export interface OpenConnection extends CallConnection {
  readonly peer: PeerId
  readonly open: boolean
}

export interface Dialer {
  /** Connects to the expected node, or to the one that answers. Throws the dial's error. */
  dial(expected: PeerId | undefined, signal: AbortSignal): Promise<OpenConnection>
  close(): Promise<void>
}

export function createDialer({ addresses, signer, ca, insecure, clock }: DialTarget): Dialer {
  const transports = new TransportManager({ clock })
  transports.register(createHttpTransport({ clock, ...(ca !== undefined && { tls: { ca } }) }), {
    dialOnly: true,
  })
  const open = new Map<RpcConnection, Caller>()
  return {
    async dial(expected, signal) {
      const parts = { transports, clock, signer, open, insecure }
      const dialled = await dialPeer(parts, addresses, expected, signal)
      const { connection, peer } = dialled
      return {
        peer,
        client: (service) => connection.client(service),
        get open(): boolean {
          return connection.open
        },
        get ended(): CausewayError | undefined {
          return connection.ended
        },
      }
    },
    async close() {
      await Promise.all([...open.keys()].map((connection) => connection[Symbol.asyncDispose]()))
      await transports.close()
    },
  }
}
