/**
 * "Happy eyeballs" (RFC 8305) over any transports: the addresses of one peer are tried in a staggered race, and the
 * first that completes a handshake wins. A connection alone proves nothing (a proxy accepts for anybody), so the
 * caller's handshake decides, and only the loser's streams are destroyed.
 */
import { type Clock, cancelled, deadline } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Address, Channel, DialOptions } from './transport.ts'

export interface DialFirstOptions<T> {
  /** Proves that the channel leads to the wanted peer; what it resolves to is in the result. */
  readonly handshake: (channel: Channel, attempt: { address: Address; signal: AbortSignal }) => Promise<T>
  readonly signal?: AbortSignal
  /** How long the next address waits beside those under way; it starts at once when one fails. */
  readonly staggerMs?: number
}

export interface DialWinner<T> {
  readonly address: Address
  readonly channel: Channel
  /** What the handshake gave. */
  readonly value: T
  /** The attempts that failed before the winner came through. */
  readonly failures: ReadonlyArray<{ readonly address: Address; readonly error: CausewayError }>
}

export function dialFirst<T>(
  dial: (address: Address, options: DialOptions) => Promise<Channel>,
  addresses: readonly Address[],
  clock: Clock,
  options: DialFirstOptions<T>,
): Promise<DialWinner<T>> {
  const { handshake, signal, staggerMs = limits.dialStaggerMs } = options
  return new Promise((resolve, reject) => {
    const waiting = [...new Set(addresses)]
    if (waiting.length === 0)
      return reject(new CausewayError('INVALID_ARGUMENT', 'There is no address to dial.'))
    if (waiting.length > limits.dialAddresses)
      return reject(
        new CausewayError(
          'LIMIT_EXCEEDED',
          `A peer may have ${limits.dialAddresses} addresses to try, got ${waiting.length}.`,
        ),
      )
    if (signal?.aborted) return reject(cancelled(signal))

    const race = new AbortController()
    const failures: Array<{ address: Address; error: CausewayError }> = []
    let running = 0
    let settled = false
    let cancelStagger = () => {}

    const settle = (finish: () => void) => {
      settled = true
      cancelStagger()
      signal?.removeEventListener('abort', onAbort)
      finish()
      // An error with its stack is dear where a peer is away, and nobody listens any more.
      if (running > 0)
        race.abort(new CausewayError('CANCELLED', 'Another address answered first, or the race was ended.'))
    }
    const onAbort = () => settle(() => reject(cancelled(signal!)))
    signal?.addEventListener('abort', onAbort, { once: true })

    const startNext = () => {
      cancelStagger()
      const address = waiting.shift()
      if (address === undefined) return
      running++
      if (waiting.length > 0) cancelStagger = clock.setTimer(staggerMs, startNext)
      attempt(address, race.signal).then(
        (winner) => {
          running--
          if (settled) return winner.channel.stream.destroy()
          settle(() => resolve({ ...winner, failures: [...failures] }))
        },
        (error: unknown) => {
          running--
          if (settled) return
          failures.push({ address, error: CausewayError.from(error) })
          if (waiting.length > 0) startNext()
          else if (running === 0) settle(() => reject(raceError(failures)))
        },
      )
    }

    async function attempt(address: Address, signal: AbortSignal) {
      const channel = await dial(address, { signal })
      // The handshake sees errors as `close`; a loser's must not end the process.
      channel.stream.on('error', () => {})
      using limit = deadline(clock, limits.dialHandshakeTimeoutMs, `The handshake with ${address}`, signal)
      try {
        if (limit.signal.aborted) throw cancelled(limit.signal)
        const value = await Promise.race([
          handshake(channel, { address, signal: limit.signal }),
          aborted(limit.signal),
          gone(channel, address),
        ])
        return { address, channel, value }
      } catch (error) {
        channel.stream.destroy()
        throw error
      }
    }

    startNext()
  })
}

/** Rejects once the signal fires: a handshake need not watch it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true }),
  )
}

/** Rejects once the stream has closed: a handshake that waits for an answer would wait for ever. */
function gone(channel: Channel, address: Address): Promise<never> {
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
