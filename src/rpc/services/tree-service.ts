/** TreeService: the calls of applications, on the store and with the node's key. */
import type { ServiceImpl } from '@connectrpc/connect'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type {
  GetEntriesRequest,
  ListEntriesRequest,
  RemoveTreeRequest,
  TreeService,
} from '../../../gen/causeway/v1/tree_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import {
  type EntryId,
  idFromBytes,
  idToBytes,
  type Position,
  type TreeId,
  unknownTree,
} from '../../dag/id.ts'
import type { Author } from '../../store/author/author.ts'
import { treeDetails } from '../../store/details.ts'
import type { RemovalProgress } from '../../store/removal.ts'
import type { DagStore, StoredEntry } from '../../store/store.ts'
import type { Ingest } from '../../sync/ingest.ts'
import { readId, readIds, readSigned, writeEntry, writeTree } from '../convert.ts'
import { feed } from './feed.ts'
import { pageSize, readPosition, readToken, writePosition, writeToken } from './paging.ts'
import { createTreeWatch, expectTree } from './watch-tree.ts'

export interface TreeServiceParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly author: Author
  readonly clock: Clock
}

export function createTreeService(parts: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  return { ...treeCalls(parts), ...entryCalls(parts), ...createTreeWatch(parts) }
}

/** The calls that create, list and describe trees. */
function treeCalls({ store, author }: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  const describe = async (tree: TreeId) => {
    const details = await treeDetails(store, tree)
    if (details === undefined) throw unknownTree(tree)
    if (details.damage !== '') return writeTree(details, 0, '')
    const { tips, tipsDigest } = await store.summary(tree)
    return writeTree(details, tips.length, tipsDigest)
  }
  return {
    async createTree({ name, publicAccess }) {
      if (PublicAccess[publicAccess] === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`public_access\` must be none, read or write, got ${publicAccess}.`,
        )
      const root = await author.createTree(name, publicAccess || PublicAccess.NONE)
      return { tree: await describe(root.tree) }
    },

    async listTrees(request) {
      const size = pageSize(request.pageSize)
      const after = request.pageToken === '' ? '' : idFromBytes(readToken(request.pageToken, 32))
      const trees = store.trees().filter(({ tree }) => tree > after)
      const page = trees.slice(0, size)
      return {
        trees: await Promise.all(page.map(({ tree }) => describe(tree))),
        nextPageToken: trees.length > size ? writeToken(idToBytes(page.at(-1)!.tree)) : '',
      }
    },

    removeTree: (request) => removeTree(store, request),

    async getTree(request) {
      const tree = expectTree(store, request.tree)
      const described = await describe(tree)
      const tips = described.damage === '' ? await store.tips(tree) : []
      const max = Math.min(request.maxTips || limits.listedTips, limits.listedTips)
      return { tree: described, tips: tips.slice(0, max).map(idToBytes) }
    },
  }
}

async function* removeTree(store: DagStore, request: RemoveTreeRequest) {
  const tree = readId(request.tree, 'tree')
  const steps = feed<RemovalProgress, number>((report) => store.removals.remove(tree, report))
  for await (const step of steps)
    if ('progress' in step) {
      const { removed, count } = step.progress
      yield { removed: BigInt(removed), count: BigInt(count), done: false }
    } else yield { removed: BigInt(step.result), count: BigInt(step.result), done: true }
}

/** The calls that write and read entries. */
function entryCalls({ store, ingest, author }: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  return {
    async commit(request) {
      const tree = expectTree(store, request.tree)
      const parents = readIds(request.parents, 'parents', limits.entryParents)
      const entry = await author.commit(tree, request.changes, {
        durable: request.durable,
        ...(parents.length > 0 && { parents }),
      })
      return { entry: writeEntry(entry, false) }
    },

    async submitEntries(request) {
      const tree = readId(request.tree, 'tree')
      const { added, known, refused } = await ingest.page(tree, readSigned(request.entries), {
        sync: request.durable,
      })
      const [first] = refused
      if (first !== undefined)
        throw new CausewayError(
          first.error.code,
          `Entry ${first.index} of the page was refused: ${first.error.message}`,
          {
            data: { ...first.error.data, index: first.index, added: added.length },
            cause: first.error,
          },
        )
      return { added: added.length, known }
    },

    getEntries: (request) => getEntries(store, request),

    listEntries: (request) => listEntries(store, request),
  }
}

async function getEntries(store: DagStore, request: GetEntriesRequest) {
  const ids = readIds(request.ids, 'ids', limits.listedEntries)
  const records = await store.lookup(ids)
  const missing = ids.filter((_, index) => records[index] === undefined)
  const wanted: EntryId[] = []
  let bytes = 0
  for (const [index, id] of ids.entries()) {
    const record = records[index]
    if (record === undefined) continue
    bytes += record.size
    if (bytes > limits.listedBytes && wanted.length > 0) break
    wanted.push(id)
  }
  const found = await store.get(wanted)
  const voids = await voidOf(store, found as EntryInTree[])
  return {
    entries: found.map((entry) => writeEntry(entry!, voids.has(entry!.id))),
    missing: missing.map(idToBytes),
  }
}

async function listEntries(store: DagStore, request: ListEntriesRequest) {
  const tree = expectTree(store, request.tree)
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

type EntryInTree = StoredEntry & { readonly tree: TreeId }

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

/** Reports whether a tree has entries beyond a position. */
async function hasMore(store: DagStore, tree: TreeId, after: Position, reverse: boolean): Promise<boolean> {
  const scan = store.scan(tree, { after, reverse, pageEntries: 1 })
  const { done } = await scan.next()
  await scan.return(undefined)
  return !done
}
