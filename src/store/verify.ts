/**
 * Signatures of many entries, a bounded number of them in the thread pool's queue: LevelDB's reads and writes wait
 * in the same queue, so with thousands of verifications ahead of them everybody else would stall.
 */
import { type Entry, type VerifiedEntry, verifyEntry } from '../dag/entry.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'

/** Each entry verified, or why it is not; in the order given. */
export function verifyAll(entries: readonly Entry[]): Promise<(VerifiedEntry | CausewayError)[]> {
  return Promise.all(
    entries.map((entry) =>
      slots
        .run(() => verifyEntry(entry))
        // Whatever goes wrong, the entry is not verified.
        .catch((error: unknown) => CausewayError.from(error)),
    ),
  )
}

class Slots {
  private free: number
  private readonly waiting: (() => void)[] = []
  private next = 0

  constructor(count: number) {
    this.free = count
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) {
      this.free--
      return task().finally(() => this.release())
    }
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        task()
          .finally(() => this.release())
          .then(resolve, reject)
      })
    })
  }

  private release(): void {
    if (this.next === this.waiting.length) {
      this.free++
      return
    }
    const start = this.waiting[this.next++]!
    if (this.next > 4096 || this.next === this.waiting.length) {
      this.waiting.splice(0, this.next)
      this.next = 0
    }
    start()
  }
}

/** One for the process, as the thread pool is. */
const slots = new Slots(limits.verifyConcurrency)
