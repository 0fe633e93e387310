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

/** Uniform in [0, min(cap, base * 2^(attempts - 1))): `attempts` failed in a row, `random` is uniform in [0, 1). */
export function backoffMs(attempts: number, random: number, options: BackoffOptions = byDefault): number {
  return random * backoffCeilingMs(attempts, options)
}

/**
 * When a wait that begins now is over. Long ones end on a beat that all peers share: waking up costs more than a dial
 * that is refused, so many peers that are away are tried together.
 */
export function retryAt(now: number, waitMs: number): number {
  const at = now + waitMs
  return waitMs < limits.retryBeatMs ? at : at - (at % limits.retryBeatMs)
}

/** What the wait stays below. */
export function backoffCeilingMs(attempts: number, { baseMs, capMs }: BackoffOptions = byDefault): number {
  return Math.min(capMs, baseMs * 2 ** Math.max(0, attempts - 1))
}
