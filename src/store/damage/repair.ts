/**
 * Repairs a tree, or all trees of a store: checks each, and builds those anew that have problems. What is lost is named
 * before it is dropped.
 */
import { CausewayError } from '../../base/errors.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import { type AuditOptions, type AuditProblem, auditTree } from '../audit/audit.ts'
import type { DagStore } from '../store.ts'
import { damagedTree } from './damaged-tree.ts'

/** The options of a repair. */
export interface RepairOptions {
  /** Ends with CANCELLED between two trees, or while one is checked; a tree that is being built anew is built first. */
  readonly signal?: AbortSignal | undefined
  /** Called with the entries of the present tree that were checked or stored anew so far, and how many there are. */
  readonly onProgress?: ((done: number, count: number, tree: TreeId) => void) | undefined
}

/** What the repair of a tree has found and done. */
export interface TreeRepair {
  readonly tree: TreeId
  /** What was wrong, as `auditTree` names it; none if the tree was sound, and then nothing was changed. */
  readonly problems: readonly AuditProblem[]
  /** The entries that the tree has now. */
  readonly kept: number
  /** The entries that were dropped: damaged ones, and those with ancestors that are lost. */
  readonly dropped: number
}

/** Checks a tree and, if it has problems, builds it anew. Throws UNKNOWN_TREE and CLOSED. */
export async function repairTree(
  store: DagStore,
  tree: TreeId,
  options: RepairOptions = {},
): Promise<TreeRepair> {
  const count = store.tree(tree)?.count
  if (count === undefined) throw unknownTree(tree)
  const onProgress = (done: number, of: number) => options.onProgress?.(done, of, tree)
  const { checked, problems } = await findProblems(store, tree, {
    ...{ onProgress, ...(options.signal && { signal: options.signal }) },
  })
  if (problems.length === 0) return { tree, problems, kept: checked, dropped: 0 }
  await store.setAside(tree, damagedTree(tree, problems[0]!.message))
  const rebuilt = await store.repairs.rebuild(tree, (done) => onProgress(done, Math.max(done, count)))
  return { tree, problems, ...rebuilt }
}

/** Audits a tree, unless its repair has begun: then it is known to be damaged, and half of it has moved. */
async function findProblems(
  store: DagStore,
  tree: TreeId,
  options: AuditOptions,
): Promise<{ checked: number; problems: readonly AuditProblem[] }> {
  const note = store.notes.ofTree(tree)
  if (note?.target === undefined) return auditTree(store, tree, options)
  return { checked: 0, problems: [{ code: 'STORE_CORRUPT', message: note.message }] }
}

/**
 * Repairs every tree, those whose records are lost too, marks all links as unsettled, and forgets the damage that was
 * noted. Yields the result of each tree. If a tree cannot be repaired, goes on with the others, and throws its error at
 * the end.
 */
export async function* repairStore(store: DagStore, options: RepairOptions = {}): AsyncGenerator<TreeRepair> {
  await store.adoptLost()
  let failure: unknown
  for (const { tree } of store.trees())
    try {
      const result = await repairTree(store, tree, options)
      if (result.problems.length === 0) await store.repairs.unsettle(tree)
      yield result
    } catch (error) {
      // It was removed meanwhile.
      if (CausewayError.from(error).code === 'UNKNOWN_TREE') continue
      failure ??= error
      if (CausewayError.from(error).code !== 'STORE_CORRUPT') break
    }
  if (failure !== undefined) throw failure
  // Of trees of which nothing was left.
  for (const { tree } of store.notes.list())
    if (tree !== undefined && store.tree(tree) === undefined && !store.removals.has(tree))
      await store.notes.treeRepaired(tree)
  await store.notes.allRepaired()
}
