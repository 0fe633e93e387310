/**
 * Time and randomness, injected. Everything that waits or chooses at random asks a Clock, so a whole cluster runs in
 * one process from one seed, and no test ever sleeps.
 */
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
    // Timers of browsers keep nothing alive.
    timer.unref?.()
    return () => clearTimeout(timer)
  },
  random: Math.random,
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
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

/** Reports whether a signal has ended an operation that could have succeeded yet: not since its time was over. */
export function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && cancelled(signal).code !== 'TIMEOUT'
}

/** Resolves as the task does. Throws the signal's error if it fires first. */
export function unlessAborted<Result>(task: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Throws the signal's error if it has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal)
}

/**
 * Rejects a task with the signal's error if the signal fires before the task has begun: `leave` takes it out of the queue
 * in which it waits, and returns false if it is not there any more. From then on the signal is ignored, and the result is
 * the task's. So what is cancelled was not done.
 */
export function unlessBegun<Result>(
  task: Promise<Result>,
  signal: AbortSignal | undefined,
  leave: () => boolean,
): Promise<Result> {
  if (signal === undefined) return task
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      if (leave()) reject(cancelled(signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Takes a task out of a queue. Returns whether it was there. */
export function takeOut<Task>(queue: Task[] | undefined, task: Task): boolean {
  const index = queue?.indexOf(task) ?? -1
  if (index >= 0) queue!.splice(index, 1)
  return index >= 0
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
