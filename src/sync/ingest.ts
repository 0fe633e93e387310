/**
 * Takes in pages of signed entries from any source: reads them, verifies their signatures off the main thread, and
 * stores the valid entries. The next page is verified while this one is written, and the pages of one tree are stored
 * in the order in which they came. No entry reaches the store unverified.
 */

import { CausewayError } from '../base/errors.ts'
import { discard, takenGarbage } from '../base/garbage.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import {
  type Entry,
  idOf,
  readEntry,
  type SignedEntry,
  signatureBytes,
  type VerifiedEntry,
  verdictOf,
} from '../dag/entry.ts'
import { type EntryId, formatId, type TreeId } from '../dag/id.ts'
import { statedHeight } from '../dag/outline.ts'
import type { AppendOptions, AppendResult } from '../store/page.ts'
import type { SoughtEntry } from '../store/read/page-lookup.ts'
import { readOnThreads, verifyAll } from '../store/verify/verify.ts'
import { Forged } from '../store/verify/verify-threads.ts'

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
  /** Returns the greatest height of a tree's entries, or undefined if there is no such tree. */
  tree(tree: TreeId): { readonly height: number } | undefined
  /** Returns the entries of a page that are not in the tree yet. */
  unknown<Sought extends SoughtEntry>(tree: TreeId, entries: readonly Sought[]): Promise<readonly Sought[]>
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
    const reading = this.read(tree, page)
    // It may fail while the queue is busy with earlier pages. The task below then still gets the failure.
    reading.catch(() => {})
    return this.queue.run(tree, async () => {
      const { verified, indexes, refused, known } = await reading
      const result = await this.store.append(tree, verified, options)
      for (const { index, id, error } of result.refused) refused.push({ index: indexes[index]!, id, error })
      refused.sort((a, b) => a.index - b.index)
      return { added: result.added, known: known + result.known, refused }
    })
  }

  /**
   * Reads a page and verifies its signatures, on threads if it is large. What threads leave, and all of a small page, is
   * read here.
   */
  private async read(tree: TreeId, page: readonly SignedEntry[]): Promise<ReadPage> {
    const outcomes: (VerifiedEntry | Refusal | undefined)[] = new Array(page.length)
    const { fresh, left } = await this.sort(tree, page)
    const found = await readOnThreads(
      tree,
      fresh.map((index) => page[index]!),
    )
    for (let at = 0; at < fresh.length; at++) {
      const [index, read] = [fresh[at]!, found?.[at]]
      if (read === undefined) left.push(index)
      else if (read instanceof Forged) outcomes[index] = refusalOf(index, read.entry)
      else outcomes[index] = read
    }
    if (left.length > 0) await this.readHere(tree, page, left, outcomes)
    return split(outcomes)
  }

  /**
   * Returns the indexes of the entries that threads should read, and of those to read here. Those that are stored already
   * are among neither, so nothing is verified in vain: by the heights that they state, most are surely new.
   */
  private async sort(
    tree: TreeId,
    page: readonly SignedEntry[],
  ): Promise<{ fresh: number[]; left: number[] }> {
    const [fresh, left]: [number[], number[]] = [[], []]
    const sought: { index: number; id: EntryId; body: { height: number } }[] = []
    const height = this.store.tree(tree)?.height ?? -1
    for (let index = 0; index < page.length; index++) {
      const { body, signature } = page[index]!
      // A small page is read here, and a signature of another length has no place in what crosses to threads.
      if (page.length <= limits.verifyAlone || signature.length !== signatureBytes) left.push(index)
      else if (statedHeight(body) > height) fresh.push(index)
      else sought.push({ index, id: idOf(page[index]!), body: { height: statedHeight(body) } })
    }
    if (sought.length > 0) for (const { index } of await this.store.unknown(tree, sought)) fresh.push(index)
    return { fresh, left }
  }

  /** Reads the entries of a page at some indexes, and verifies those that are not stored yet. */
  private async readHere(
    tree: TreeId,
    page: readonly SignedEntry[],
    indexes: readonly number[],
    outcomes: (VerifiedEntry | Refusal | undefined)[],
  ): Promise<void> {
    const entries: Entry[] = []
    const indexOf = new Map<Entry, number>()
    for (const index of indexes) {
      const read = readOf(tree, page[index]!, index)
      if ('error' in read) outcomes[index] = read
      else {
        indexOf.set(read, index)
        entries.push(read)
      }
    }
    const unknown = await this.store.unknown(tree, entries)
    const results = await verifyAll(unknown)
    for (let at = 0; at < results.length; at++) {
      const [entry, result] = [unknown[at]!, results[at]!]
      const index = indexOf.get(entry)!
      outcomes[index] = result instanceof CausewayError ? { index, id: entry.id, error: result } : result
    }
  }
}

/** A page that is read and verified. */
interface ReadPage {
  readonly verified: readonly VerifiedEntry[]
  /** Where each of them is in the page. */
  readonly indexes: readonly number[]
  readonly refused: Refusal[]
  /** How many entries are stored already. */
  readonly known: number
}

/** Sorts what became of a page's entries. Nothing became of those that are stored already. */
function split(outcomes: readonly (VerifiedEntry | Refusal | undefined)[]): ReadPage {
  const verified: VerifiedEntry[] = []
  const indexes: number[] = []
  const refused: Refusal[] = []
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index]
    if (outcome === undefined) continue
    if ('error' in outcome) refused.push(outcome)
    else {
      verified.push(outcome)
      indexes.push(index)
    }
  }
  return { verified, indexes, refused, known: outcomes.length - verified.length - refused.length }
}

/** Reads an entry. Returns it if it belongs to the tree, or else the refusal. */
function readOf(tree: TreeId, signed: SignedEntry, index: number): Entry | Refusal {
  try {
    const entry = readEntry(signed)
    // Checked before time is spent on the signature; the store enforces the same rule.
    return entry.tree === tree ? entry : { index, id: entry.id, error: wrongTree(entry, tree) }
  } catch (error) {
    return { index, id: '', error: CausewayError.from(error) }
  }
}

function refusalOf(index: number, entry: Entry): Refusal {
  return { index, id: entry.id, error: verdictOf(entry, false) as CausewayError }
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
