/**
 * Signatures of many entries. A page's go to threads of their own, a few to Node's thread pool, where they need no
 * thread to start; so do all where there are no such threads. Of the latter a bounded number is in the pool's queue:
 * LevelDB's reads and writes wait in the same queue, so with thousands ahead of them everybody else would stall.
 */

import type { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Entry, proveEntry, type VerifiedEntry, verdictOf } from '../../dag/entry.ts'
import { VerifyThreads } from './verify-threads.ts'

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

/** Pages with entries that wait for the pool, and the number under way there: one of each for the process, as the pool is. */
const waiting: Page[] = []
let running = 0

const ownThreads = new VerifyThreads()

/** Each entry verified, or why it is not; in the order given. */
export function verifyAll(entries: readonly Entry[], threads = ownThreads): Promise<Verdict[]> {
  if (entries.length <= limits.verifyAlone || !threads.work) return verifyInPool(entries)
  return threads.check(entries).then(
    (holds) => entries.map((entry, index) => verdictOf(entry, holds[index] === 1)),
    // No thread can be had here: libsodium has no build for this machine, or there is no memory.
    () => verifyInPool(entries),
  )
}

function verifyInPool(entries: readonly Entry[]): Promise<Verdict[]> {
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
