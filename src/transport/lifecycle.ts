/**
 * The states of every transport: stopped, listening, closed. One implementation makes a double start, a stop during a
 * start and a close during either mean the same over TCP, QUIC and the simulated network.
 */
import { CausewayError } from '../base/errors.ts'
import type { Channel } from './transport.ts'

export class Lifecycle {
  readonly name: string
  private isListening = false
  private closing: Promise<void> | undefined
  /** Starts, stops and the close run one at a time, in the order of the calls; this is the last of them. */
  private last: Promise<unknown> = Promise.resolve()

  /** `name` is the transport's; messages contain it. */
  constructor(name: string) {
    this.name = name
  }

  get listening(): boolean {
    return this.isListening
  }

  get closed(): boolean {
    return this.closing !== undefined
  }

  /** Runs `bind`. If it fails, the transport stays stopped and can start again. Throws ALREADY_STARTED, CLOSED. */
  start(bind: () => Promise<void>): Promise<void> {
    return this.next(async () => {
      this.assertOpen()
      if (this.isListening)
        throw new CausewayError('ALREADY_STARTED', `The transport ${this.name} is already listening.`)
      await bind()
      this.isListening = true
    })
  }

  /** Runs `unbind`. Throws NOT_STARTED if the transport is not listening. */
  stop(unbind: () => Promise<void>): Promise<void> {
    return this.next(async () => {
      if (!this.isListening)
        throw new CausewayError('NOT_STARTED', `The transport ${this.name} is not listening.`)
      this.isListening = false
      await unbind()
    })
  }

  /**
   * Closes the transport as of this call. `release` frees everything, after the starts and stops under way. Idempotent.
   */
  close(release: () => Promise<void>): Promise<void> {
    this.closing ??= this.next(async () => {
      this.isListening = false
      await release()
    })
    return this.closing
  }

  assertOpen(): void {
    if (this.closed) throw this.closedError()
  }

  closedError(): CausewayError {
    return new CausewayError('CLOSED', `The transport ${this.name} is closed.`)
  }

  private next(run: () => Promise<void>): Promise<void> {
    const result = this.last.then(run)
    this.last = result.catch(() => {})
    return result
  }
}

/** Passes an inbound channel to its handler. If the handler throws, its channel is destroyed; the server goes on. */
export function handOver(accept: (channel: Channel) => void, channel: Channel): void {
  try {
    accept(channel)
  } catch (error) {
    channel.stream.on('error', () => {})
    channel.stream.destroy(CausewayError.from(error))
  }
}
