/** TreeService's GetEntries: entries by id, of all trees that the caller may read. */
import type { GetEntriesRequest } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../base/limits.ts'
import { type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import type { DagStore, StoredEntry } from '../../store/store.ts'
import type { Caller } from '../caller.ts'
import { readIds } from '../convert.ts'
import { readView, writeEntry } from '../convert-entry.ts'
import type { ReadableTrees } from './expect-tree.ts'

type EntryInTree = StoredEntry & { readonly tree: TreeId }

/** Entries of trees that the caller may not read count as missing. */
export async function getEntries(parts: ReadableTrees, request: GetEntriesRequest, caller: Caller) {
  const { store } = parts
  const view = readView(request.view)
  const ids = readIds(request.ids, 'ids', limits.listedEntries)
  const readable = new Map<TreeId, boolean>()
  let loaded = 0
  const missing: EntryId[] = []
  const wanted: EntryId[] = []
  let bytes = 0
  for (const [index, record] of (await store.lookup(ids)).entries()) {
    const tree = record && store.treeOf(record)
    if (tree !== undefined && !readable.has(tree)) {
      const may = await parts.access.mayRead(tree, caller)
      // The rest is for the next call. Trees that the caller may not read do not count, or it could count them.
      if (may && loaded++ === limits.listedTreesLoaded) break
      readable.set(tree, may)
    }
    if (record === undefined || tree === undefined || !readable.get(tree)) {
      missing.push(ids[index]!)
      continue
    }
    bytes += record.size
    if (bytes <= limits.listedBytes || wanted.length === 0) wanted.push(ids[index]!)
  }
  const found = (await store.get(wanted)).filter((entry) => entry !== undefined)
  const voids = await voidOf(store, found)
  return {
    entries: found.map((entry) => writeEntry(entry, voids.has(entry.id), view)),
    missing: missing.map(idToBytes),
  }
}

/** Returns which of these entries are void. They may be of several trees. */
async function voidOf(store: DagStore, entries: readonly EntryInTree[]): Promise<ReadonlySet<EntryId>> {
  const voids = new Set<EntryId>()
  for (const tree of new Set(entries.map((entry) => entry.tree)))
    for (const id of await store.voidAmong(
      tree,
      entries.filter((entry) => entry.tree === tree),
    ))
      voids.add(id)
  return voids
}
