/** Finds who takes most of something that is scarce, to make room there: at whoever holds most, the oldest goes. */

export interface Crowd<Item> {
  /** The first item of whoever holds most. */
  readonly oldest: Item
  /** How many that holder has. */
  readonly held: number
}

/**
 * Returns the largest crowd among items that are given oldest first, or undefined if there are no items. Among holders
 * of equally many it is the one whose first item is the oldest.
 */
export function largestCrowd<Item>(
  items: Iterable<Item>,
  holderOf: (item: Item) => string,
): Crowd<Item> | undefined {
  const crowds = new Map<string, { oldest: Item; held: number }>()
  for (const item of items) {
    const holder = holderOf(item)
    const crowd = crowds.get(holder)
    if (crowd === undefined) crowds.set(holder, { oldest: item, held: 1 })
    else crowd.held++
  }
  let largest: Crowd<Item> | undefined
  for (const crowd of crowds.values()) if (crowd.held > (largest?.held ?? 0)) largest = crowd
  return largest
}
