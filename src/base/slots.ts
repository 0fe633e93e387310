/** A counting semaphore: bounds how many dials or sessions run at the same time, and serves waiters in order. */
import { cancelled } from './clock.ts'

export class Slots {
  private free: number
  /** In order of arrival; a Set, because a waiter may leave from the middle. */
  private readonly waiters = new Set<() => void>()

  constructor(count: number) {
    this.free = count
  }

  /** How many wait. */
  get waiting(): number {
    return this.waiters.size
  }

  /** Waits for a slot. Dispose the result to free it. Rejects if the signal fires first. */
  take(signal: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(cancelled(signal))
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve({ [Symbol.dispose]: () => this.release() })
      }
      const leave = () => {
        this.waiters.delete(start)
        reject(cancelled(signal))
      }
      if (this.free > 0) {
        this.free--
        return start()
      }
      this.waiters.add(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  private release(): void {
    const [next] = this.waiters
    if (next === undefined) this.free++
    else {
      this.waiters.delete(next)
      next()
    }
  }
}
