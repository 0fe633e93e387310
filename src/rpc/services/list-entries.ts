/** TreeService's ListEntries: a tree's entries page by page, in (height, id) order or against it, of all stores or some. */
import type { Entry, ListEntriesRequest } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import { entryBytes } from '../../dag/entry.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import { changesOneOf, readStores, readView, writeEntry } from '../convert-entry.ts'
import { pageSize, readPosition, writePosition } from './paging.ts'

/** Reads on until the page is full, has what one read of an unfiltered list gave, or has taken its share of work. */
export async function listEntries(store: DagStore, tree: TreeId, request: ListEntriesRequest) {
  const size = pageSize(request.pageSize)
  const [view, stores] = [readView(request.view), readStores(request.stores)]
  const scan = store.scan(tree, {
    after: request.pageToken === '' ? undefined : readPosition(request.pageToken),
    reverse: request.newestFirst,
    // Without a filter nearly all that is read is shown.
    ...(stores === undefined && { pageEntries: size, pageBytes: limits.listedBytes }),
  })
  const listed: Entry[] = []
  const endAt = async (last: Position) => ({
    entries: listed,
    nextPageToken: (await hasMore(store, tree, last, request.newestFirst)) ? writePosition(last) : '',
  })
  let [listedBytes, searchedEntries, searchedBytes] = [0, 0, 0]
  let last: Position | undefined
  for await (const page of scan) {
    const voids = await store.voidAmong(tree, page)
    for (const entry of page) {
      const bytes = entryBytes(entry.signed)
      const isVoid = voids.has(entry.id)
      const body = decodeBody(entry.signed.body)
      if ((request.includeVoid || !isVoid) && changesOneOf(body, stores)) {
        if (last !== undefined && listed.length > 0 && listedBytes + bytes > limits.listedBytes)
          return endAt(last)
        listed.push(writeEntry(entry, isVoid, view, body))
        listedBytes += bytes
      }
      last = entry
      if (listed.length === size) return endAt(last)
      searchedBytes += bytes
    }
    searchedEntries += page.length
    const worked = searchedEntries >= limits.searchedEntries || searchedBytes >= limits.searchedBytes
    if (worked || (stores === undefined && listed.length > 0)) return endAt(last!)
  }
  return { entries: listed, nextPageToken: '' }
}

/** Reports whether a tree has entries beyond a position. */
async function hasMore(store: DagStore, tree: TreeId, after: Position, reverse: boolean): Promise<boolean> {
  const scan = store.scan(tree, { after, reverse, pageEntries: 1 })
  const { done } = await scan.next()
  await scan.return(undefined)
  return !done
}
