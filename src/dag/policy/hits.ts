/**
 * Which policy entries of its key each revocation hits. That follows from the two alone, whatever set is judged, so it
 * is found once, when it is first asked for, and continued as the key writes more.
 */
import { limits } from '../../base/limits.ts'
import { addBit, type Bits, bitsBelow, hasBit, noBits } from './bits.ts'
import type { PolicyGraph, Revocation } from './graph.ts'

interface Found {
  bits: Bits
  /** How many of the key's policy entries were looked at. */
  upTo: number
}

export class Hits {
  private readonly graph: PolicyGraph
  private readonly found = new Map<Revocation, Found>()
  private bytes = 0

  constructor(graph: PolicyGraph) {
    this.graph = graph
  }

  /** Returns the policy entries that a revocation hits, by their place in `PolicyGraph.by` of its key. */
  of(revocation: Revocation): Bits {
    const numbers = this.graph.by(revocation.key)
    if (numbers.length === 0) return noBits
    const found = this.roomFor(revocation, numbers.length)
    const { by, stand } = revocation
    for (; found.upTo < numbers.length; found.upTo++) {
      const number = numbers[found.upTo]!
      // What the revocation accepts came before it, and what stands on it came after.
      const spared =
        number <= by ? number === by || hasBit(stand, found.upTo) : this.graph.ancestry.covers(number, by)
      if (!spared) addBit(found.bits, found.upTo)
    }
    return found.bits
  }

  private roomFor(revocation: Revocation, count: number): Found {
    let found = this.found.get(revocation)
    if (found === undefined) {
      if (this.bytes > limits.policyHitBytes) {
        this.found.clear()
        this.bytes = 0
      }
      found = { bits: noBits, upTo: 0 }
      this.found.set(revocation, found)
    }
    if (found.bits.length * 32 < count) {
      const larger = bitsBelow(count + (count >>> 1))
      larger.set(found.bits)
      this.bytes += larger.byteLength - found.bits.byteLength
      found.bits = larger
    }
    return found
  }
}
