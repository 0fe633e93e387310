/**
 * The serving side of Watch: tells each change of the trees that a peer follows, with the new entries where they are
 * few and small. It keeps one number a tree and reads the rest when the peer takes the next event, so that a slow peer
 * is told less often instead of costing memory.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeSummary } from '../../store/tree-state.ts'
import { sample } from '../sample.ts'

/** WatchTree of sync.proto. */
export interface WatchedTree {
  readonly tree: TreeId
  /** Of the last event seen; 0: none. Means something to the one server only. */
  readonly cursor: number
  /** What the watcher has; hex, '' for nothing. */
  readonly tipsDigest: string
}

/** A change: WatchResponse of sync.proto with a tree. */
export interface WatchEvent {
  readonly tree: TreeId
  readonly tipsDigest: string
  readonly count: number
  readonly cursor: number
  /** What came after the last event up to the cursor, parents first; empty where a session is faster. */
  readonly entries: readonly SignedEntry[]
  /** At most limits.watchTips, a random choice where there are more; none where more entries follow. */
  readonly tips: readonly EntryId[]
}

/** Undefined is a sign of life. */
export type WatchMessage = WatchEvent | undefined

export interface WatchParts {
  readonly store: TreeReader
  readonly clock: Clock
  /** Whether the watcher may be told of a tree, asked before each event. */
  mayRead(tree: TreeId): Promise<boolean>
  /** Told where the watcher has, as the watch begins, exactly what is here, up to this arrival. */
  onEqual?(tree: TreeId, sequence: number): Promise<void>
}

/**
 * Events until the signal fires; the first message is a sign of life, which tells the watcher that it is heard. A tree
 * that is not here, or that the watcher may not read, is followed all the same and told when it comes or when it may.
 */
export async function* serveWatch(
  { store, clock, mayRead, onEqual }: WatchParts,
  trees: readonly WatchedTree[],
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  if (trees.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'A watch names the trees that it follows, at least one.')
  if (trees.length > limits.watchTrees)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `One watch follows at most ${limits.watchTrees} trees, got ${trees.length}.`,
      { data: { max: limits.watchTrees } },
    )
  const watches = new Map(trees.map((watched) => [watched.tree, new TreeWatch(watched)]))
  const changed = new Set(watches.keys())
  let wake = () => {}
  const unsubscribe = store.subscribe((tree) => {
    if (!watches.has(tree)) return
    changed.add(tree)
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  try {
    yield undefined
    while (!signal.aborted) {
      const [tree] = changed
      if (tree !== undefined) {
        changed.delete(tree)
        const watch = watches.get(tree)!
        if (!(await mayRead(tree))) continue
        const event = await watch.next(store, clock.random)
        // Behind the others, so that a busy tree does not keep them waiting.
        if (watch.behind) changed.add(tree)
        if (watch.equalAt !== undefined) await onEqual?.(tree, watch.equalAt)
        if (event !== undefined) yield event
        continue
      }
      const silent = await new Promise<boolean>((resolve) => {
        const cancelTimer = clock.setTimer(limits.watchHeartbeatMs, () => resolve(true))
        wake = () => {
          cancelTimer()
          resolve(false)
        }
      })
      if (silent) yield undefined
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onAbort)
  }
}

/** What one watcher was told of one tree. */
class TreeWatch {
  private readonly tree: TreeId
  private readonly cursor: number
  /** The watcher's own digest, until the first event. */
  private theirs: string | undefined
  private sequence: number | undefined
  /** Whether the last event left something to tell. */
  behind = false
  /** Our latest arrival, where the watcher was just found to have the same. */
  equalAt: number | undefined

  constructor({ tree, cursor, tipsDigest }: WatchedTree) {
    this.tree = tree
    this.cursor = cursor
    this.theirs = tipsDigest
  }

  /** The event that brings the watcher up to now, or nearer; undefined where it is. */
  async next(store: TreeReader, random: () => number): Promise<WatchEvent | undefined> {
    const { tree } = this
    const summary = await store.summary(tree)
    if (summary.count === 0) {
      // That the tree has come is news, also to who has all of it.
      this.theirs = undefined
      return undefined
    }
    const { tips, tipsDigest, count, sequence } = summary
    const first = this.sequence === undefined
    // A cursor from before this store was restored from a copy may lie ahead of it.
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
    return {
      tree,
      tipsDigest,
      count,
      cursor,
      entries: batch?.entries ?? [],
      // None where more follows: what the watcher does not know yet is on its way.
      tips: this.behind ? [] : sample(tips, limits.watchTips, random),
    }
  }
}

/** The next arrivals after `from`, as many as fit into an event; undefined where that is for a session. */
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

/** The arrivals after `from` up to those of `summary`; none where they are more than one call carries. */
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
