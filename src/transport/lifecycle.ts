/**
 * The states that every transport goes through: stopped, listening, closed. Kept once, so that a double start,
 * a stop while starting and a close in the middle of both mean the same over TCP, QUIC and the simulated network.
 */
import { CausewayError } from '../base/errors.ts'
import type { Channel } from './transport.ts'

export class Lifecycle {
  readonly name: string
  private isListening = false
  private closing: Promise<void> | undefined
  /** Starts and stops run one after the other, in the order of the calls. */
  private last: Promise<unknown> = Promise.resolve()

  /** `name` is the transport's, for the messages. */
  constructor(name: string) {
    this.name = name
  }

  get listening(): boolean {
    return this.isListening
  }

  get closed(): boolean {
    return this.closing !== undefined
  }

  /** Runs `bind`; when it fails, the transport is stopped and can start again. */
  start(bind: () => Promise<void>): Promise<void> {
    return this.next(async () => {
      this.assertOpen()
      if (this.isListening)
        throw new CausewayError('ALREADY_STARTED', `The transport ${this.name} listens already.`)
      await bind()
      this.isListening = true
    })
  }

  stop(unbind: () => Promise<void>): Promise<void> {
    return this.next(async () => {
      if (!this.isListening)
        throw new CausewayError('NOT_STARTED', `The transport ${this.name} does not listen.`)
      this.isListening = false
      await unbind()
    })
  }

  /** From this call on the transport is closed; `release` frees everything once what is under way has ended. */
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

/** Hands an inbound channel over; a handler that throws costs its own channel, never the server. */
export function handOver(accept: (channel: Channel) => void, channel: Channel): void {
  try {
    accept(channel)
  } catch (error) {
    channel.stream.on('error', () => {})
    channel.stream.destroy(CausewayError.from(error))
  }
}
