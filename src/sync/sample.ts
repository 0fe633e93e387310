/** Which of many tips are told: a peer that hides behind many cannot foresee the choice. */

import { limits } from '../base/limits.ts'
import type { EntryId } from '../dag/id.ts'

/**
 * The tips that one side tells the other: all of them where they are few, since then they say exactly what it has; else
 * just some, since the digest names them all.
 */
export function sampleTips(tips: readonly EntryId[], random: () => number): readonly EntryId[] {
  return tips.length <= limits.requestTips ? tips : sample(tips, limits.sampledTips, random)
}

/** A random choice of a bounded size, so that a peer that hides behind many tips cannot foresee which are told. */
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
