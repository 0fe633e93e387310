/**
 * Several transports side by side, so that the rest of a node deals in addresses and never names a transport. An
 * address goes to the first registered transport that can handle it. Each transport has its own server, so one that
 * fails to start does not affect the others.
 */

import { type Clock, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { type DialFirstOptions, type DialWinner, dialFirst } from './race.ts'
import type { Address, Channel, DialOptions, Transport } from './transport.ts'

export interface AcceptResult {
  /** Names of the transports that are listening now, including those that already were. */
  readonly started: string[]
  readonly failed: Array<{ readonly name: string; readonly error: CausewayError }>
}

interface Registration {
  readonly transport: Transport
  readonly dialOnly: boolean
  /** Read at each connection, so a later handler also serves a transport that is already listening. */
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

  /**
   * Adds a transport, which `close` then closes. `dialOnly` keeps it out of `acceptConnections`. Throws ALREADY_EXISTS.
   */
  register(transport: Transport, options: { readonly dialOnly?: boolean } = {}): void {
    this.assertOpen()
    if (this.registrations.has(transport.name))
      throw new CausewayError(
        'ALREADY_EXISTS',
        `A transport named ${transport.name} is already registered. Give this one another name.`,
        { data: { name: transport.name } },
      )
    const { dialOnly = false } = options
    this.registrations.set(transport.name, { transport, dialOnly, accept: undefined })
  }

  get(name: string): Transport | undefined {
    return this.registrations.get(name)?.transport
  }

  /** The names of the transports, in order of registration. */
  names(): string[] {
    return [...this.registrations.keys()]
  }

  /** Returns the transport that handles the address. Throws NO_TRANSPORT if there is none. */
  route(address: Address): Transport {
    for (const { transport } of this.registrations.values())
      if (transport.canHandleAddress(address)) return transport
    throw new CausewayError(
      'NO_TRANSPORT',
      `No transport handles the address ${JSON.stringify(address.slice(0, 200))}. Expected one such as http://HOST:PORT or iroh:endpoint…; the transports here are: ${this.names().join(', ') || 'none'}.`,
      { data: { address: address.slice(0, 200) } },
    )
  }

  async dial(address: Address, options?: DialOptions): Promise<Channel> {
    this.assertOpen()
    return this.route(address).dial(address, options)
  }

  /**
   * Dials several addresses of one peer in a staggered race; see race.ts. If every attempt fails, throws their common
   * code, or UNREACHABLE if the codes differ.
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
   * Starts the server of every registered transport, in parallel. The result names those that failed; the others run.
   * If none is listening afterwards, throws with all errors as the cause.
   */
  async acceptConnections(accept: Accept): Promise<AcceptResult> {
    this.assertOpen()
    this.accept = accept
    const servers = [...this.registrations.values()].filter(({ dialOnly }) => !dialOnly)
    if (servers.length === 0)
      throw new CausewayError('NO_TRANSPORT', 'No registered transport can listen. Register one first.')
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
    if (failed.length === 1) throw failed[0]!.error
    throw new CausewayError(
      failed.every(({ error }) => error.code === failed[0]!.error.code)
        ? failed[0]!.error.code
        : 'UNREACHABLE',
      `No transport could start: ${failed.map(({ name, error }) => `${name}: ${error.message}`).join(' ')}`,
      { cause: new AggregateError(failed.map(({ error }) => error)) },
    )
  }

  /** Starts one server. Inbound channels go to `accept`, or else to the handler of the last acceptConnections. */
  async start(name: string, accept?: Accept): Promise<void> {
    this.assertOpen()
    const registration = this.named(name)
    registration.accept = accept ?? registration.accept ?? this.accept
    await this.listenOn(registration)
  }

  async stop(name: string): Promise<void> {
    await this.named(name).transport.stop()
  }

  /** Returns the addresses at which others reach this node now, in the order in which transports were registered. */
  getAllServerAddresses(): Address[] {
    return [...this.registrations.values()].flatMap(({ transport }) => transport.addresses())
  }

  /** Returns those that may be reached from other networks. */
  getFarAddresses(): Address[] {
    return [...this.registrations.values()].flatMap(
      ({ transport }) => transport.farAddresses?.() ?? transport.addresses(),
    )
  }

  /** Closes every transport, even if one of them fails to close; then throws the first error. */
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
        `No handler takes the connections of ${transport.name}. Call acceptConnections, or pass accept.`,
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
