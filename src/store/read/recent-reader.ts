/**
 * The index with its latest records in memory, since the parents of what comes are mostly among them, and what a page asks
 * of it.
 */

import { limits } from '../../base/limits.ts'
import type { Entry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { IndexRecord, TreeRecord } from '../database/layout.ts'
import { type Snapshot, StoreReader } from './reader.ts'
import { Recent } from './recent.ts'

/** What tells that an entry cannot be in a tree. */
interface Reach {
  readonly record: TreeRecord
  readonly tips: ReadonlyMap<EntryId, number>
}

export class RecentReader extends StoreReader {
  private readonly recent = new Recent<EntryId, IndexRecord>(limits.storeRecentEntries)

  /** As it is read from the index; what came lately is known without. */
  override async lookup(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]> {
    if (snapshot !== undefined) return super.lookup(ids, snapshot)
    const recent = ids.map((id) => this.recent.get(id))
    const found = (await super.lookup(ids.filter((_, index) => recent[index] === undefined))).values()
    return recent.map((record) => record ?? found.next().value)
  }

  /** Which of a page's entries are not in the tree; `reach` is of the tree as it was lately, or absent where there was none. */
  protected async notIn(
    tree: TreeId,
    entries: readonly Entry[],
    reach: Reach | undefined,
  ): Promise<readonly Entry[]> {
    const doubtful = entries.filter((entry) => mayBeIn(reach, entry))
    if (doubtful.length === 0) return entries
    const found = await this.lookupIn(
      tree,
      doubtful.map((entry) => entry.id),
    )
    const known = new Set(doubtful.filter((_, index) => found[index] !== undefined))
    return entries.filter((entry) => !known.has(entry))
  }

  /** What the index knows of a page's entries and of their parents, in one read. `reach`: of the tree as it is now. */
  protected async lookupForPage(
    entries: readonly Entry[],
    reach: Reach | undefined,
  ): Promise<Map<EntryId, IndexRecord>> {
    const ids = parentsOutside(entries)
    for (const entry of entries) if (mayBeIn(reach, entry)) ids.push(entry.id)
    return foundOf(ids, await this.lookup(ids))
  }

  /** Keeps the records of what was just stored. */
  protected keep(records: ReadonlyMap<EntryId, IndexRecord>): void {
    for (const [id, record] of records) this.recent.set(id, record)
  }

  /** Forgets all, since the database may have been opened again without the latest. */
  protected forget(): void {
    this.recent.clear()
  }
}

/** Nothing is higher than the tree, and of its greatest height only tips are in it. */
function mayBeIn(reach: Reach | undefined, { id, body }: Entry): boolean {
  if (reach === undefined) return false
  const { height } = reach.record
  return body.height < height || (body.height === height && reach.tips.has(id))
}

function foundOf(
  ids: readonly EntryId[],
  records: readonly (IndexRecord | undefined)[],
): Map<EntryId, IndexRecord> {
  const found = new Map<EntryId, IndexRecord>()
  for (let index = 0; index < ids.length; index++) {
    const record = records[index]
    if (record !== undefined) found.set(ids[index]!, record)
  }
  return found
}

/** The parents of a page's entries that are not in the page. */
function parentsOutside(entries: readonly Entry[]): EntryId[] {
  const inPage = new Set(entries.map(({ id }) => id))
  const outside = new Set<EntryId>()
  for (const { body } of entries)
    for (const parent of body.parents) if (!inPage.has(parent)) outside.add(parent)
  return [...outside]
}
