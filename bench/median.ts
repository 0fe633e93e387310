/** The median stands for several repetitions, because one outlier does not move it. */

/** Returns the middle value; for an even number of values, the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}
