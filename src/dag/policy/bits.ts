/**
 * Sets of small whole numbers, a bit each in words of 32: the numbers of a tree's policy entries. Questions about
 * thousands of policy entries become loops over a few hundred words. A set may have fewer words than the numbers that
 * it is asked about; what lies beyond its end is not in it.
 */
export type Bits = Uint32Array

export const noBits: Bits = new Uint32Array(0)

/** Returns an empty set with room for the numbers below `count`. */
export function bitsBelow(count: number): Bits {
  return new Uint32Array((count + 31) >>> 5)
}

/** Returns the set of all numbers below `count`. */
export function allBelow(count: number): Bits {
  const bits = bitsBelow(count).fill(0xffff_ffff)
  if ((count & 31) !== 0) bits[bits.length - 1] = (1 << (count & 31)) - 1
  return bits
}

export function hasBit(bits: Bits, number: number): boolean {
  const word = number >>> 5
  return word < bits.length && (bits[word]! & (1 << (number & 31))) !== 0
}

/** Adds a number for which the set has room. */
export function addBit(bits: Bits, number: number): void {
  bits[number >>> 5]! |= 1 << (number & 31)
}

/** Adds all of another set. `into` has room for them. */
export function addBits(into: Bits, from: Bits): void {
  for (let word = 0; word < from.length; word++) into[word]! |= from[word]!
}

/** Returns whether two sets have a number in common. */
export function meet(a: Bits, b: Bits): boolean {
  const words = Math.min(a.length, b.length)
  for (let word = 0; word < words; word++) if ((a[word]! & b[word]!) !== 0) return true
  return false
}

/** Returns the numbers of a set that are not in another, ascending. */
export function numbersOf(bits: Bits, without: Bits = noBits): number[] {
  const numbers: number[] = []
  for (let word = 0; word < bits.length; word++) {
    let left = bits[word]!
    if (word < without.length) left &= ~without[word]!
    for (; left !== 0; left &= left - 1) numbers.push((word << 5) + 31 - Math.clz32(left & -left))
  }
  return numbers
}

/** Returns the numbers that `outer` has and `inner` has not, or undefined if `inner` has one that `outer` has not. */
export function beyond(outer: Bits, inner: Bits): number[] | undefined {
  for (let word = 0; word < inner.length; word++)
    if ((inner[word]! & ~(word < outer.length ? outer[word]! : 0)) !== 0) return undefined
  return numbersOf(outer, inner)
}
