/**
 * The way into a server, before the body of a request is read: what the request proves says who makes it, and that says
 * whose bounds it has. A connection that goes on after refusals is cut.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { ContextValues } from '@connectrpc/connect'
import { CausewayError } from '../../base/errors.ts'
import { type Caller, callerKey } from '../caller.ts'
import type { HttpRequest } from './http-call.ts'
import type { OpenCall, Throttle } from './throttle.ts'

/**
 * Returns the caller of a call, given its connection's caller, the request's headers and from where it comes. Rejects if
 * the headers say who calls and do not prove it.
 */
export type Identify = (
  connected: Caller,
  headers: IncomingHttpHeaders,
  remoteAddress: string,
) => Promise<Caller>

export interface EntranceParts {
  /** Without it, the caller of a call is the connection's. */
  readonly identify: Identify | undefined
  /** Without it there is no bound. */
  readonly throttle: Throttle | undefined
  /** Ends the connection of this caller. */
  cut(connected: Caller): void
}

export class Entrance {
  private readonly parts: EntranceParts

  constructor(parts: EntranceParts) {
    this.parts = parts
  }

  /**
   * Identifies the caller of a call on a connection of `connected`, sets it in the call's context values, and begins the
   * call. Rejects with the reason to refuse it.
   */
  async enter(
    connected: Caller,
    { headers, url }: HttpRequest,
    values: ContextValues,
  ): Promise<OpenCall | undefined> {
    const { identify, throttle } = this.parts
    try {
      const from = fromItsSource(connected, headers)
      values.set(callerKey, from)
      const proven = (await identify?.(connected, headers, from.remoteAddress)) ?? connected
      const caller = from === connected ? proven : { ...proven, remoteAddress: from.remoteAddress }
      values.set(callerKey, caller)
      return throttle?.enter(caller, url)
    } catch (error) {
      if (error instanceof CausewayError && error.code === 'RESOURCE_EXHAUSTED') this.countRefusal(connected)
      throw error
    }
  }

  /** Charges a request that is no call to its connection's caller. Returns false if that has made too many. */
  mayAsk(connected: Caller, { headers }: HttpRequest): boolean {
    try {
      this.parts.throttle?.enter(fromItsSource(connected, headers)).leave()
      return true
    } catch {
      this.countRefusal(connected)
      return false
    }
  }

  private countRefusal(connected: Caller): void {
    // The connection of a trusted proxy also carries the calls of others.
    if (connected.sourceOf === undefined && this.parts.throttle?.countRefusal(connected))
      this.parts.cut(connected)
  }
}

/** Returns the caller of a request before it has proven anything: its connection's, or what a trusted proxy says. */
function fromItsSource(connected: Caller, headers: IncomingHttpHeaders): Caller {
  const remoteAddress = connected.sourceOf?.(headers)
  return remoteAddress === undefined ? connected : { ...connected, remoteAddress }
}
