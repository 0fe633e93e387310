/**
 * Signatures of many entries, a bounded number of them in the thread pool's queue: LevelDB's reads and writes wait
 * in the same queue, so with thousands of verifications ahead of them everybody else would stall. One list of pages
 * rather than a promise for each place in the queue, since this runs once for every entry received.
 */
import { type Entry, proveEntry, type VerifiedEntry } from '../dag/entry.ts'
import type { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'

type Verdict = VerifiedEntry | CausewayError

/** Entries that came together, and what is known of them so far. */
interface Page {
  readonly entries: readonly Entry[]
  readonly verdicts: Verdict[]
  /** The next to be started. */
  next: number
  left: number
  readonly resolve: (verdicts: Verdict[]) => void
}

/** Pages with entries that wait, and the number under way: one of each for the process, as the thread pool is. */
const waiting: Page[] = []
let running = 0

/** Each entry verified, or why it is not; in the order given. */
export function verifyAll(entries: readonly Entry[]): Promise<Verdict[]> {
  if (entries.length === 0) return Promise.resolve([])
  return new Promise((resolve) => {
    waiting.push({ entries, verdicts: new Array(entries.length), next: 0, left: entries.length, resolve })
    startNext()
  })
}

function startNext(): void {
  while (running < limits.verifyConcurrency) {
    const [page] = waiting
    if (page === undefined) return
    const index = page.next++
    if (page.next === page.entries.length) waiting.shift()
    running++
    const done = (verdict: Verdict) => {
      page.verdicts[index] = verdict
      running--
      if (--page.left === 0) page.resolve(page.verdicts)
      startNext()
    }
    proveEntry(page.entries[index]!, done)
  }
}
