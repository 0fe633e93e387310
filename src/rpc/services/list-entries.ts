/**
 * TreeService's ListEntries: a tree's entries page by page, in (height, id) order or against it, of all heights and stores
 * or some.
 */
import { type Entry, EntryView, type ListEntriesRequest } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody, type EntryBody } from '../../dag/body.ts'
import { entryBytes } from '../../dag/entry.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import { readCount } from '../convert.ts'
import { changesOneOf, readStores, readView, writeEntry } from '../convert-entry.ts'
import { pageSize, readPosition, writePosition } from './paging.ts'

/** Reads on until the page is full, has what one read of an unfiltered list gave, or has taken its share of work. */
export async function listEntries(store: DagStore, tree: TreeId, request: ListEntriesRequest) {
  const size = pageSize(request.pageSize)
  const [view, stores] = [readView(request.view), readStores(request.stores)]
  const scan = scanOf(store, request)(tree, {
    after: request.pageToken === '' ? beforeRange(request) : readPosition(request.pageToken),
    reverse: request.newestFirst,
    // Without a filter nearly all that is read is shown.
    ...(stores === undefined && { pageEntries: size, pageBytes: limits.listedBytes }),
  })
  const listed: Entry[] = []
  const endAt = async (last: Position) => ({
    entries: listed,
    nextPageToken: (await hasMore(store, tree, last, request)) ? writePosition(last) : '',
  })
  let [listedBytes, searchedEntries, searchedBytes] = [0, 0, 0]
  let last: Position | undefined
  for await (const page of scan) {
    const voids = request.onlyVoid ? undefined : await store.voidAmong(tree, page)
    for (const entry of page) {
      if (isPast(entry, request)) return { entries: listed, nextPageToken: '' }
      const read = entryBytes(entry.signed)
      const isVoid = voids === undefined || voids.has(entry.id)
      const body = decodeBody(entry.signed.body)
      const bytes = view === EntryView.OUTLINE ? outlineBytes(body) : read
      if ((request.includeVoid || request.onlyVoid || !isVoid) && changesOneOf(body, stores)) {
        if (last !== undefined && listed.length > 0 && listedBytes + bytes > limits.listedBytes)
          return endAt(last)
        listed.push(writeEntry(entry, isVoid, view, body))
        listedBytes += bytes
      }
      last = entry
      if (listed.length === size) return endAt(last)
      searchedBytes += read
    }
    searchedEntries += page.length
    const worked = searchedEntries >= limits.searchedEntries || searchedBytes >= limits.searchedBytes
    // An outline is smaller than what is read for it, so reading goes on.
    const isFull = stores === undefined && view !== EntryView.OUTLINE && listed.length > 0
    if (worked || isFull) return endAt(last!)
  }
  return { entries: listed, nextPageToken: '' }
}

type Range = Pick<ListEntriesRequest, 'newestFirst' | 'minHeight' | 'maxHeight' | 'onlyVoid'>

/** Returns what reads the entries: all of the tree, or the void ones alone. */
function scanOf(store: DagStore, { onlyVoid }: Pick<ListEntriesRequest, 'onlyVoid'>): DagStore['scan'] {
  return onlyVoid ? (...args) => store.scanVoid(...args) : (...args) => store.scan(...args)
}

/** Returns the last position before the range of heights, or undefined if the range begins where the tree does. */
function beforeRange({ newestFirst, minHeight, maxHeight }: Range): Position | undefined {
  const [min, max] = [minHeight, maxHeight].map((height, index) =>
    height === undefined ? undefined : readCount(height, index === 0 ? 'min_height' : 'max_height'),
  )
  if (newestFirst)
    return max === undefined || max === Number.MAX_SAFE_INTEGER
      ? undefined
      : { height: max + 1, id: '0'.repeat(64) as Position['id'] }
  return min === undefined || min === 0
    ? undefined
    : { height: min - 1, id: 'f'.repeat(64) as Position['id'] }
}

/** Reports whether a position is beyond the end of the range of heights. */
function isPast({ height }: Position, { newestFirst, minHeight, maxHeight }: Range): boolean {
  return newestFirst
    ? minHeight !== undefined && height < minHeight
    : maxHeight !== undefined && height > maxHeight
}

/** Returns about how many bytes of an answer the outline of an entry takes. */
function outlineBytes({ parents, changes }: EntryBody): number {
  const names = changes.reduce((sum, { store, kind }) => sum + store.length + kind.length + 8, 0)
  return 200 + 34 * parents.length + names
}

/** Reports whether a tree has entries of the range beyond a position. */
async function hasMore(store: DagStore, tree: TreeId, after: Position, range: Range): Promise<boolean> {
  const scan = scanOf(store, range)(tree, { after, reverse: range.newestFirst, pageEntries: 1 })
  const { value } = await scan.next()
  await scan.return(undefined)
  return value !== undefined && !isPast(value[0]!, range)
}
