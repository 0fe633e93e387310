/**
 * Takes in pages of signed entries from anywhere: reads them, verifies the signatures off the main thread, and stores
 * what fits. The next page verifies while this one is being written, and pages of one tree are stored in the order
 * in which they came. Nothing that was not verified reaches the store.
 */

import { CausewayError } from '../base/errors.ts'
import { discard, takenGarbage } from '../base/garbage.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { type Entry, readEntry, type SignedEntry, type VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { Appended } from '../store/page.ts'
import { verifyAll } from '../store/verify/verify.ts'

export interface Refusal {
  /** Position in the page. */
  readonly index: number
  /** Empty where the bytes could not be read. */
  readonly id: string
  readonly error: CausewayError
}

/** What became of a page. */
export interface IngestResult {
  readonly added: readonly VerifiedEntry[]
  readonly known: number
  readonly refused: readonly Refusal[]
}

/** Where verified pages go. */
export interface PageStore {
  /** Returns the entries of a page that are not in the tree yet. */
  unknown(tree: TreeId, entries: readonly Entry[]): Promise<readonly Entry[]>
  /** Stores a page, parents first. */
  append(tree: TreeId, page: readonly VerifiedEntry[], options?: { sync?: boolean }): Promise<Appended>
}

export class Ingest {
  private readonly store: PageStore
  private readonly queue = new KeyedQueue<TreeId>()

  constructor(store: PageStore) {
    this.store = store
  }

  /**
   * Stores a page for `tree`. Limits on the page as a whole give LIMIT_EXCEEDED and store nothing; single bad entries
   * are in `refused`, and the good ones are kept.
   */
  async page(
    tree: TreeId,
    page: readonly SignedEntry[],
    options: { sync?: boolean } = {},
  ): Promise<IngestResult> {
    discard(checkPage(page), takenGarbage)
    const { entries, indexOf, refused } = readPage(tree, page)
    const verification = this.verify(tree, entries, (entry, error) =>
      refused.push({ index: indexOf.get(entry)!, id: entry.id, error }),
    )
    // It may fail while the queue is still busy with earlier pages; the queue then gets the failure all the same.
    verification.catch(() => {})
    return this.queue.run(tree, async () => {
      const { verified, known } = await verification
      const result = await this.store.append(tree, verified, options)
      for (const { index, id, error } of result.refused)
        refused.push({ index: indexOf.get(verified[index]!)!, id, error })
      refused.sort((a, b) => a.index - b.index)
      return { added: result.added, known: known + result.known, refused }
    })
  }

  /** Verifies the signatures of what is not here yet. */
  private async verify(
    tree: TreeId,
    entries: readonly Entry[],
    refuse: (entry: Entry, error: CausewayError) => void,
  ): Promise<{ verified: VerifiedEntry[]; known: number }> {
    const unknown = await this.store.unknown(tree, entries)
    const results = await verifyAll(unknown)
    const verified: VerifiedEntry[] = []
    for (let index = 0; index < results.length; index++) {
      const result = results[index]!
      if (result instanceof CausewayError) refuse(unknown[index]!, result)
      else verified.push(result)
    }
    return { verified, known: entries.length - unknown.length }
  }
}

/** The page's entries as far as they can be read, where each stands in it, and what is refused already. */
function readPage(tree: TreeId, page: readonly SignedEntry[]) {
  const refused: Refusal[] = []
  const entries: Entry[] = []
  const indexOf = new Map<Entry, number>()
  for (let index = 0; index < page.length; index++) {
    try {
      const entry = readEntry(page[index]!)
      // Before its signature is worth the time; the store holds the same rule.
      if (entry.tree !== tree) {
        refused.push({ index, id: entry.id, error: wrongTree(entry, tree) })
        continue
      }
      indexOf.set(entry, index)
      entries.push(entry)
    } catch (error) {
      refused.push({ index, id: '', error: CausewayError.from(error) })
    }
  }
  return { entries, indexOf, refused }
}

function wrongTree(entry: Entry, tree: TreeId): CausewayError {
  return new CausewayError(
    'ENTRY_TREE',
    `The entry ${entry.id} belongs to the tree ${entry.tree}, not to ${tree}.`,
  )
}

/** The page's bytes, where they keep to the limits. */
function checkPage(page: readonly SignedEntry[]): number {
  if (page.length > limits.pageEntries)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A page has at most ${limits.pageEntries} entries, got ${page.length}.`,
    )
  let bytes = 0
  for (const { body, signature } of page) bytes += body.length + signature.length
  if (page.length > 1 && bytes > limits.pageBytes)
    throw new CausewayError('LIMIT_EXCEEDED', `A page has at most ${limits.pageBytes} bytes, got ${bytes}.`)
  return bytes
}
