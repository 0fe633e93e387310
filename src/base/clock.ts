/**
 * Time and randomness, injected. Everything that waits or chooses at random asks a Clock, so a whole cluster runs in
 * one process from one seed, and no test ever sleeps.
 */
import { randomBytes } from 'node:crypto'
import { CausewayError } from './errors.ts'

export interface Clock {
  /** Returns wall time in milliseconds since 1970. It goes into entries and may jump. */
  now(): number
  /** Returns monotonic time in milliseconds, for durations. */
  monotonic(): number
  /** Calls `run` once after `delayMs`. Returns a function that cancels it. The timer never keeps the process alive. */
  setTimer(delayMs: number, run: () => void): () => void
  /** Returns a number that is uniform in [0, 1). */
  random(): number
  randomBytes(length: number): Uint8Array
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
  random: Math.random,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}

/**
 * Resolves after `delayMs` of the clock's time. Rejects with the signal's error (see `cancelled`) if it fires first.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal))
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    function onAbort() {
      cancel()
      reject(cancelled(signal!))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Returns the error of an aborted signal: its own reason if that is a CausewayError, else CANCELLED. */
export function cancelled(signal: AbortSignal): CausewayError {
  if (signal.reason instanceof CausewayError) return signal.reason
  return new CausewayError('CANCELLED', 'The operation was cancelled.', { cause: signal.reason })
}

/**
 * Returns a signal that fires with TIMEOUT after `timeoutMs`, or when `parent` does. `what` names the operation in the
 * message. Dispose it when the operation has ended.
 */
export function deadline(
  clock: Clock,
  timeoutMs: number,
  what: string,
  parent?: AbortSignal,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const onParent = () => controller.abort(parent!.reason)
  if (parent?.aborted) onParent()
  parent?.addEventListener('abort', onParent, { once: true })
  const cancel = clock.setTimer(timeoutMs, () =>
    controller.abort(
      new CausewayError('TIMEOUT', `${what} took longer than ${timeoutMs} ms.`, { data: { timeoutMs } }),
    ),
  )
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      cancel()
      parent?.removeEventListener('abort', onParent)
    },
  }
}
