/**
 * Finds a tree's void entries by one walk from the top down: each entry is judged after all that stand on it, so what a
 * revocation keeps valid is known by then, and memory holds only as many entries as the DAG is wide.
 */
import type { EntryBody } from '../body.ts'
import type { EntryId } from '../id.ts'
import type { Holding } from './levels.ts'
import type { TreePolicy } from './tree-policy.ts'

export class VoidScan {
  private readonly policy: TreePolicy
  private readonly bits = new Map<Holding, bigint>()
  /** Entries not judged yet that revocations keep valid, with a bit for each such revocation. */
  private readonly acceptedBy = new Map<EntryId, bigint>()

  constructor(policy: TreePolicy) {
    this.policy = policy
    for (const holding of [...policy.whole().holdings.values()].flat()) {
      const bit = 1n << BigInt(this.bits.size)
      this.bits.set(holding, bit)
      for (const id of holding.revocation.lastAccepted) this.accept(id, bit)
    }
  }

  /** Returns whether an entry is void. Every entry is judged once, in descending (height, id) order. */
  isVoid(
    id: EntryId,
    { author, policy: names, parents }: Pick<EntryBody, 'author' | 'policy' | 'parents'>,
  ): boolean {
    const { policy, bits } = this
    const mask = this.acceptedBy.get(id) ?? 0n
    this.acceptedBy.delete(id)
    if (mask !== 0n) for (const parent of parents) this.accept(parent, mask)
    const point = policy.graph.pointNamed(names) ?? 0
    const isAcceptedBy = (holding: Holding) => (mask & bits.get(holding)!) !== 0n
    return policy.isVoid(point, author, policy.graph.find(id), isAcceptedBy)
  }

  private accept(id: EntryId, mask: bigint): void {
    this.acceptedBy.set(id, (this.acceptedBy.get(id) ?? 0n) | mask)
  }
}
