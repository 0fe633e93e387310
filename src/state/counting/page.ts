/** Counts a page of entries before it is stored, so that what it does to keys is part of its own batch. */
import { limits } from '../../base/limits.ts'
import type { BodyChanges } from '../../dag/body.ts'
import type { Position } from '../../dag/id.ts'
import { hasReservedKinds } from '../../dag/outlined-body.ts'
import type { AddedPage, Contribution } from '../../store/contributors.ts'
import { effectsOf } from '../effects.ts'
import type { ViewRecord } from '../rows.ts'
import { type AppliedEntry, Slice, type SliceParts } from '../slice.ts'
import { recordOperation, type ViewRecords } from './records.ts'

/** Returns what an entry does. */
export function appliedOf({ id, height }: Position, body: BodyChanges): AppliedEntry {
  return { id, height, body, effects: effectsOf(body.changes) }
}

/**
 * Returns what a page adds to its tree's view: the rows of the keys that it changes, unless they have to be counted
 * behind it. The first page that changes a key begins the view. `made` may be a slice to which the page was applied.
 */
export async function prepareView(
  parts: SliceParts & { readonly records: ViewRecords },
  page: AddedPage,
  made: Slice | undefined,
): Promise<Contribution | undefined> {
  const { tree, added, info, number, stale } = page
  const known = parts.records.get(tree)
  let changes = 0
  for (const { body } of added) if (hasReservedKinds(body)) changes += body.changes.length
  if (known === undefined && changes === 0) return undefined
  const before = info.sequence - added.length
  const record: ViewRecord = known ?? { cursor: before, flips: Buffer.alloc(0), clearing: false }
  const isCurrent = !stale && !record.clearing && record.cursor === before
  // A large transfer costs less if its pages are counted together, behind it.
  const isSmall = added.length < limits.stateBulkEntries || made !== undefined
  const counts = isCurrent && isSmall && changes <= limits.statePageChanges
  const counted = counts ? await countPage(parts, page, made) : undefined
  const next = counted === undefined ? record : { ...record, cursor: info.sequence }
  if (next === known) return undefined
  return {
    operations: [...(counted?.operations ?? []), recordOperation(number, next)],
    stored() {
      parts.records.set(tree, next)
      counted?.slice.remember()
    },
  }
}

/** Returns what a page does to its keys, or undefined if they cannot be read now: then the view is behind. */
async function countPage(parts: SliceParts, page: AddedPage, made: Slice | undefined) {
  try {
    const slice = await sliceOf(parts, page, made)
    return { slice, operations: await slice.finish() }
  } catch {
    // A failure is that of the next read, which counts again.
    return undefined
  }
}

async function sliceOf(
  parts: SliceParts,
  { tree, added, voids, number }: AddedPage,
  made: Slice | undefined,
): Promise<Slice> {
  const isMade =
    voids.size === 0 &&
    made?.unstored?.size === added.length &&
    added.every(({ id }) => made.unstored!.has(id))
  if (isMade) return made!
  const slice = new Slice(parts, tree, number, false)
  const entries = added.flatMap(({ id, body }) =>
    hasReservedKinds(body) ? [appliedOf({ id, height: body.height }, body)] : [],
  )
  await slice.loadFor(entries)
  for (const entry of entries) await slice.apply(entry, voids.has(entry.id))
  return slice
}
