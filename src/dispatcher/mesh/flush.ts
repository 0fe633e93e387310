/**
 * What `flush` waits for: every link that is kept, and two neighbours in each tree with many members. Neighbours pass on
 * what they have, and if one of the two is lost, the other has it.
 */
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { LinkStatus } from '../../peer/links.ts'

/** Returns the links whose peers still have to be told. `isOwed`: the peer may lack entries. */
export function owedOf(links: readonly LinkStatus[], isOwed: (link: LinkStatus) => boolean): LinkStatus[] {
  const told = new Map<TreeId, number>()
  const all = new Map<TreeId, number>()
  for (const link of links) {
    if (link.place !== 'neighbour') continue
    all.set(link.tree, (all.get(link.tree) ?? 0) + 1)
    if (!isOwed(link)) told.set(link.tree, (told.get(link.tree) ?? 0) + 1)
  }
  const isEnough = (tree: TreeId) =>
    (told.get(tree) ?? 0) >= Math.min(limits.flushNeighbours, all.get(tree) ?? 0)
  return links.filter((link) => isOwed(link) && (link.place !== 'neighbour' || !isEnough(link.tree)))
}
