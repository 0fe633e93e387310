/**
 * The serving side of Watch: reports each change of the trees that a peer follows, with the new entries if they are few
 * and small. It keeps one number for each tree and reads the rest when the peer takes the next event. So a slow peer
 * gets fewer events, and costs no memory.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import { isDamageOf } from '../../store/damage/damaged-tree.ts'
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
}

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
}

/** A message of a watch; undefined is a sign of life. */
export type WatchMessage = WatchEvent | undefined

/** What serving a watch needs. */
export interface WatchParts {
  readonly store: TreeReader
  readonly clock: Clock
  /** Returns whether the watcher may read a tree. Called before each event. */
  mayRead(tree: TreeId): Promise<boolean>
  /** Called if the watcher has, when its watch begins, exactly what we have, up to our arrival `sequence`. */
  onEqual?(tree: TreeId, sequence: number): Promise<void>
  /** Does the work for an event, in the watcher's turn and at its cost. Default: at once. */
  work?<Result>(piece: () => Promise<Result>): Promise<Result>
}

/**
 * Yields the events of a watch until the signal fires. The first message is a sign of life, which shows the watcher
 * that its watch has begun. A tree that is not here, or that the watcher may not read, is followed too: its first event
 * comes when the tree is here and may be read. Until then its changes move nothing that the watcher can observe: the
 * next sign of life is due a fixed time after the last message, whatever happens in between.
 */
export async function* serveWatch(
  { store, clock, mayRead, onEqual, work = (piece) => piece() }: WatchParts,
  trees: readonly WatchedTree[],
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  if (trees.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'A watch must name at least one tree, got none.')
  if (trees.length > limits.watchTrees)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `One watch follows at most ${limits.watchTrees} trees, got ${trees.length}.`,
      { data: { max: limits.watchTrees } },
    )
  const watches = new Map(trees.map((watched) => [watched.tree, new TreeWatch(watched)]))
  const changes = new ReadableChanges(watches.keys(), mayRead)
  const unsubscribe = store.subscribe((tree) => {
    if (watches.has(tree)) changes.add(tree)
  })
  const onAbort = () => changes.end()
  signal.addEventListener('abort', onAbort)
  const nextHeartbeat = () => clock.monotonic() + limits.watchHeartbeatMs
  try {
    yield undefined
    let heartbeatAt = nextHeartbeat()
    // Ends with the call. Each turn waits for a change or the time of a sign of life.
    while (!signal.aborted) {
      const tree = await changes.take(clock, heartbeatAt)
      if (signal.aborted) return
      if (tree === undefined || clock.monotonic() >= heartbeatAt) {
        yield undefined
        heartbeatAt = nextHeartbeat()
      }
      // Asked again, since it may be long ago that the change was found.
      if (tree === undefined || !(await unlessDamaged(tree, mayRead(tree)))) continue
      const watch = watches.get(tree)!
      const event = await unlessDamaged(
        tree,
        work(() => watch.next(store, clock.random)),
      )
      // It goes behind the others, so that a busy tree does not keep them waiting.
      if (watch.behind) changes.add(tree)
      if (watch.equalAt !== undefined) await onEqual?.(tree, watch.equalAt)
      if (event === undefined) continue
      yield event
      heartbeatAt = nextHeartbeat()
    }
  } finally {
    changes.end()
    unsubscribe()
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * The trees of a watch that have changed, one at a time, without those that the watcher may not read. It asks for the
 * watcher's rights on its own, so that no such question delays a sign of life.
 */
class ReadableChanges {
  private readonly mayRead: WatchParts['mayRead']
  private readonly changed: Set<TreeId>
  private found: TreeId | undefined
  private failure: { readonly error: unknown } | undefined
  private ended = false
  private wakeSearch = () => {}
  private wakeTaker = () => {}

  constructor(trees: Iterable<TreeId>, mayRead: WatchParts['mayRead']) {
    this.changed = new Set(trees)
    this.mayRead = mayRead
    void this.search()
  }

  add(tree: TreeId): void {
    this.changed.add(tree)
    this.wakeSearch()
  }

  /** Returns the next tree, or undefined if there is none at `untilMs` of monotonic time, or the watch has ended. */
  async take(clock: Clock, untilMs: number): Promise<TreeId | undefined> {
    if (this.found === undefined && this.failure === undefined && !this.ended)
      await new Promise<void>((resolve) => {
        const cancelTimer = clock.setTimer(untilMs - clock.monotonic(), resolve)
        this.wakeTaker = () => {
          cancelTimer()
          resolve()
        }
      })
    if (this.failure !== undefined) throw this.failure.error
    const { found } = this
    this.found = undefined
    this.wakeSearch()
    return found
  }

  end(): void {
    this.ended = true
    this.wakeSearch()
    this.wakeTaker()
  }

  private async search(): Promise<void> {
    try {
      // Ends with the watch. Each turn waits, or looks at one tree that has changed.
      while (!this.ended) {
        const [tree] = this.changed
        if (this.found !== undefined || tree === undefined) {
          await new Promise<void>((resolve) => {
            this.wakeSearch = resolve
          })
          continue
        }
        this.changed.delete(tree)
        if (!(await unlessDamaged(tree, this.mayRead(tree)))) continue
        this.found = tree
        this.wakeTaker()
      }
    } catch (error) {
      this.failure = { error }
      this.wakeTaker()
    }
  }
}

/** Resolves to undefined if the tree is set aside: there is no news of it, and the watch of other trees goes on. */
async function unlessDamaged<Result>(tree: TreeId, result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result
  } catch (error) {
    if (isDamageOf(tree, error)) return undefined
    throw error
  }
}

/** How far one watch has come in one tree. */
class TreeWatch {
  private readonly tree: TreeId
  /** The watcher's cursor when the watch began. */
  private readonly cursor: number
  /** The watcher's own digest; undefined after the first look at the tree. */
  private theirs: string | undefined
  /** The arrival up to which the watcher was served; undefined before the first look at the tree. */
  private sequence: number | undefined
  /** Whether entries are left after the last event. */
  behind = false
  /** Our latest arrival, if the watcher was just found to have the same as we. */
  equalAt: number | undefined

  constructor({ tree, cursor, tipsDigest }: WatchedTree) {
    this.tree = tree
    this.cursor = cursor
    this.theirs = tipsDigest
  }

  /** Returns an event that brings the watcher up to date, or nearer to it; undefined if it is up to date. */
  async next(store: TreeReader, random: () => number): Promise<WatchEvent | undefined> {
    const { tree } = this
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
    return {
      tree,
      tipsDigest,
      count,
      cursor,
      entries: batch?.entries ?? [],
      // None if more entries follow: tips that the watcher does not know are on their way.
      tips: this.behind ? [] : sample(tips, limits.watchTips, random),
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
