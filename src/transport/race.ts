/**
 * "Happy eyeballs" (RFC 8305) over any transports: dials the addresses of one peer in a staggered race, and the first
 * to complete a handshake wins. An open connection proves nothing, since a proxy accepts for anyone, so the caller's
 * handshake decides. The streams of the losers are destroyed.
 */
import { type Clock, cancelled, deadline } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Address, Channel, DialOptions } from './transport.ts'

export interface DialFirstOptions<T> {
  /** Proves that the channel leads to the wanted peer. Its result becomes the `value` of the race's winner. */
  readonly handshake: (channel: Channel, attempt: { address: Address; signal: AbortSignal }) => Promise<T>
  readonly signal?: AbortSignal
  /** How long the next address waits while others are being tried. After a failure it starts immediately. */
  readonly staggerMs?: number
}

export interface DialWinner<T> {
  readonly address: Address
  readonly channel: Channel
  /** The handshake's result. */
  readonly value: T
  /** The attempts that failed before this one won. */
  readonly failures: ReadonlyArray<{ readonly address: Address; readonly error: CausewayError }>
}

type Dial = (address: Address, options: DialOptions) => Promise<Channel>

/**
 * Dials the addresses in order, each `staggerMs` after the one before, and returns the first whose handshake succeeds.
 * Throws INVALID_ARGUMENT without an address, LIMIT_EXCEEDED with too many, CANCELLED, or the attempts' common error
 * code (UNREACHABLE if they differ).
 */
export async function dialFirst<T>(
  dial: Dial,
  addresses: readonly Address[],
  clock: Clock,
  options: DialFirstOptions<T>,
): Promise<DialWinner<T>> {
  const distinct = [...new Set(addresses)]
  if (distinct.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'A dial needs at least one address, got none.')
  if (distinct.length > limits.dialAddresses)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `At most ${limits.dialAddresses} addresses of a peer can be dialled, got ${distinct.length}.`,
    )
  if (options.signal?.aborted) throw cancelled(options.signal)
  return new Race(dial, distinct, clock, options).run()
}

class Race<T> {
  private readonly dial: Dial
  private readonly clock: Clock
  private readonly options: DialFirstOptions<T>
  /** The addresses that were not tried yet. */
  private readonly queue: Address[]
  private readonly failures: Array<{ address: Address; error: CausewayError }> = []
  /** Ends the attempts that are still under way when the race is over. */
  private readonly over = new AbortController()
  private running = 0
  private settled = false
  private cancelStagger = () => {}
  private resolve!: (winner: DialWinner<T>) => void
  private reject!: (error: CausewayError) => void

  constructor(dial: Dial, addresses: readonly Address[], clock: Clock, options: DialFirstOptions<T>) {
    this.dial = dial
    this.queue = [...addresses]
    this.clock = clock
    this.options = options
  }

  run(): Promise<DialWinner<T>> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
      this.options.signal?.addEventListener('abort', this.onAbort, { once: true })
      this.startNext()
    })
  }

  private readonly onAbort = () => this.settle(() => this.reject(cancelled(this.options.signal!)))

  private settle(finish: () => void): void {
    this.settled = true
    this.cancelStagger()
    this.options.signal?.removeEventListener('abort', this.onAbort)
    finish()
    // Creating an error with its stack is expensive, and without a running attempt nothing would receive it.
    if (this.running > 0)
      this.over.abort(new CausewayError('CANCELLED', 'Another address answered first, or the race ended.'))
  }

  private startNext(): void {
    this.cancelStagger()
    const address = this.queue.shift()
    if (address === undefined) return
    this.running++
    const { staggerMs = limits.dialStaggerMs } = this.options
    if (this.queue.length > 0) this.cancelStagger = this.clock.setTimer(staggerMs, () => this.startNext())
    this.attempt(address).then(
      (winner) => {
        this.running--
        if (this.settled) return winner.channel.stream.destroy()
        this.settle(() => this.resolve({ ...winner, failures: [...this.failures] }))
      },
      (error: unknown) => {
        this.running--
        if (this.settled) return
        this.failures.push({ address, error: CausewayError.from(error) })
        if (this.queue.length > 0) this.startNext()
        else if (this.running === 0) this.settle(() => this.reject(raceError(this.failures)))
      },
    )
  }

  private async attempt(address: Address) {
    const { signal } = this.over
    const channel = await this.dial(address, { signal })
    // The handshake notices an error by the stream's `close`; the error of a losing stream must not end the process.
    channel.stream.on('error', () => {})
    using limit = deadline(this.clock, limits.dialHandshakeTimeoutMs, `The handshake with ${address}`, signal)
    try {
      if (limit.signal.aborted) throw cancelled(limit.signal)
      const value = await Promise.race([
        this.options.handshake(channel, { address, signal: limit.signal }),
        rejectOnAbort(limit.signal),
        rejectOnClose(channel, address),
      ])
      return { address, channel, value }
    } catch (error) {
      channel.stream.destroy()
      throw error
    }
  }
}

/** Rejects once the signal fires, since a handshake may ignore its signal. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true }),
  )
}

/** Rejects once the stream has closed, since a handshake that waits for an answer would wait for ever. */
function rejectOnClose(channel: Channel, address: Address): Promise<never> {
  return new Promise((_, reject) =>
    channel.stream.once('close', () =>
      reject(new CausewayError('DISCONNECTED', `The connection to ${address} ended during the handshake.`)),
    ),
  )
}

function raceError(failures: ReadonlyArray<{ address: Address; error: CausewayError }>): CausewayError {
  const first = failures[0]!.error
  if (failures.length === 1) return first
  const same = failures.every(({ error }) => error.code === first.code)
  const lines = failures.map(({ address, error }) => `${address}: ${error.message}`)
  return new CausewayError(same ? first.code : 'UNREACHABLE', `No address answered. ${lines.join(' ')}`, {
    cause: new AggregateError(failures.map(({ error }) => error)),
  })
}
