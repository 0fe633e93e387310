/**
 * How long to wait before the next attempt: exponential with full jitter (Brooker, "Exponential Backoff And Jitter",
 * 2015), capped. Jitter over the whole range spreads many nodes that lost the same peer at the same moment.
 */
import { type Clock, sleep } from './clock.ts'
import { CausewayError } from './errors.ts'
import { limits } from './limits.ts'

export interface BackoffOptions {
  readonly baseMs: number
  readonly capMs: number
}

const byDefault: BackoffOptions = { baseMs: limits.backoffBaseMs, capMs: limits.backoffCapMs }

/**
 * Returns a wait that is uniform in [0, min(cap, base * 2^(attempts - 1))), after `attempts` failures in a row.
 * `random` is uniform in [0, 1).
 */
export function backoffMs(attempts: number, random: number, options: BackoffOptions = byDefault): number {
  return random * backoffCeilingMs(attempts, options)
}

/**
 * Returns when a wait that starts now is over. The end of a long wait is rounded down to a beat that all peers share:
 * waking up costs more than a refused dial, so peers that are away are tried together.
 */
export function retryAt(now: number, waitMs: number): number {
  const at = now + waitMs
  return waitMs < limits.retryBeatMs ? at : at - (at % limits.retryBeatMs)
}

/** Returns the bound that the wait stays below. */
export function backoffCeilingMs(attempts: number, { baseMs, capMs }: BackoffOptions = byDefault): number {
  return Math.min(capMs, baseMs * 2 ** Math.max(0, attempts - 1))
}

/**
 * Waits out the refusals of a busy remote: each RESOURCE_EXHAUSTED with a short `retryAfterMs`, for `limits.patienceMs` in
 * all since `progress` was last called. A longer wait is left to the caller.
 */
export class Patience {
  private readonly clock: Clock
  private waitedMs = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  progress(): void {
    this.waitedMs = 0
  }

  /** Waits as long as an error says. Throws the error if it says nothing of the kind, or too much. */
  async wait(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const { code, data } = CausewayError.from(error)
    if (code !== 'RESOURCE_EXHAUSTED' || typeof data.retryAfterMs !== 'number') throw error
    // At least a little, so that a remote that says "now" is not called without end.
    const waitMs = Math.max(data.retryAfterMs, limits.patienceLeastMs)
    if (this.waitedMs + waitMs > limits.patienceMs) throw error
    this.waitedMs += waitMs
    await sleep(this.clock, waitMs, signal)
  }

  /** Makes a call again as long as it is refused so. */
  async retry<Result>(signal: AbortSignal | undefined, call: () => Promise<Result>): Promise<Result> {
    // Ends since every turn waits, and the waits together are bounded.
    for (;;)
      try {
        return await call()
      } catch (error) {
        await this.wait(error, signal)
      }
  }
}
