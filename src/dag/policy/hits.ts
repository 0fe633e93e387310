/**
 * Which policy entries of its key each revocation hits. That follows from the two alone, whatever set is judged, so it
 * is found once, when it is first asked for, and continued as the key writes more.
 */
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../identity.ts'
import { addBit, type Bits, bitsBelow, hasBit, noBits } from './bits.ts'
import type { PolicyGraph, Revocation } from './graph.ts'

interface Found {
  readonly revocation: Revocation
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
    if (found.upTo < numbers.length) this.look(numbers, [found])
    return found.bits
  }

  /**
   * Finds what several revocations hit that are about to be asked for. Each policy entry of a key is looked at once for
   * all revocations of the key, since its ancestors are then at hand.
   */
  prepare(revocations: readonly Revocation[]): void {
    const lacking = new Map<PeerId, Found[]>()
    for (const revocation of revocations) {
      const { length } = this.graph.by(revocation.key)
      if (length === 0) continue
      const found = this.roomFor(revocation, length)
      if (found.upTo === length) continue
      const list = lacking.get(revocation.key)
      if (list === undefined) lacking.set(revocation.key, [found])
      else list.push(found)
    }
    for (const [key, list] of lacking) this.look(this.graph.by(key), list)
  }

  /** Looks at a key's policy entries for some of the key's revocations. */
  private look(numbers: readonly number[], list: readonly Found[]): void {
    const { ancestry } = this.graph
    let first = numbers.length
    for (const { upTo } of list) first = Math.min(first, upTo)
    // Columns, because there may be millions of pairs.
    const bys = list.map(({ revocation }) => revocation.by)
    const upTos = list.map(({ upTo }) => upTo)
    const bits = list.map((found) => found.bits)
    for (let place = first; place < numbers.length; place++) {
      const number = numbers[place]!
      const below = ancestry.below(number)
      for (let index = 0; index < bys.length; index++) {
        const by = bys[index]!
        if (place < upTos[index]! || number === by) continue
        // What the revocation accepts came before it, and what stands on it came after.
        const spared = number < by ? hasBit(list[index]!.revocation.stand, place) : hasBit(below, by)
        if (!spared) addBit(bits[index]!, place)
      }
    }
    for (const found of list) found.upTo = numbers.length
  }

  private roomFor(revocation: Revocation, count: number): Found {
    let found = this.found.get(revocation)
    if (found === undefined) {
      if (this.bytes > limits.policyHitBytes) {
        this.found.clear()
        this.bytes = 0
      }
      found = { revocation, bits: noBits, upTo: 0 }
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
