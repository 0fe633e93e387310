/**
 * The ways in which calls reach a node: over its transports, through the control socket of its data folder, and from
 * programs in its own process, all of which lead to the same services; and the listener for operators' tools.
 */
import { rm, writeFile } from 'node:fs/promises'
import {
  type ConnectRouter,
  createRouterTransport,
  type Transport as RpcTransport,
} from '@connectrpc/connect'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { PeerId } from '../dag/identity.ts'
import { errorBoundary, type ProblemListener } from '../rpc/server/boundary.ts'
import type { CallListener } from '../rpc/server/observe.ts'
import { type PlainAnswer, RpcServer } from '../rpc/server/server.ts'
import type { AllowedNames } from '../rpc/server/web/browsers.ts'
import { Readiness } from '../rpc/services/grpc/readiness.ts'
import type { ConnectionInfo } from '../rpc/services/node-service.ts'
import { listenLocal } from '../transport/local.ts'
import type { AcceptResult, TransportManager } from '../transport/manager.ts'
import { type AdminListener, type AdminOptions, listenAdmin } from './admin.ts'
import { type Admission, asOperator } from './admission.ts'
import { adminNote } from './data-folder.ts'
import { answerHealth, atMostEvery } from './health.ts'
import { Measures } from './metrics/measures.ts'
import { NodePage } from './page/page.ts'
import type { PageSessions } from './page/sessions.ts'

export interface ServingParts {
  readonly routes: (router: ConnectRouter, own: OwnParts) => void
  readonly admission: Admission
  readonly transports: TransportManager
  readonly clock: Clock
  readonly onError: ProblemListener
  readonly onCall: CallListener
  readonly data: string | undefined
  /** Who may use the node's page. */
  readonly pageSessions: PageSessions
  /** The hosts and origins that requests over HTTP may name beside the listener's own. */
  readonly allowed: AllowedNames
  /** Awaited each time when transports have begun to listen. */
  onListening(): Promise<void>
  /** Returns the metrics in the text format of Prometheus. */
  metrics(): Promise<string>
}

/** What services need of the serving itself. */
export interface OwnParts {
  readonly readiness: Readiness
  readonly page: NodePage
  /** Returns the metrics in the text format of Prometheus. */
  metrics(): Promise<string>
}

export class Serving {
  private readonly parts: ServingParts
  private readonly server: RpcServer
  private readonly metrics: () => Promise<string>
  /** While the node serves. */
  private measures: Measures | undefined
  private readonly readiness = new Readiness()
  private readonly routes = (router: ConnectRouter) =>
    this.parts.routes(router, {
      ...{ readiness: this.readiness, page: this.page },
      metrics: () => this.metrics(),
    })
  private control: AsyncDisposable | undefined
  private admin: AdminListener | undefined
  private readonly page: NodePage

  constructor(parts: ServingParts) {
    const { admission, clock, onError, allowed } = parts
    const onCall: CallListener = (report) => {
      this.measures?.call(report)
      parts.onCall(report)
    }
    this.parts = parts
    const { routes } = this
    this.metrics = atMostEvery(
      clock,
      limits.metricsIntervalMs,
      async () => `${await parts.metrics()}${(await this.measures?.text()) ?? ''}`,
    )
    this.page = new NodePage({ ...{ routes, clock, onError, onCall }, sessions: parts.pageSessions })
    this.server = new RpcServer({
      ...{ routes, clock, onError, onCall, allowed },
      ...{ interceptors: admission.interceptors, throttle: admission.throttle },
      identify: (connected, headers, from) => admission.identify(connected, headers, from),
      // Of a connection's own callers, only the control socket's is an operator.
      plain: (path, { operator }) => this.answer(path, operator),
    })
  }

  /** Returns a transport that calls the services in-process, as the operator. */
  rpc(): RpcTransport {
    const problems = errorBoundary(this.parts.onError)
    return createRouterTransport(this.routes, { router: { interceptors: [problems, asOperator] } })
  }

  /** Starts the server of every transport that is set to listen; see `Node.listen`. */
  async listen(): Promise<AcceptResult> {
    await this.measure()
    const { transports, admission } = this.parts
    const result = await transports.acceptConnections((channel, transport) => {
      if (channel.remotePeer !== undefined && admission.isBlocked(channel.remotePeer))
        throw new CausewayError(
          'FORBIDDEN',
          `The peer ${channel.remotePeer} is blocked: unblock it with \`causeway peer block --undo\`.`,
        )
      this.server.accept(channel, transport.name)
    })
    await this.parts.onListening()
    this.readiness.state = 'ready'
    return result
  }

  /** Serves the operator's calls on the control socket of the data folder; see `Node.listenControl`. */
  async listenControl(): Promise<void> {
    await this.measure()
    const { data } = this.parts
    if (data === undefined)
      throw new CausewayError('INVALID_ARGUMENT', 'Only a node with a data folder has a control socket.')
    this.control = await listenLocal(data, (channel) => this.server.accept(channel, 'local', true))
  }

  /** Serves metrics and health to operators' tools, and notes in the data folder where. Returns the URL. */
  async listenAdmin(options: AdminOptions): Promise<string> {
    await this.measure()
    if (this.admin !== undefined)
      throw new CausewayError('ALREADY_STARTED', `Operators are served on ${this.admin.url} already.`)
    this.admin = await listenAdmin(options, this.parts.allowed, {
      answer: (path) => this.answer(path, true),
      page: this.page,
    })
    const { url } = this.admin
    this.page.url = url
    const { data } = this.parts
    if (data !== undefined) {
      // A new file, as for holder.ts.
      await rm(adminNote(data), { force: true })
      await writeFile(adminNote(data), `${url}\n`, { mode: 0o600, flag: 'wx' })
    }
    return url
  }

  /** Counts a session of the dispatcher. */
  countSession(seconds: number, succeeded: boolean): void {
    this.measures?.session(seconds, succeeded)
  }

  private async measure(): Promise<void> {
    const measures = await Measures.open()
    this.measures ??= measures
  }

  private answer(path: string, operator: boolean): PlainAnswer | undefined {
    const { metrics } = this
    return answerHealth(path, { state: this.readiness.state, ...(operator && { metrics }) })
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
    this.readiness.state = 'stopping'
    this.page.stop()
    const drained = this.server.drain(graceMs)
    await this.control?.[Symbol.asyncDispose]()
    await drained
    if (this.admin === undefined) return
    await this.admin[Symbol.asyncDispose]()
    if (this.parts.data !== undefined) await rm(adminNote(this.parts.data), { force: true })
  }
}
