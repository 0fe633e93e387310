/**
 * TreeService's ListTrees: the trees that the caller may read. The work for a page follows from the trees on it, not
 * from those that the node has, and no tree is loaded that the caller is known not to read.
 */
import type { ListTreesRequest, Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../base/limits.ts'
import { idFromBytes, idToBytes, type TreeId } from '../../dag/id.ts'
import { treeDetails } from '../../store/details.ts'
import type { DagStore } from '../../store/store.ts'
import type { Caller } from '../caller.ts'
import { writeTree } from '../convert.ts'
import type { ReadableTrees } from './expect-tree.ts'
import { pageSize, readToken, writeToken } from './paging.ts'

/** Trees of one page, and where the next page begins: after `after`, or nowhere. */
interface PageOfTrees {
  readonly trees: readonly TreeId[]
  readonly after?: Uint8Array
}

export async function listTrees(parts: ReadableTrees, request: ListTreesRequest, caller: Caller) {
  const size = pageSize(request.pageSize)
  const start = request.pageToken === '' ? '' : idFromBytes(readToken(request.pageToken, 32))
  const page = caller.operator
    ? allTrees(parts.store, start, size)
    : await readableTrees(parts, caller, start, Math.min(size, limits.listedTreesLoaded))
  const trees = await Promise.all(page.trees.map((tree) => describeTree(parts.store, tree)))
  return {
    // One may have been removed meanwhile.
    trees: trees.filter((tree) => tree !== undefined),
    nextPageToken: page.after === undefined ? '' : writeToken(page.after),
  }
}

/** Returns a tree for an application, or undefined if it is not here. */
export async function describeTree(store: DagStore, tree: TreeId): Promise<Tree | undefined> {
  const details = await treeDetails(store, tree)
  if (details === undefined) return undefined
  if (details.damage !== '') return writeTree(details, 0, '')
  const { tips, tipsDigest } = await store.summary(tree)
  return writeTree(details, tips.length, tipsDigest)
}

function allTrees(store: DagStore, start: string, size: number): PageOfTrees {
  const trees = store.treesAfter(start, size + 1).map(({ tree }) => tree)
  const page = trees.slice(0, size)
  return { trees: page, ...(trees.length > size && { after: idToBytes(page.at(-1)!) }) }
}

/** Loads at most `size` trees, also those of which only the policy can say that the caller may not read them. */
async function readableTrees(
  { store, access }: ReadableTrees,
  caller: Caller,
  start: string,
  size: number,
): Promise<PageOfTrees> {
  const trees: TreeId[] = []
  let last = start
  for (let loaded = 0; loaded < size; loaded++) {
    const tree = access.nextTree(last, caller)
    if (tree === undefined) return { trees }
    // A tree that is set aside is left out: what the caller may do in it cannot be told.
    const may = await access.mayRead(tree, caller).catch((error) => {
      if (store.damageOf(tree) === undefined) throw error
      return false
    })
    if (may) trees.push(tree)
    last = tree
  }
  if (access.nextTree(last, caller) === undefined) return { trees }
  const after = idToBytes(last as TreeId)
  // A token does not name a tree that the caller may not read: from its ninth byte on, it is none's.
  if (trees.at(-1) !== last) after.fill(0xff, 8)
  return { trees, after }
}
