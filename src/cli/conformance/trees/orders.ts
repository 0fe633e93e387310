/** All orders in which the entries of a small tree can arrive, for rules that hold in each of them. */
import type { EntryId } from '../../../dag/id.ts'

interface Placed {
  readonly id: EntryId
  readonly body: { readonly parents: readonly EntryId[] }
}

/** Returns every order that has parents before their children. There are many: up to n! of n entries. */
export function ordersOf<Some extends Placed>(entries: readonly Some[]): Some[][] {
  const orders: Some[][] = []
  const grow = (order: Some[], left: readonly Some[]): void => {
    if (left.length === 0) orders.push(order)
    const waiting = new Set(left.map(({ id }) => id))
    for (const next of left)
      if (next.body.parents.every((parent) => !waiting.has(parent)))
        grow(
          [...order, next],
          left.filter((entry) => entry !== next),
        )
  }
  grow([], entries)
  return orders
}
