/**
 * Chooses the tips that a message names: at random, so a peer that hides behind many tips cannot foresee the choice.
 */

import { limits } from '../base/limits.ts'
import type { EntryId } from '../dag/id.ts'

/**
 * Returns the tips that one side names to the other: all of them if they are few, since they then say exactly what it
 * has; otherwise a few of them, since the digest names them all.
 */
export function sampleTips(tips: readonly EntryId[], random: () => number): readonly EntryId[] {
  return tips.length <= limits.requestTips ? tips : sample(tips, limits.sampledTips, random)
}

/** Returns at most `size` of the items, chosen at random. */
export function sample<Item>(items: readonly Item[], size: number, random: () => number): readonly Item[] {
  if (items.length <= size) return items
  const pool = [...items]
  for (let index = 0; index < size; index++) {
    const other = index + Math.floor(random() * (pool.length - index))
    const chosen = pool[other]!
    pool[other] = pool[index]!
    pool[index] = chosen
  }
  return pool.slice(0, size)
}
