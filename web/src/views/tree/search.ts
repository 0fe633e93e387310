/** Finds an entry: by its id, or by author, store or time, reading on from where the reader is. */
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { treeCalls } from '../../api/clients.ts'
import { peers } from '../../api/feed.ts'
import { bytesOf, hexOf, readId } from '../../parts/ids.ts'

export type Kind = 'id' | 'author' | 'store' | 'time'

export type Found =
  | { readonly id: string; readonly height: number }
  /** How far it has looked; undefined: to the root. */
  | { readonly searchedTo: number | undefined }
  | { readonly isNoId: true }

/** Entries that one search looks through: a second or two of work. */
const mostSearched = 20_000

/** `below`: search only entries lower than this. */
export async function search(
  tree: string,
  kind: Kind,
  text: string,
  below: number,
  highest: number,
  signal: AbortSignal,
): Promise<Found> {
  if (kind === 'id') return byId(tree, text, signal)
  if (kind === 'time') return byTime(tree, new Date(text).getTime(), highest, signal)
  return byScan(tree, kind, text.trim(), below, signal)
}

async function byId(tree: string, text: string, signal: AbortSignal): Promise<Found> {
  const id = readId(text)
  if (id === undefined) return { isNoId: true }
  const { entries } = await treeCalls.getEntries({ ids: [id], view: EntryView.OUTLINE }, { signal })
  const [entry] = entries
  const isOfTree = entry !== undefined && (hexOf(entry.id) === tree || hexOf(entry.body!.tree) === tree)
  if (!isOfTree) return { searchedTo: undefined }
  return { id: hexOf(entry.id), height: Number(entry.body!.height) }
}

async function byScan(
  tree: string,
  kind: 'author' | 'store',
  text: string,
  below: number,
  signal: AbortSignal,
): Promise<Found> {
  if (below <= 0) return { searchedTo: undefined }
  const wanted = text.toLowerCase()
  let [pageToken, searched, lowest] = ['', 0, below]
  // Ends with the tree, or after `mostSearched` entries.
  while (searched < mostSearched) {
    const page = await treeCalls.listEntries(
      {
        ...{ tree: bytesOf(tree), pageToken, pageSize: 1000, newestFirst: true, includeVoid: true },
        ...{ maxHeight: BigInt(below - 1), view: EntryView.OUTLINE },
        ...(kind === 'store' && { stores: [text] }),
      },
      { signal },
    )
    for (const { id, body } of page.entries) {
      const author = hexOf(body!.author)
      const name = peers.get().get(author)?.name.toLowerCase() ?? ''
      lowest = Number(body!.height)
      if (kind === 'store' || author.startsWith(wanted) || name === wanted)
        return { id: hexOf(id), height: lowest }
    }
    // A page that was searched for a store may be empty.
    searched += Math.max(1000, page.entries.length)
    if (page.nextPageToken === '') return { searchedTo: undefined }
    pageToken = page.nextPageToken
  }
  return { searchedTo: lowest }
}

/** Times grow with heights, as far as clocks are right, so half of the heights is left after each look. */
async function byTime(tree: string, ms: number, highest: number, signal: AbortSignal): Promise<Found> {
  if (Number.isNaN(ms)) return { searchedTo: undefined }
  let [low, high] = [0, highest]
  let found: Found = { searchedTo: undefined }
  while (low <= high) {
    const middle = Math.floor((low + high) / 2)
    const { entries } = await treeCalls.listEntries(
      {
        ...{ tree: bytesOf(tree), minHeight: BigInt(middle), maxHeight: BigInt(middle), pageSize: 1 },
        ...{ includeVoid: true, view: EntryView.OUTLINE },
      },
      { signal },
    )
    const [entry] = entries
    if (entry === undefined) return found
    if (Number(entry.body!.createdAtMs) <= ms) {
      found = { id: hexOf(entry.id), height: middle }
      low = middle + 1
    } else high = middle - 1
  }
  return found
}
