/**
 * Keeps the latest arrivals of the trees that are written to in memory. What peers are sent next is mostly among them,
 * so it is not read again for each peer. Keeps as many of a tree as one message carries; a session reads older ones
 * from disk.
 */

import { limits } from '../base/limits.ts'
import type { SignedEntry, VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'

/** A tree's arrivals up to `sequence`, without gaps. */
interface Arrivals {
  readonly entries: SignedEntry[]
  bytes: number
  sequence: number
}

/** The latest arrivals of at most `limits.latestTrees` trees. */
export class Latest {
  /** The tree written to last is last. */
  private readonly trees = new Map<TreeId, Arrivals>()

  /** Takes over a page that was stored. `sequence` is the arrival of its last entry. */
  add(tree: TreeId, page: readonly VerifiedEntry[], sequence: number): void {
    const previous = this.trees.get(tree)
    this.trees.delete(tree)
    const bytes = page.reduce((sum, { signed }) => sum + sizeOf(signed), 0)
    // More than one message carries.
    if (page.length > limits.inlineEntries || bytes > limits.inlineBytes) return
    const follows = previous?.sequence === sequence - page.length
    const arrivals: Arrivals = follows ? previous : { entries: [], bytes: 0, sequence: 0 }
    // Copies, because these bytes may be a small part of a large message that they would keep in memory.
    for (const { signed } of page)
      arrivals.entries.push({
        body: new Uint8Array(signed.body),
        signature: new Uint8Array(signed.signature),
      })
    arrivals.bytes += bytes
    arrivals.sequence = sequence
    const { entries } = arrivals
    let excess = 0
    // Ends with the last of the entries, without which there are no bytes.
    while (entries.length - excess > limits.inlineEntries || arrivals.bytes > limits.inlineBytes)
      arrivals.bytes -= sizeOf(entries[excess++]!)
    entries.splice(0, excess)
    this.trees.set(tree, arrivals)
    if (this.trees.size > limits.latestTrees) this.trees.delete(this.trees.keys().next().value!)
  }

  /** Returns all arrivals after `from` up to `upTo`, or undefined if some of them are not in memory. */
  between(tree: TreeId, from: number, upTo: number): readonly SignedEntry[] | undefined {
    const arrivals = this.trees.get(tree)
    if (arrivals === undefined || upTo > arrivals.sequence) return undefined
    const first = arrivals.sequence - arrivals.entries.length
    return from < first ? undefined : arrivals.entries.slice(from - first, upTo - first)
  }

  /** Forgets a tree, whose arrivals may be numbered anew. */
  forget(tree: TreeId): void {
    this.trees.delete(tree)
  }

  clear(): void {
    this.trees.clear()
  }
}

function sizeOf({ body, signature }: SignedEntry): number {
  return body.length + signature.length
}
