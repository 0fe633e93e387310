/** Entries of a node as a program reads them: decoded, one by its id, or those of a tree that change some of its stores. */
import { CausewayError } from '../../base/errors.ts'
import { decodeBody, type EntryBody } from '../../dag/body.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { DagStore, StoredEntry } from '../store.ts'

/** A stored entry with what it says. */
export interface DecodedEntry {
  readonly id: EntryId
  readonly tree: TreeId
  readonly body: EntryBody
  /** Whether it is void: under the present policy, its author had no right to write it. */
  readonly isVoid: boolean
}

/** Which entries of a tree to read. */
export interface ReadEntriesOptions {
  /** Only entries that change one of these stores. Default: all. */
  readonly stores?: readonly string[]
  /** Whether to read void entries too. Default: false. */
  readonly void?: boolean
  /** Whether to read children before parents. Default: false. */
  readonly newestFirst?: boolean
  readonly signal?: AbortSignal
}

/** Returns an entry of a node, `node.store`, by its id, void or not; undefined if it is not here. */
export async function findEntry(store: DagStore, id: EntryId): Promise<DecodedEntry | undefined> {
  const [found] = await store.get([id])
  if (found === undefined) return undefined
  return decoded(found.tree, found, await store.voidAmong(found.tree, [found]))
}

/**
 * Yields entries of a tree of a node, `node.store`, by height and id, parents first. Memory holds a page of them. Throws
 * UNKNOWN_TREE, and CANCELLED if the signal fires.
 */
export async function* readEntries(
  store: DagStore,
  tree: TreeId,
  options: ReadEntriesOptions = {},
): AsyncGenerator<DecodedEntry> {
  const { stores, newestFirst = false, signal } = options
  for await (const page of store.scan(tree, { reverse: newestFirst })) {
    if (signal?.aborted)
      throw new CausewayError('CANCELLED', 'The operation was cancelled.', { cause: signal.reason })
    const voids = await store.voidAmong(tree, page)
    for (const stored of page) {
      const entry = decoded(tree, stored, voids)
      const wanted = stores === undefined || entry.body.changes.some(({ store }) => stores.includes(store))
      if (wanted && (options.void || !entry.isVoid)) yield entry
    }
  }
}

function decoded(tree: TreeId, { id, signed }: StoredEntry, voids: ReadonlySet<EntryId>): DecodedEntry {
  return { id, tree, body: decodeBody(signed.body), isVoid: voids.has(id) }
}
