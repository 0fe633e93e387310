/**
 * Where a new entry stands: on which parents, how high, and on what of the policy. As many tips as one entry may stand on,
 * so that a tree grows together again wherever it has branched.
 */
import type { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError, unknownTree } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { TreePolicy } from '../../dag/policy/tree-policy.ts'
import type { IndexRecord } from '../database/layout.ts'
import type { DagStore } from '../store.ts'

export interface Place {
  readonly parents: readonly EntryId[]
  readonly height: number
  /** What an entry there names. */
  readonly policy: readonly EntryId[]
  /** What its author may do there. */
  permission(author: PeerId): Permission
}

/** The place on these parents, or on the highest tips. UNKNOWN_TREE, ENTRY_MISSING_PARENT, ENTRY_POLICY. */
export async function placeFor(store: DagStore, tree: TreeId, parents?: readonly EntryId[]): Promise<Place> {
  const policy = await store.treePolicy(tree)
  if (policy === undefined) throw unknownTree(tree)
  const on = parents ?? (await store.highestTips(tree, limits.entryParents)).map(({ id }) => id)
  const records = await store.lookupIn(tree, on)
  const missing = records.indexOf(undefined)
  if (missing >= 0)
    throw new CausewayError('ENTRY_MISSING_PARENT', `The parent ${on[missing]} is not in this tree.`, {
      data: { parent: on[missing]! },
    })
  return placeOn(policy, on, records as IndexRecord[], parents === undefined)
}

/**
 * The place of a change of the policy: on all of the policy, on these entries beside it, and on as many of the highest
 * tips as fit. UNKNOWN_TREE, ENTRY_POLICY.
 */
export async function placeOnPolicy(
  store: DagStore,
  tree: TreeId,
  beside: readonly EntryId[],
): Promise<Place> {
  const policy = await store.treePolicy(tree)
  if (policy === undefined) throw unknownTree(tree)
  const tips = (await store.highestTips(tree, limits.entryParents)).map(({ id }) => id)
  const wanted = [...new Set([...policy.graph.tipIds, ...beside, ...tips])].slice(0, limits.entryParents)
  const records = await store.lookupIn(tree, wanted)
  const parents = wanted.filter((_, index) => records[index] !== undefined)
  const found = records.filter((record) => record !== undefined)
  return placeOn(policy, parents, found, true)
}

/** Where `fewer`, on as many of the first parents as one entry may stand on. */
function placeOn(
  policy: TreePolicy,
  parents: readonly EntryId[],
  records: readonly IndexRecord[],
  fewer: boolean,
): Place {
  let chosen = records.map((_, index) => index)
  const recordsOf = (indexes: readonly number[]) => indexes.map((index) => records[index]!)
  if (fewer && !policy.mayStandOn(records)) {
    const fitting: number[] = []
    for (const index of chosen) if (policy.mayStandOn(recordsOf([...fitting, index]))) fitting.push(index)
    chosen = fitting
  }
  const on = recordsOf(chosen)
  const point = policy.pointOn(on)
  return {
    parents: chosen.map((index) => parents[index]!),
    height: 1 + Math.max(...on.map(({ height }) => height)),
    policy: policy.graph.points[point]!.names,
    permission: (author) => policy.at(point).state.permission(author),
  }
}
