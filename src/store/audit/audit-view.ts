/** What an audit reads: a tree at one moment, also one that is set aside. */
import { CausewayError } from '../../base/errors.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import { storeError } from '../database/errors.ts'
import type { DagStore, Snapshot } from '../store.ts'
import { type Findings, TooManyProblems } from './findings.ts'

/** Returns a snapshot of a tree between two pages, also of one that is set aside, and its number. */
export async function viewForAudit(
  store: DagStore,
  tree: TreeId,
): Promise<{ snapshot: Snapshot; number: number } & AsyncDisposable> {
  // The first use finds out whether the tree's records agree; if not, it is set aside.
  const view = await store.view(tree).catch((error) => {
    if (CausewayError.from(error).code !== 'STORE_CORRUPT') throw error
  })
  const number = store.numberOfStored(tree)
  if (number === undefined) {
    await view?.[Symbol.asyncDispose]()
    throw unknownTree(tree)
  }
  const snapshot = view?.snapshot ?? store.engine.snapshot(number, store.tree(tree)?.sequence ?? 0)
  return { snapshot, number, [Symbol.asyncDispose]: () => snapshot.close() }
}

/** Reports that the database could not be read: then its tables are damaged, and what follows was not looked at. */
export function reportUnreadable(findings: Findings, error: unknown): void {
  const known = storeError(error, 'The store could not be read')
  const { code, message } = known
  if (code !== 'STORE_CORRUPT') throw known
  try {
    findings.report(undefined, code, `${message}. What follows was not checked.`)
  } catch (full) {
    if (!(full instanceof TooManyProblems)) throw full
  }
}
