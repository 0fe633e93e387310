/**
 * Time and randomness, injected: everything that waits or draws lots asks a Clock, so that a whole cluster
 * can run in one process from one seed, and no test ever sleeps.
 */
import { randomBytes } from 'node:crypto'
import { CausewayError } from './errors.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970. Goes into entries; may jump. */
  now(): number
  /** Monotonic time in milliseconds, for durations. */
  monotonic(): number
  /** Calls `run` once after `delayMs`; the result cancels. Never keeps the process alive by itself. */
  setTimer(delayMs: number, run: () => void): () => void
  /** Uniform in [0, 1). */
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

/** Resolves after `delayMs` of the clock's time; rejects with CANCELLED when the signal fires first. */
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

/** The error of an aborted signal: its own reason where that is a CausewayError, else CANCELLED. */
export function cancelled(signal: AbortSignal): CausewayError {
  if (signal.reason instanceof CausewayError) return signal.reason
  return new CausewayError('CANCELLED', 'The operation was cancelled.', { cause: signal.reason })
}

/**
 * A signal that fires after `timeoutMs` with TIMEOUT (`what` names the operation in the message) or with
 * `parent`. Dispose it when the operation has ended.
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
