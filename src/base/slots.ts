/** A bounded number of turns, given in the order of asking: how many dials or sessions run at once over all peers. */
import { cancelled } from './clock.ts'

export class Slots {
  private free: number
  /** In order of asking; a Set, since a waiter may leave from the middle. */
  private readonly waiting = new Set<() => void>()

  constructor(count: number) {
    this.free = count
  }

  /** Waits for a turn; dispose it to end it. Rejects when the signal fires first. */
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
