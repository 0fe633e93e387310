/** TreeService's ListEntries: a tree's entries page by page, in (height, id) order or against it. */
import type { ListEntriesRequest } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../base/limits.ts'
import { idFromBytes, idToBytes, type Position, type TreeId } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import { writeEntry } from '../convert.ts'
import { invalidToken, pageSize, readToken, writeToken } from './paging.ts'

export async function listEntries(store: DagStore, tree: TreeId, request: ListEntriesRequest) {
  const size = pageSize(request.pageSize)
  const after = request.pageToken === '' ? undefined : readPosition(request.pageToken)
  const scan = store.scan(tree, {
    after,
    reverse: request.newestFirst,
    pageEntries: size,
    pageBytes: limits.listedBytes,
  })
  for await (const page of scan) {
    const voids = await store.voidAmong(tree, page)
    const visible = request.includeVoid ? page : page.filter(({ id }) => !voids.has(id))
    // Skip a page that holds only void entries.
    if (visible.length === 0) continue
    const last = page.at(-1)!
    const more = await hasMore(store, tree, last, request.newestFirst)
    const entries = visible.map((entry) => writeEntry(entry, voids.has(entry.id)))
    return { entries, nextPageToken: more ? writePosition(last) : '' }
  }
  return { entries: [], nextPageToken: '' }
}

/** Reports whether a tree has entries beyond a position. */
async function hasMore(store: DagStore, tree: TreeId, after: Position, reverse: boolean): Promise<boolean> {
  const scan = store.scan(tree, { after, reverse, pageEntries: 1 })
  const { done } = await scan.next()
  await scan.return(undefined)
  return !done
}

function writePosition({ height, id }: Position): string {
  const bytes = new Uint8Array(40)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height))
  bytes.set(idToBytes(id), 8)
  return writeToken(bytes)
}

function readPosition(token: string): Position {
  const bytes = readToken(token, 40)
  const height = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  if (!Number.isSafeInteger(height)) throw invalidToken()
  return { height, id: idFromBytes(bytes.subarray(8)) }
}
