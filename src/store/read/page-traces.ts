/**
 * Which spans brought the latest pages of the trees: by them a later push, session or event continues the trace of the
 * commit that it carries on. Kept in memory alone, so a trace does not go on after a restart, and empty without tracing.
 */
import { limits } from '../../base/limits.ts'
import type { TraceContext } from '../../base/tracing/tracing.ts'
import type { TreeId } from '../../dag/id.ts'

interface TracedPage {
  /** The arrival before its first entry. */
  readonly after: number
  /** The arrival of its last entry. */
  readonly upTo: number
  readonly context: TraceContext
}

/** The spans of the last `limits.tracedPages` pages of at most `limits.tracedTrees` trees. */
export class PageTraces {
  /** The tree written to last is last. */
  private readonly trees = new Map<TreeId, TracedPage[]>()

  /** Notes the span of a page that was stored, with the arrivals after `after` up to `upTo`. */
  add(tree: TreeId, after: number, upTo: number, context: TraceContext): void {
    const pages = this.trees.get(tree) ?? []
    this.trees.delete(tree)
    this.trees.set(tree, pages)
    if (pages.push({ after, upTo, context }) > limits.tracedPages) pages.shift()
    if (this.trees.size > limits.tracedTrees) this.trees.delete(this.trees.keys().next().value!)
  }

  /**
   * Returns the spans of the pages that brought the arrivals after `from` up to `upTo`, the oldest first: the last
   * `limits.traceLinks` of them, as far as they are known.
   */
  between(tree: TreeId, from: number, upTo: number): TraceContext[] {
    const pages = this.trees.get(tree) ?? []
    const among = pages.filter((page) => page.upTo > from && page.after < upTo)
    return among.slice(-limits.traceLinks).map(({ context }) => context)
  }

  /** Forgets a tree, whose arrivals may be numbered anew. */
  forget(tree: TreeId): void {
    this.trees.delete(tree)
  }

  clear(): void {
    this.trees.clear()
  }
}
