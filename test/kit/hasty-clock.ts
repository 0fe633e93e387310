/**
 * A clock on which time passes faster, so that ten seconds are over in a moment and a test waits for events instead of
 * sleeping.
 */
import { type Clock, systemClock } from '../../src/base/clock.ts'

export class HastyClock implements Clock {
  readonly factor: number
  readonly random = systemClock.random
  readonly randomBytes = systemClock.randomBytes

  constructor(factor: number) {
    this.factor = factor
  }

  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now() * this.factor
  }

  setTimer(delayMs: number, run: () => void): () => void {
    return systemClock.setTimer(delayMs / this.factor, run)
  }
}
