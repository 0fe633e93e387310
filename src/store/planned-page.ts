/** A page on its way into the store: what was read for it, and what was worked out before it is written. */
import type { EntryId, TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Contribution } from './contributors.ts'
import type { PageDraft } from './engine/engine.ts'
import type { IndexRecord } from './engine/records.ts'
import type { PagePlan } from './page.ts'
import type { TreeInfo, TreeState } from './tree-state.ts'

/** What the plan of a page needs to know. */
export interface PageReads {
  /** Undefined if the tree is new. */
  readonly state: TreeState | undefined
  /** Of the page's entries and their parents, as far as they are stored. */
  readonly indexRecords: ReadonlyMap<EntryId, IndexRecord>
  /** The authors of stored entries that revocations in the page keep valid. */
  readonly authors: ReadonlyMap<EntryId, PeerId>
}

/** A page that is worked out and not written yet. */
export interface PlannedPage {
  readonly tree: TreeId
  readonly state: TreeState
  readonly isNew: boolean
  /** What is written, with the operations of the contributions. */
  readonly draft: PageDraft
  readonly plan: PagePlan
  readonly info: TreeInfo
  readonly contributions: Contribution[]
}
