/**
 * Looks up in the index what a page of new entries needs, with as few reads as possible. No stored entry is higher than
 * the tree, and those of its greatest height are tips, so most new entries are known to be new without a read.
 */

import type { Entry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { IndexRecord, TreeRecord } from '../engine/records.ts'
import type { StoreReader } from './reader.ts'

/** How far a tree reaches: enough to know that an entry cannot be in it. */
interface Reach {
  readonly record: TreeRecord
  readonly tips: ReadonlyMap<EntryId, number>
}

/** What tells whether an entry may be in a tree: an entry, or what is known of one that is not read yet. */
export interface SoughtEntry {
  readonly id: EntryId
  readonly body: { readonly height: number }
}

/**
 * Returns the entries of a page that are not in the tree. `reach` may be out of date; it is undefined for a new tree.
 */
export async function entriesNotIn<Sought extends SoughtEntry>(
  store: StoreReader,
  tree: TreeId,
  entries: readonly Sought[],
  reach: Reach | undefined,
): Promise<readonly Sought[]> {
  const doubtful = entries.filter((entry) => mayBeIn(reach, entry))
  if (doubtful.length === 0) return entries
  const records = await store.lookupIn(
    tree,
    doubtful.map((entry) => entry.id),
  )
  const known = new Set(doubtful.filter((_, index) => records[index] !== undefined))
  return entries.filter((entry) => !known.has(entry))
}

/** Returns the index records of a page's entries and of their parents, in one read. `reach` must be up to date. */
export async function lookupForPage(
  store: StoreReader,
  entries: readonly Entry[],
  reach: Reach | undefined,
): Promise<Map<EntryId, IndexRecord>> {
  const ids = parentsOutside(entries)
  for (const entry of entries) if (mayBeIn(reach, entry)) ids.push(entry.id)
  return recordsById(ids, await store.lookup(ids))
}

function mayBeIn(reach: Reach | undefined, { id, body }: SoughtEntry): boolean {
  if (reach === undefined) return false
  const { height } = reach.record
  return body.height < height || (body.height === height && reach.tips.has(id))
}

function recordsById(
  ids: readonly EntryId[],
  records: readonly (IndexRecord | undefined)[],
): Map<EntryId, IndexRecord> {
  const byId = new Map<EntryId, IndexRecord>()
  for (let index = 0; index < ids.length; index++) {
    const record = records[index]
    if (record !== undefined) byId.set(ids[index]!, record)
  }
  return byId
}

/** Returns the parents of a page's entries that are not in the page themselves. */
function parentsOutside(entries: readonly Entry[]): EntryId[] {
  const inPage = new Set(entries.map(({ id }) => id))
  const outside = new Set<EntryId>()
  for (const { body } of entries)
    for (const parent of body.parents) if (!inPage.has(parent)) outside.add(parent)
  return [...outside]
}
