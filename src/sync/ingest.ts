/**
 * Takes in pages of signed entries from any source: reads them, verifies their signatures off the main thread, and
 * stores the valid entries. The next page is verified while this one is written, and the pages of one tree are stored
 * in the order in which they came. No entry reaches the store unverified.
 */

import { CausewayError } from '../base/errors.ts'
import { discard, takenGarbage } from '../base/garbage.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { type Entry, readEntry, type SignedEntry, type VerifiedEntry } from '../dag/entry.ts'
import { formatId, type TreeId } from '../dag/id.ts'
import type { AppendOptions, AppendResult } from '../store/page.ts'
import { verifyAll } from '../store/verify/verify.ts'

/** An entry of a page that was not accepted. */
export interface Refusal {
  /** Position in the page, from 0. */
  readonly index: number
  /** Empty if the bytes could not be read. */
  readonly id: string
  /** What is wrong with the entry. */
  readonly error: CausewayError
}

/** What became of a page. */
export interface IngestResult {
  /** The entries that were new and are stored now. */
  readonly added: readonly VerifiedEntry[]
  /** How many entries were stored already. */
  readonly known: number
  /** The entries that were not accepted, in the page's order. */
  readonly refused: readonly Refusal[]
}

/** What ingest needs of a store; DagStore implements it. */
export interface PageStore {
  /** Returns the entries of a page that are not in the tree yet. */
  unknown(tree: TreeId, entries: readonly Entry[]): Promise<readonly Entry[]>
  /** Stores a page, parents first. With `sync`, resolves only when the page is flushed to the disk. */
  append(tree: TreeId, page: readonly VerifiedEntry[], options?: AppendOptions): Promise<AppendResult>
}

/**
 * Verifies pages of entries and stores them. Use one instance for each store, since the instance keeps pages in order.
 */
export class Ingest {
  private readonly store: PageStore
  private readonly queue = new KeyedQueue<TreeId>()

  constructor(store: PageStore) {
    this.store = store
  }

  /**
   * Stores the valid entries of a page for `tree`; each needs its parents in the store or earlier in the page. The
   * others are in `refused`, each with its error. With `sync`, resolves only when the page is flushed to the disk.
   * Rejects with LIMIT_EXCEEDED, and stores nothing, if the page has more than `limits.pageEntries` entries, or several
   * entries of more than `limits.pageBytes` bytes in all; and with the store's error if it cannot write.
   */
  async page(tree: TreeId, page: readonly SignedEntry[], options: AppendOptions = {}): Promise<IngestResult> {
    discard(checkPage(page), takenGarbage)
    const { entries, indexOf, refused } = readPage(tree, page)
    const verification = this.verify(tree, entries, (entry, error) =>
      refused.push({ index: indexOf.get(entry)!, id: entry.id, error }),
    )
    // It may fail while the queue is busy with earlier pages. The task below then still gets the failure.
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

  /** Verifies the signatures of the entries that are not stored yet, and counts the others. */
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

/** Reads a page. Returns the entries that belong to the tree, the index of each, and refusals of the others. */
function readPage(tree: TreeId, page: readonly SignedEntry[]) {
  const refused: Refusal[] = []
  const entries: Entry[] = []
  const indexOf = new Map<Entry, number>()
  for (let index = 0; index < page.length; index++) {
    try {
      const entry = readEntry(page[index]!)
      // Checked before time is spent on the signature; the store enforces the same rule.
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
    `The entry ${formatId(entry.id)} belongs to the tree ${formatId(entry.tree)}, not to ${formatId(tree)}.`,
  )
}

/** Returns the size of a page in bytes. Throws LIMIT_EXCEEDED if it is past a limit. */
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
