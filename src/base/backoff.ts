/**
 * How long to wait before the next attempt: exponential with full jitter (Brooker, "Exponential Backoff And Jitter",
 * 2015), capped. Jitter over the whole range spreads many nodes that lost the same peer at the same moment.
 */
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
