/**
 * Several transports side by side, so that the rest of a node names addresses and never a transport. Routing is by
 * the address alone, first match in order of registration; each transport keeps its own independent server, so one
 * that fails to start takes nothing from the others.
 */

import { type Clock, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { type DialFirstOptions, type DialWinner, dialFirst } from './race.ts'
import type { Address, Channel, DialOptions, Transport } from './transport.ts'

export interface AcceptResult {
  /** Names of the transports that listen now, those that did before among them. */
  readonly started: string[]
  readonly failed: Array<{ readonly name: string; readonly error: CausewayError }>
}

interface Registration {
  readonly transport: Transport
  readonly dialOnly: boolean
  /** Read at each connection, so that a later handler also serves a transport that listens already. */
  accept: Accept | undefined
}

type Accept = (channel: Channel, transport: Transport) => void

export class TransportManager implements AsyncDisposable {
  private readonly clock: Clock
  private readonly registrations = new Map<string, Registration>()
  private accept: Accept | undefined
  private closing: Promise<void> | undefined

  constructor(options: { readonly clock?: Clock } = {}) {
    this.clock = options.clock ?? systemClock
  }

  /** The manager closes what is registered. `dialOnly` keeps it out of `acceptConnections`. */
  register(transport: Transport, options: { readonly dialOnly?: boolean } = {}): void {
    this.assertOpen()
    if (this.registrations.has(transport.name))
      throw new CausewayError(
        'ALREADY_EXISTS',
        `A transport named ${transport.name} is registered already. Give this one another name.`,
        { data: { name: transport.name } },
      )
    const { dialOnly = false } = options
    this.registrations.set(transport.name, { transport, dialOnly, accept: undefined })
  }

  get(name: string): Transport | undefined {
    return this.registrations.get(name)?.transport
  }

  /** In order of registration. */
  names(): string[] {
    return [...this.registrations.keys()]
  }

  /** The transport that handles the address; NO_TRANSPORT if none does. */
  route(address: Address): Transport {
    for (const { transport } of this.registrations.values())
      if (transport.canHandleAddress(address)) return transport
    throw new CausewayError(
      'NO_TRANSPORT',
      `No transport handles the address ${JSON.stringify(address.slice(0, 200))}. Registered: ${this.names().join(', ') || 'none'}.`,
      { data: { address: address.slice(0, 200) } },
    )
  }

  async dial(address: Address, options?: DialOptions): Promise<Channel> {
    this.assertOpen()
    return this.route(address).dial(address, options)
  }

  /**
   * Tries several addresses of one peer in a staggered race; see race.ts. The error of a lost race has the code of
   * its attempts if they agree, else UNREACHABLE.
   */
  async dialFirst<T>(addresses: readonly Address[], options: DialFirstOptions<T>): Promise<DialWinner<T>> {
    this.assertOpen()
    return dialFirst(
      (address, dialOptions) => this.dial(address, dialOptions),
      addresses,
      this.clock,
      options,
    )
  }

  /**
   * Starts the server of every registered transport, in parallel. Those that fail are named in the result and leave
   * the others running; if none listens afterwards, it throws with all errors as its cause.
   */
  async acceptConnections(accept: Accept): Promise<AcceptResult> {
    this.assertOpen()
    this.accept = accept
    const servers = [...this.registrations.values()].filter(({ dialOnly }) => !dialOnly)
    if (servers.length === 0)
      throw new CausewayError('NO_TRANSPORT', 'No transport that listens is registered. Register one first.')
    const outcomes = await Promise.all(
      servers.map(async (registration) => {
        const { name } = registration.transport
        try {
          registration.accept = accept
          await this.listenOn(registration)
          return { name }
        } catch (error) {
          const failure = CausewayError.from(error)
          return failure.code === 'ALREADY_STARTED' ? { name } : { name, error: failure }
        }
      }),
    )
    const started: string[] = []
    const failed: Array<{ name: string; error: CausewayError }> = []
    for (const { name, error } of outcomes) {
      if (error === undefined) started.push(name)
      else failed.push({ name, error })
    }
    if (started.length > 0) return { started, failed }
    throw new CausewayError(
      failed.every(({ error }) => error.code === failed[0]!.error.code)
        ? failed[0]!.error.code
        : 'UNREACHABLE',
      `No transport could start: ${failed.map(({ name, error }) => `${name}: ${error.message}`).join(' ')}`,
      { cause: new AggregateError(failed.map(({ error }) => error)) },
    )
  }

  /** Starts one server; inbound channels go to `accept`, or to the handler of the last acceptConnections. */
  async start(name: string, accept?: Accept): Promise<void> {
    this.assertOpen()
    const registration = this.named(name)
    registration.accept = accept ?? registration.accept ?? this.accept
    await this.listenOn(registration)
  }

  async stop(name: string): Promise<void> {
    await this.named(name).transport.stop()
  }

  /** Where others reach this node now, over all transports in order of registration. */
  getAllServerAddresses(): Address[] {
    return [...this.registrations.values()].flatMap(({ transport }) => transport.addresses())
  }

  /** Closes every transport, also when one of them fails to; that error is thrown afterwards. */
  close(): Promise<void> {
    this.closing ??= this.closeAll()
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private async closeAll(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.registrations.values()].map(({ transport }) => transport.close()),
    )
    for (const result of results) if (result.status === 'rejected') throw CausewayError.from(result.reason)
  }

  private async listenOn(registration: Registration): Promise<void> {
    const { transport } = registration
    if (registration.accept === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Nothing handles the connections of ${transport.name}. Call acceptConnections, or pass accept.`,
      )
    await transport.listen((channel) => registration.accept!(channel, transport))
  }

  private named(name: string): Registration {
    const registration = this.registrations.get(name)
    if (registration !== undefined) return registration
    throw new CausewayError(
      'NO_TRANSPORT',
      `No transport is named ${JSON.stringify(name)}. Registered: ${this.names().join(', ') || 'none'}.`,
    )
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new CausewayError('CLOSED', 'The transports are closed.')
  }
}
