/**
 * Calls to one node, each within its time, on a connection that is opened when the first one needs it. It does not matter
 * what carries them: a byte stream, or a browser's fetch.
 */
import type { DescService } from '@bufbuild/protobuf'
import type { Client } from '@connectrpc/connect'
import { type Clock, deadline, unlessAborted } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { fromConnectError } from '../errors.ts'

/** An open connection to a node, on which the caller has proven its key. */
export interface CallConnection {
  client<Service extends DescService>(service: Service): Client<Service>
  /** Why it ended; undefined while it lives. */
  readonly ended: CausewayError | undefined
}

export interface CallsParts {
  /** Returns an open connection. Throws the dial's error. */
  readonly connection: (signal: AbortSignal) => Promise<CallConnection>
  readonly clock: Clock
}

/** How long a call may take beside `limits.unaryTimeoutMs`. */
export interface CallTime {
  readonly sentBytes?: number
  /** How long the remote waits before it answers. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal | undefined
}

export class Calls {
  readonly clock: Clock
  private readonly connection: CallsParts['connection']

  constructor({ connection, clock }: CallsParts) {
    this.connection = connection
    this.clock = clock
  }

  /** Makes one unary call within its time. Throws the remote's error, or the reason for which the connection ended. */
  async unary<Service extends DescService, Result>(
    what: string,
    service: Service,
    task: (client: Client<Service>, signal: AbortSignal) => Promise<Result>,
    { sentBytes = 0, patienceMs = 0, signal }: CallTime = {},
  ): Promise<Result> {
    const sendMs = Math.ceil((1_000 * sentBytes) / limits.slowestBytesPerSecond)
    using limit = deadline(this.clock, limits.unaryTimeoutMs + sendMs + patienceMs, what, signal)
    const connection = await this.connection(limit.signal)
    try {
      return await task(connection.client(service), limit.signal)
    } catch (error) {
      throw callError(connection, error, limit.signal)
    }
  }

  /**
   * Yields the messages of one answer. Ends the call when its reader leaves, and with TIMEOUT when nothing came for
   * `silenceMs`: the time that the reader takes does not count. Throws as `unary` does.
   */
  async *stream<Service extends DescService, Message>(
    service: Service,
    task: (client: Client<Service>, signal: AbortSignal) => AsyncIterable<Message>,
    { silenceMs, signal }: { readonly silenceMs: number; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<Message> {
    const over = new AbortController()
    const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
    const connection = await this.connection(either)
    try {
      const messages = task(connection.client(service), either)[Symbol.asyncIterator]()
      // Ends with the call.
      for (;;) {
        const cancelTimer = this.clock.setTimer(silenceMs, () => over.abort(silent(silenceMs)))
        // The library's own end may not come: some versions of fetch forget a signal once the answer has ended.
        const step = await unlessAborted(messages.next(), either).finally(cancelTimer)
        if (step.done) return
        yield step.value
      }
    } catch (error) {
      throw callError(connection, error, either)
    } finally {
      over.abort(new CausewayError('CANCELLED', 'The call is over.'))
    }
  }
}

/** Returns the error of a call; if the connection itself ended, the reason for that. */
export function callError(
  { ended }: Pick<CallConnection, 'ended'>,
  error: unknown,
  signal: AbortSignal,
): CausewayError {
  if (!signal.aborted && !(error instanceof CausewayError) && ended !== undefined) return ended
  return fromConnectError(error, signal)
}

function silent(silenceMs: number): CausewayError {
  return new CausewayError('TIMEOUT', `The remote sent nothing for ${silenceMs} ms.`, {
    data: { timeoutMs: silenceMs },
  })
}
