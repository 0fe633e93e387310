/**
 * A whole tree in memory, verified as every node verifies it: each entry stands on entries that are here, at its height,
 * names the policy below it, and was written by a key that the policy allows.
 */

import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { checkParents, type Draft, type VerifiedEntry } from '../../../src/dag/entry.ts'
import {
  comparePositions,
  digestTips,
  type EntryId,
  type Position,
  type TreeId,
} from '../../../src/dag/id.ts'
import { type LastAccepted, TreePolicy } from '../../../src/dag/policy/tree-policy.ts'
import { VoidScan } from '../../../src/dag/policy/void-scan.ts'

export class WholeTree {
  readonly tree: TreeId
  private readonly policy = new TreePolicy()
  private readonly byId = new Map<EntryId, { readonly entry: VerifiedEntry; readonly after: number }>()
  private readonly tips = new Set<EntryId>()

  constructor(tree: TreeId) {
    this.tree = tree
  }

  /** Adds an entry whose parents are here; one that is here already changes nothing. Throws an entry error. */
  add(entry: VerifiedEntry): void {
    if (this.byId.has(entry.id)) return
    if (entry.tree !== this.tree)
      throw new CausewayError(
        'ENTRY_TREE',
        `The entry belongs to the tree ${entry.tree}, not to ${this.tree}.`,
      )
    const known = entry.body.parents.map((id) => this.byId.get(id))
    checkParents(
      entry,
      known.map((parent) => parent && { tree: this.tree, height: parent.entry.body.height }),
    )
    const point = known.length === 0 ? 0 : this.policy.check(entry, known)
    const after = this.policy.enter(entry, point, (id) => this.accepted(id))
    this.byId.set(entry.id, { entry, after })
    for (const parent of entry.body.parents) this.tips.delete(parent)
    this.tips.add(entry.id)
  }

  private accepted(id: EntryId): LastAccepted | undefined {
    const known = this.byId.get(id)
    return known && { author: known.entry.body.author, after: known.after }
  }

  get count(): number {
    return this.byId.size
  }

  /** SHA-256 over all tips: a node with the same entries has the same digest. */
  get tipsDigest(): string {
    return digestTips([...this.tips])
  }

  get(id: EntryId): VerifiedEntry | undefined {
    return this.byId.get(id)?.entry
  }

  /**
   * Returns the place of a new entry on top of the tree: with changes and a time it is a draft that a key can sign. An
   * entry has at most 256 parents, so of more tips the highest are taken.
   */
  place(): Required<Pick<Draft, 'tree' | 'parents' | 'height' | 'policy'>> {
    const tips = [...this.tips].map((id) => this.byId.get(id)!)
    const parents = tips
      .sort((a, b) => comparePositions(positionOf(b.entry), positionOf(a.entry)))
      .slice(0, limits.entryParents)
    const point = this.policy.pointOn(parents)
    return {
      tree: this.tree,
      parents: parents.map(({ entry }) => entry.id),
      height: 1 + (parents[0]?.entry.body.height ?? -1),
      policy: this.policy.graph.points[point]!.names,
    }
  }

  /** Returns all entries, parents first. */
  entries(): VerifiedEntry[] {
    return [...this.byId.values()]
      .map(({ entry }) => entry)
      .sort((a, b) => comparePositions(positionOf(a), positionOf(b)))
  }

  /** Returns the entries that count: all but those whose author lost the right to write them. Parents first. */
  standing(): VerifiedEntry[] {
    const scan = new VoidScan(this.policy)
    return this.entries()
      .reverse()
      .filter(({ id, body }) => !scan.isVoid(id, body))
      .reverse()
  }
}

const positionOf = ({ id, body }: VerifiedEntry): Position => ({ id, height: body.height })
