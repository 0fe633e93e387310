/**
 * Verifies the signatures of many entries. Those of a page go to threads of our own; a few go to Node's thread pool,
 * which needs no thread to start, and so do all if our threads cannot be used. Only a bounded number is in the pool's
 * queue at a time: LevelDB's reads and writes wait in the same queue, and would stall behind thousands of signatures.
 */

import type { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Entry, proveEntry, type SignedEntry, type VerifiedEntry, verdictOf } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import { type ReadVerdict, VerifyThreads } from './verify-threads.ts'

type Verdict = VerifiedEntry | CausewayError

/** The entries of one call, with their verdicts so far. */
interface Page {
  readonly entries: readonly Entry[]
  readonly verdicts: Verdict[]
  /** The index of the next entry to start. */
  next: number
  /** How many entries have no verdict yet. */
  remaining: number
  readonly resolve: (verdicts: Verdict[]) => void
}

/** Pages with entries that are not in the pool yet. One queue for the process, like the pool. */
const queue: Page[] = []
/** How many entries are in the pool. */
let running = 0

const ownThreads = new VerifyThreads()

/** Returns how many entries of the process wait for a thread that verifies their signatures. */
export function signaturesWaiting(): number {
  return queue.reduce((sum, { entries, next }) => sum + entries.length - next, ownThreads.waiting)
}

/** Returns for each entry, in the given order, the verified entry or the error. */
export function verifyAll(entries: readonly Entry[], threads = ownThreads): Promise<Verdict[]> {
  if (entries.length <= limits.verifyAlone || !threads.available) return verifyInPool(entries)
  return threads.check(entries).then(
    (holds) => entries.map((entry, index) => verdictOf(entry, holds[index] === 1)),
    // Threads cannot be used: libsodium has no build for this machine, or memory is short.
    () => verifyInPool(entries),
  )
}

/**
 * Reads and verifies the entries of a page for a tree on threads. Returns what the threads have found of each, or
 * undefined if the page is not worth it or threads cannot be used: then the caller reads the page.
 */
export async function readOnThreads(
  tree: TreeId,
  page: readonly SignedEntry[],
  threads = ownThreads,
): Promise<ReadVerdict[] | undefined> {
  if (page.length <= limits.verifyAlone || !threads.available) return undefined
  return threads.read(tree, page).catch(() => undefined)
}

function verifyInPool(entries: readonly Entry[]): Promise<Verdict[]> {
  if (entries.length === 0) return Promise.resolve([])
  return new Promise((resolve) => {
    queue.push({ entries, verdicts: new Array(entries.length), next: 0, remaining: entries.length, resolve })
    startNext()
  })
}

/** Starts entries until enough are in the pool. */
function startNext(): void {
  // Ends: each turn starts an entry, or there is none.
  while (running < limits.verifyConcurrency) {
    const [page] = queue
    if (page === undefined) return
    const index = page.next++
    if (page.next === page.entries.length) queue.shift()
    running++
    const done = (verdict: Verdict) => {
      page.verdicts[index] = verdict
      running--
      if (--page.remaining === 0) page.resolve(page.verdicts)
      startNext()
    }
    proveEntry(page.entries[index]!, done)
  }
}
