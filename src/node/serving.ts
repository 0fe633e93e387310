/**
 * The ways in which calls reach a node: over its transports, through the control socket of its data folder, and from
 * programs in its own process. All of them lead to the same services.
 */
import {
  type ConnectRouter,
  createRouterTransport,
  type Transport as RpcTransport,
} from '@connectrpc/connect'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import type { PeerId } from '../dag/identity.ts'
import { errorBoundary, type ProblemListener } from '../rpc/server/boundary.ts'
import { RpcServer } from '../rpc/server/server.ts'
import type { ConnectionInfo } from '../rpc/services/node-service.ts'
import { listenLocal } from '../transport/local.ts'
import type { AcceptResult, TransportManager } from '../transport/manager.ts'
import { type Admission, asOperator } from './admission.ts'
import { answerHealth } from './health.ts'

export interface ServingParts {
  readonly routes: (router: ConnectRouter) => void
  readonly admission: Admission
  readonly transports: TransportManager
  readonly clock: Clock
  readonly onError: ProblemListener
  /** Returns the metrics in the text format of Prometheus. */
  metrics(): string
}

export class Serving {
  private readonly parts: ServingParts
  private readonly server: RpcServer
  private control: AsyncDisposable | undefined
  private listening = false
  private draining = false

  constructor(parts: ServingParts) {
    const { routes, admission, clock, onError } = parts
    this.parts = parts
    this.server = new RpcServer({
      ...{ routes, clock, onError, interceptors: admission.interceptors, throttle: admission.throttle },
      plain: (path) =>
        answerHealth(path, { ready: this.listening && !this.draining, metrics: () => parts.metrics() }),
    })
  }

  /** Returns a transport that calls the services in-process, as the operator. */
  rpc(): RpcTransport {
    const problems = errorBoundary(this.parts.onError)
    return createRouterTransport(this.parts.routes, { router: { interceptors: [problems, asOperator] } })
  }

  /** Starts the server of every transport that is set to listen; see `Node.listen`. */
  async listen(): Promise<AcceptResult> {
    const { transports, admission } = this.parts
    const result = await transports.acceptConnections((channel, transport) => {
      if (channel.remotePeer !== undefined && admission.isBlocked(channel.remotePeer))
        throw new CausewayError(
          'FORBIDDEN',
          `The peer ${channel.remotePeer} is blocked: unblock it with \`causeway peer block --undo\`.`,
        )
      this.server.accept(channel, transport.name)
    })
    this.listening = true
    return result
  }

  /** Serves the operator's calls on the control socket of a data folder. */
  async listenControl(dataFolder: string): Promise<void> {
    this.control = await listenLocal(dataFolder, (channel) => this.server.accept(channel, 'local', true))
  }

  /** Returns the inbound connections, each with the first peer that has proven its key on it. */
  connections(): ConnectionInfo[] {
    return this.server.connections().map(({ caller, channel }) => {
      const [peer] = this.parts.admission.peersOf(caller)
      return { caller: { ...caller, ...(peer && { peer }) }, path: channel.path?.(), inbound: true }
    })
  }

  /** Ends a peer's inbound connections immediately. */
  cut(peer: PeerId): void {
    this.server.cut((caller) => this.parts.admission.peersOf(caller).includes(peer))
  }

  /**
   * Refuses new calls from now on, on open connections and on new ones. Waits up to `graceMs` milliseconds for the
   * running calls, then cuts them.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true
    const drained = this.server.drain(graceMs)
    await this.control?.[Symbol.asyncDispose]()
    await drained
  }
}
