/**
 * The latest arrivals of the trees that are written to, in memory: what peers are told next is mostly among them, and
 * need not be read again for each of them. As many of a tree as are told at once; the rest is a session's, from the disk.
 */

import { limits } from '../base/limits.ts'
import type { SignedEntry, VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'

/** A tree's arrivals up to `sequence`, without a gap. */
interface Arrivals {
  readonly entries: SignedEntry[]
  bytes: number
  sequence: number
}

export class Latest {
  /** The tree that was written to last is last. */
  private readonly trees = new Map<TreeId, Arrivals>()

  /** A page that was stored; `sequence` is the arrival of its last entry. */
  add(tree: TreeId, page: readonly VerifiedEntry[], sequence: number): void {
    const known = this.trees.get(tree)
    this.trees.delete(tree)
    const bytes = page.reduce((sum, { signed }) => sum + sizeOf(signed), 0)
    // More than is told at once.
    if (page.length > limits.inlineEntries || bytes > limits.inlineBytes) return
    const follows = known?.sequence === sequence - page.length
    const arrivals: Arrivals = follows ? known : { entries: [], bytes: 0, sequence: 0 }
    // Copies: these bytes may be a small part of a large message.
    for (const { signed } of page)
      arrivals.entries.push({
        body: new Uint8Array(signed.body),
        signature: new Uint8Array(signed.signature),
      })
    arrivals.bytes += bytes
    arrivals.sequence = sequence
    const { entries } = arrivals
    let excess = 0
    while (entries.length - excess > limits.inlineEntries || arrivals.bytes > limits.inlineBytes)
      arrivals.bytes -= sizeOf(entries[excess++]!)
    entries.splice(0, excess)
    this.trees.set(tree, arrivals)
    if (this.trees.size > limits.latestTrees) this.trees.delete(this.trees.keys().next().value!)
  }

  /** All arrivals after `from` up to `upTo`; undefined where some of them are not in memory. */
  between(tree: TreeId, from: number, upTo: number): readonly SignedEntry[] | undefined {
    const arrivals = this.trees.get(tree)
    if (arrivals === undefined || upTo > arrivals.sequence) return undefined
    const first = arrivals.sequence - arrivals.entries.length
    return from < first ? undefined : arrivals.entries.slice(from - first, upTo - first)
  }

  clear(): void {
    this.trees.clear()
  }
}

function sizeOf({ body, signature }: SignedEntry): number {
  return body.length + signature.length
}
