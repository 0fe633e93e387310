/**
 * Whether the records of a tree agree: its counts, tips, policy and arrivals. A part of LevelDB's log that is lost takes
 * whole pages away, and the next page still writes the tree's record as if they were there. The check at a tree's first
 * use takes a constant number of reads beside those that the use takes anyway. The check after LevelDB has dropped
 * something reads the latest arrivals, as many as LevelDB's logs hold.
 */
import { limits } from '../../base/limits.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import * as layout from '../database/layout.ts'
import type { Database } from '../database/open.ts'
import type { Engine } from '../engine/engine.ts'
import { addTip, type TreeRecord } from '../engine/records.ts'
import { damagedTree } from './damaged-tree.ts'

/** Throws STORE_CORRUPT unless a tree's record, its tips and its last arrival agree. */
export async function checkAgreement(
  engine: Engine,
  tree: TreeId,
  { record, tips }: { readonly record: TreeRecord; readonly tips: ReadonlyMap<EntryId, number> },
): Promise<void> {
  let tipSum = 0
  for (const id of tips.keys()) tipSum = addTip(tipSum, id, 1)
  expectEqual(tree, 'entries', record.count, 'arrivals', record.sequence)
  expectEqual(tree, 'tips by its record', record.tips, 'tips', tips.size)
  if (record.tipSum !== tipSum) throw damagedTree(tree, 'its tips are not those of its record')
  if (record.sequence > 0) await checkLastArrival(engine, tree, record)
}

/** Throws STORE_CORRUPT unless the last arrival is that of the tree's record, and its entry is there. */
async function checkLastArrival(
  engine: Engine,
  tree: TreeId,
  { number, sequence }: TreeRecord,
): Promise<void> {
  const last = await engine.lastArrival(number)
  expectEqual(tree, 'arrivals by its record', sequence, 'as its last arrival', last?.sequence ?? 0)
  const { id, height } = last!
  const [[entry], [index]] = await Promise.all([engine.bytesAt([{ number, id, height }]), engine.index([id])])
  if (entry === undefined || index === undefined)
    throw damagedTree(tree, `its arrival ${sequence} is not stored`)
  if (index.number !== number) throw damagedTree(tree, `its arrival ${sequence} is in another tree`)
  expectEqual(tree, 'as its last arrival', sequence, 'in the index', index.sequence)
}

/**
 * Throws STORE_CORRUPT if one of the latest `limits.damageArrivals` arrivals is missing: called once after LevelDB has
 * dropped a part of its log, which holds no earlier ones.
 */
export async function checkLatestArrivals(
  db: Database,
  tree: TreeId,
  { number, sequence }: TreeRecord,
): Promise<void> {
  let next = Math.max(0, sequence - limits.damageArrivals) + 1
  const lt = layout.arrivalRange(number).lt
  const keys = db.keys({ gte: layout.arrivalKey(number, next), lt })
  try {
    // Ends: each turn but the last reads some of at most `limits.damageArrivals` keys up to the tree's last arrival.
    while (next <= sequence) {
      const page = await keys.nextv(limits.pageEntries)
      if (page.length === 0) throw damagedTree(tree, `its arrival ${next} is missing`)
      for (const key of page) {
        if (layout.sequenceOfKey(key) !== next) throw damagedTree(tree, `its arrival ${next} is missing`)
        next++
      }
    }
  } finally {
    await keys.close()
  }
  if (next > sequence + 1) throw damagedTree(tree, `it has arrivals after ${sequence}, its last`)
}

/** Throws STORE_CORRUPT unless two numbers of a tree are equal. */
export function expectEqual(tree: TreeId, what: string, expected: number, other: string, got: number): void {
  if (expected !== got) throw damagedTree(tree, `it has ${expected} ${what}, but ${got} ${other}`)
}
