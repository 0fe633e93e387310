/** Those who take part in the writing of a page: who adds records to its batch, and who hears of it afterwards. */
import type { VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { BatchOperation } from './page.ts'
import type { TreeInfo } from './tree-state.ts'

/**
 * Adds its own records to the batch of a page: whoever must never disagree with the DAG. Runs before the write, and keeps
 * the page out where it throws.
 */
export type BatchContributor = (
  tree: TreeId,
  added: readonly VerifiedEntry[],
  info: TreeInfo,
) => BatchOperation[]

/** Called after a page is stored; must not throw, and must not wait for a write to the same tree. */
export type PageListener = (
  tree: TreeId,
  added: readonly VerifiedEntry[],
  info: TreeInfo,
  /** Those of them that are not void as they come. */
  standing: readonly VerifiedEntry[],
) => void
