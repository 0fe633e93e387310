/**
 * Works out the place of a new entry: its parents, its height, and the policy entries that it names. The parents are as
 * many tips as one entry may have, so that branches of a tree merge again.
 */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type EntryId, formatId, type TreeId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { TreePolicy } from '../../dag/policy/tree-policy.ts'
import type { IndexRecord } from '../engine/records.ts'
import type { DagStore } from '../store.ts'

/** Where a new entry goes. */
export interface Place {
  readonly parents: readonly EntryId[]
  readonly height: number
  /** The policy entries that an entry there names. */
  readonly policy: readonly EntryId[]
  /** Returns what an author may do there. */
  permission(author: PeerId): Permission
}

/**
 * Returns the place on these parents, or on the highest tips. Throws UNKNOWN_TREE, ENTRY_MISSING_PARENT, or
 * ENTRY_POLICY if one entry may not have all these parents.
 */
export async function placeFor(store: DagStore, tree: TreeId, parents?: readonly EntryId[]): Promise<Place> {
  const policy = await store.treePolicy(tree)
  if (policy === undefined) throw unknownTree(tree)
  const ids = parents ?? (await store.highestTips(tree, limits.entryParents)).map(({ id }) => id)
  const records = await store.lookupIn(tree, ids)
  const missing = records.indexOf(undefined)
  if (missing >= 0)
    throw new CausewayError(
      'ENTRY_MISSING_PARENT',
      `The parent ${formatId(ids[missing]!)} is not in this tree: name entries of the tree as parents.`,
      { data: { parent: ids[missing]! } },
    )
  return placeOn(policy, ids, records as IndexRecord[], parents === undefined)
}

/**
 * Returns the place of a policy entry: on the tips of the policy, on the entries `beside` it, and on as many of the
 * highest tips as fit. Throws UNKNOWN_TREE or ENTRY_POLICY.
 */
export async function placeOnPolicy(
  store: DagStore,
  tree: TreeId,
  beside: readonly EntryId[],
): Promise<Place> {
  const policy = await store.treePolicy(tree)
  if (policy === undefined) throw unknownTree(tree)
  const tips = (await store.highestTips(tree, limits.entryParents)).map(({ id }) => id)
  const ids = [...new Set([...policy.graph.tipIds, ...beside, ...tips])].slice(0, limits.entryParents)
  const records = await store.lookupIn(tree, ids)
  const parents = ids.filter((_, index) => records[index] !== undefined)
  const parentRecords = records.filter((record) => record !== undefined)
  return placeOn(policy, parents, parentRecords, true)
}

/**
 * Returns the place on these parents. With `fewer` it leaves out those that do not fit with the ones before; without,
 * it throws ENTRY_POLICY.
 */
function placeOn(
  policy: TreePolicy,
  parents: readonly EntryId[],
  records: readonly IndexRecord[],
  fewer: boolean,
): Place {
  let indexes = records.map((_, index) => index)
  const recordsAt = (some: readonly number[]) => some.map((index) => records[index]!)
  if (fewer && !policy.mayStandOn(records)) {
    const fitting: number[] = []
    for (const index of indexes) if (policy.mayStandOn(recordsAt([...fitting, index]))) fitting.push(index)
    indexes = fitting
  }
  const parentRecords = recordsAt(indexes)
  const point = policy.pointOn(parentRecords)
  return {
    parents: indexes.map((index) => parents[index]!),
    height: 1 + Math.max(...parentRecords.map(({ height }) => height)),
    policy: policy.graph.points[point]!.names,
    permission: (author) => policy.at(point).state.permission(author),
  }
}

/**
 * Returns the place if the author has the right there, since peers would refuse its entry otherwise. Throws FORBIDDEN;
 * `who` names the author in the message.
 */
export function expectRight<Where extends Pick<Place, 'permission'>>(
  place: Where,
  author: PeerId,
  needed: Permission,
  who: string,
): Where {
  if (place.permission(author) >= needed) return place
  const [action, help] =
    needed === Permission.ADMIN
      ? ['change the policy of', 'ask an admin of the tree to do it']
      : ['write to', 'an admin of the tree can grant access with `causeway grant`']
  throw new CausewayError('FORBIDDEN', `${who} may not ${action} this tree: ${help}.`, {
    data: { peer: author },
  })
}
