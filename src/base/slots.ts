/** A counting semaphore: bounds how many dials or sessions run at the same time, and serves waiters in order. */
import { cancelled } from './clock.ts'

export class Slots {
  private free: number
  /** In order of arrival; a Set, because a waiter may leave from the middle. */
  private readonly waiting = new Set<() => void>()

  constructor(count: number) {
    this.free = count
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
        this.waiting.delete(start)
        reject(cancelled(signal))
      }
      if (this.free > 0) {
        this.free--
        return start()
      }
      this.waiting.add(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  private release(): void {
    const [next] = this.waiting
    if (next === undefined) this.free++
    else {
      this.waiting.delete(next)
      next()
    }
  }
}
