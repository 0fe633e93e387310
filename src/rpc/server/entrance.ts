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
 * Returns the caller of a call, given its connection's caller and the request's headers. Rejects if the headers say who
 * calls and do not prove it.
 */
export type Identify = (connected: Caller, headers: IncomingHttpHeaders) => Promise<Caller>

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
      const caller = (await identify?.(connected, headers)) ?? connected
      values.set(callerKey, caller)
      return throttle?.enter(connected, caller, url)
    } catch (error) {
      if (error instanceof CausewayError && error.code === 'RESOURCE_EXHAUSTED') this.countRefusal(connected)
      throw error
    }
  }

  /** Charges a request that is no call to its connection's caller. Returns false if that has made too many. */
  mayAsk(connected: Caller): boolean {
    try {
      this.parts.throttle?.enter(connected, connected).leave()
      return true
    } catch {
      this.countRefusal(connected)
      return false
    }
  }

  private countRefusal(connected: Caller): void {
    if (this.parts.throttle?.countRefusal(connected)) this.parts.cut(connected)
  }
}
