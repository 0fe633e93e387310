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
