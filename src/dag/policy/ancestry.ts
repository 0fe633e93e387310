/**
 * Which policy entries are below which, as a set of bits for each entry: whether one is below another is one look.
 * The sets of a tree take a bounded amount of memory; one that was dropped is found again by a walk.
 */
import { limits } from '../../base/limits.ts'
import { addBit, addBits, type Bits, bitsBelow, hasBit, noBits } from './bits.ts'

/** A set of policy entries: those that none of the others is above, and all that are strictly below these. */
export interface Tops {
  /** Descending. */
  readonly tips: readonly number[]
  readonly below: Bits
}

export class Ancestry {
  /** Returns the policy entries that one stands on; none for the root. */
  private readonly under: (number: number) => readonly number[]
  private readonly sets: (Bits | undefined)[] = []
  /** The numbers whose sets are kept, the oldest first; the first `dropped` of them are gone. */
  private kept: number[] = []
  private dropped = 0
  private bytes = 0

  constructor(under: (number: number) => readonly number[]) {
    this.under = under
  }

  /** Returns the policy entries strictly below one. */
  below(number: number): Bits {
    return this.sets[number] ?? this.keep(number, this.find(number))
  }

  /** Returns whether a policy entry is another one or below it. */
  covers(number: number, other: number): boolean {
    return number === other || (other < number && hasBit(this.below(number), other))
  }

  /** Returns the tips among these entries and what is below them, or undefined if there are more than `most`. */
  topsOf(numbers: Iterable<number>, most = Number.POSITIVE_INFINITY): Tops | undefined {
    // Numbers put parents first, so no entry is above one that comes before it here.
    const descending = [...numbers].sort((a, b) => b - a)
    const below = bitsBelow(descending[0] ?? 0)
    const tips: number[] = []
    for (const number of descending) {
      if (number === tips.at(-1) || hasBit(below, number)) continue
      if (tips.length === most) return undefined
      tips.push(number)
      addBits(below, this.below(number))
    }
    return { tips, below }
  }

  /** Finds a set from those of the entries right below, and walks where those are not kept. */
  private find(number: number): Bits {
    const open = [...this.under(number)]
    let highest = -1
    for (const member of open) highest = Math.max(highest, member)
    if (highest < 0) return noBits
    const below = bitsBelow(highest + 1)
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (hasBit(below, next)) continue
      addBit(below, next)
      const known = this.sets[next]
      if (known === undefined) open.push(...this.under(next))
      else addBits(below, known)
    }
    return below
  }

  private keep(number: number, below: Bits): Bits {
    this.sets[number] = below
    this.kept.push(number)
    this.bytes += below.byteLength
    // Ends with the sets that are kept.
    while (this.bytes > limits.policyAncestryBytes && this.dropped < this.kept.length - 1) {
      const oldest = this.kept[this.dropped++]!
      this.bytes -= this.sets[oldest]!.byteLength
      this.sets[oldest] = undefined
    }
    if (this.dropped > 1_024 && this.dropped * 2 > this.kept.length) {
      this.kept = this.kept.slice(this.dropped)
      this.dropped = 0
    }
    return below
  }
}
