/**
 * One tree of a watch, at the server: how far the watcher has come, what its next event is, and whether it is a neighbour
 * as long as it asks to be one.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { type TraceContext, tracing } from '../../base/tracing/tracing.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeSummary } from '../../store/tree-state.ts'
import { sample } from '../sample.ts'

/** WatchTree of sync.proto: a tree that a watcher follows. */
export interface WatchedTree {
  readonly tree: TreeId
  /** The cursor of the last event that the watcher saw from this server, which alone can use it; 0: none. */
  readonly cursor: number
  /** The watcher's tips digest in hex; '' if it has no entries. */
  readonly tipsDigest: string
  /** Set if the watcher asks to be a neighbour; `urgent`: it has no other. */
  readonly asks?: NeighbourRequest | undefined
  /** A neighbour wants the tips alone, since the entries come to it from others. */
  readonly lazy?: boolean | undefined
}

/** NeighbourRequest of sync.proto. */
export type NeighbourRequest = 'ask' | 'urgent'

/** WatchResponse of sync.proto for a tree that has changed. */
export interface WatchEvent {
  readonly tree: TreeId
  readonly tipsDigest: string
  readonly count: number
  readonly cursor: number
  /** The entries that arrived after the last event up to the cursor, parents first; empty if a session is faster. */
  readonly entries: readonly SignedEntry[]
  /** The tips, or `limits.watchTips` of them at random; empty if more entries follow. */
  readonly tips: readonly EntryId[]
  /** The spans that brought the latest of the changes to the server, the oldest first. Absent without traces. */
  readonly traces?: readonly TraceContext[]
  /** The watcher is no neighbour, or none any more, and no event of this tree follows. */
  readonly refused?: true
  /** How many steps the entries have come from their authors, the most of any; absent: none. */
  readonly hops?: number
}

/** What kind of watcher it is in a tree. */
export interface WatcherKind {
  readonly isNeighbour: boolean
  readonly lazy: boolean
}

/** The entries that go inline to a watcher. */
export interface Selection {
  readonly entries: readonly SignedEntry[]
  readonly hops: number
}

/** What serving a watch asks of the neighbours of each tree; all for one watcher. */
export interface WatchNeighbours {
  /** The watcher asks to be a neighbour. Returns whether it is one now. */
  admit(tree: TreeId, urgent: boolean): Promise<boolean>
  /** Reports whether it still is one. */
  holds(tree: TreeId): boolean
  /** Returns those of new entries that the watcher has not sent itself, and that it wants. */
  select(tree: TreeId, entries: readonly SignedEntry[], kind: WatcherKind): Selection
  /** Calls `listener` when that may have changed, until the returned function is called. */
  onDrop(listener: (tree: TreeId) => void): () => void
}

/** What an event is made from. */
export interface TreeWatchParts {
  readonly store: TreeReader
  readonly clock: Clock
  /** Who is a neighbour, for a watcher that asks to be one. Default: everybody is. */
  readonly neighbours?: WatchNeighbours
}

/** How far one watch has come in one tree. */
export class TreeWatch {
  private readonly tree: TreeId
  /** The watcher's cursor when the watch began. */
  private readonly cursor: number
  /** The watcher's own digest; undefined after the first look at the tree. */
  private theirs: string | undefined
  /** The arrival up to which the watcher was served; undefined before the first look at the tree. */
  private sequence: number | undefined
  readonly asks: NeighbourRequest | undefined
  private readonly lazy: boolean
  private admitted = false
  /** Whether entries are left after the last event. */
  behind = false
  /** Our latest arrival, if the watcher was just found to have the same as we. */
  equalAt: number | undefined

  constructor({ tree, cursor, tipsDigest, asks, lazy = false }: WatchedTree) {
    this.tree = tree
    this.lazy = lazy
    this.asks = asks
    this.cursor = cursor
    this.theirs = tipsDigest
  }

  /** Returns whether the watch of this tree goes on: a watcher that asks to be a neighbour has to be one. */
  async isHeld(neighbours: WatchNeighbours | undefined): Promise<boolean> {
    if (this.asks === undefined || neighbours === undefined) return true
    if (this.admitted) return neighbours.holds(this.tree)
    this.admitted = true
    return neighbours.admit(this.tree, this.asks === 'urgent')
  }

  /** Returns an event that brings the watcher up to date, or nearer to it; undefined if it is up to date. */
  async next({ store, clock, neighbours }: TreeWatchParts): Promise<WatchEvent | undefined> {
    const { tree, lazy } = this
    const summary = await store.summary(tree)
    if (summary.count === 0) {
      // When the tree arrives, that is news even to a watcher that has all of it.
      this.theirs = undefined
      return undefined
    }
    const { tips, tipsDigest, count, sequence } = summary
    const first = this.sequence === undefined
    // If this store was restored from a copy, an older cursor may lie ahead of it.
    const from = this.sequence ?? (this.cursor > 0 && this.cursor <= sequence ? this.cursor : undefined)
    const equal = first && this.theirs === tipsDigest
    this.theirs = undefined
    this.sequence = sequence
    this.behind = false
    this.equalAt = equal ? sequence : undefined
    if (equal || (from === sequence && !first)) return undefined
    const batch = from === undefined ? undefined : await readBatch(store, tree, from, sequence)
    const cursor = batch?.upTo ?? sequence
    this.sequence = cursor
    this.behind = cursor < sequence
    const all = batch?.entries ?? []
    const kind = { isNeighbour: this.asks !== undefined, lazy }
    return {
      ...{ tree, tipsDigest, count, cursor },
      ...(neighbours?.select(tree, all, kind) ?? { entries: all }),
      // None if more entries follow: tips that the watcher does not know are on their way.
      tips: this.behind ? [] : sample(tips, limits.watchTips, clock.random),
      ...(tracing !== undefined &&
        from !== undefined && { traces: store.traces.between(tree, from, cursor) }),
    }
  }
}

/** Returns the next arrivals after `from`, as many as fit into an event, or undefined if a session is faster. */
async function readBatch(
  store: TreeReader,
  tree: TreeId,
  from: number,
  upTo: number,
): Promise<{ entries: readonly SignedEntry[]; upTo: number } | undefined> {
  const behind = upTo - from
  if (behind === 0 || behind > limits.watchBehindEntries) return undefined
  const recent = store.latest.between(tree, from, upTo)
  if (recent !== undefined) return { entries: recent, upTo }
  const arrivals = await store.arrivals(tree, from, Math.min(behind, limits.inlineEntries))
  const records = await store.lookup(arrivals.map(({ id }) => id))
  let bytes = 0
  let fitCount = 0
  for (const record of records) {
    bytes += record?.size ?? 0
    if (bytes > limits.inlineBytes) break
    fitCount++
  }
  if (fitCount === 0) return undefined
  const entries = await store.read(tree, arrivals.slice(0, fitCount))
  return { entries: entries.map(({ signed }) => signed), upTo: from + fitCount }
}

/** Returns the arrivals after `from` up to those of `summary`, or none if one call cannot carry them all. */
export async function readInline(
  store: TreeReader,
  tree: TreeId,
  from: number,
  { sequence }: TreeSummary,
): Promise<readonly SignedEntry[]> {
  if (sequence - from > limits.inlineEntries) return []
  const batch = await readBatch(store, tree, from, sequence)
  return batch?.upTo === sequence ? batch.entries : []
}
