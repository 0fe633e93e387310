/**
 * The serving side of Watch: reports each change of the trees that a peer follows, with the new entries if they are few
 * and small. It keeps one number for each tree and reads the rest when the peer takes the next event. So a slow peer
 * gets fewer events, and costs no memory.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import { isDamageOf } from '../../store/damage/damaged-tree.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import { type AddressNews, News, type NewsParts } from './news.ts'
import { TreeWatch, type WatchEvent, type WatchedTree, type WatchNeighbours } from './tree-watch.ts'

/** A message of a watch; undefined is a sign of life. */
export type WatchMessage = WatchEvent | AddressNews | undefined

/** What serving a watch needs. */
export interface WatchParts extends NewsParts {
  readonly store: TreeReader
  /** Returns whether the watcher may read a tree. Called before each event. */
  mayRead(tree: TreeId): Promise<boolean>
  /** Called if the watcher has, when its watch begins, exactly what we have, up to our arrival `sequence`. */
  onEqual?(tree: TreeId, sequence: number): Promise<void>
  /** Reports whether the watcher, which may not read a tree, has to bring it. */
  wants?(tree: TreeId): boolean
  /** Calls `listener` when that may have changed, until the returned function is called. */
  onWanted?(listener: (tree: TreeId) => void): () => void
  /** Who is a neighbour, for a watcher that asks to be one. Default: everybody is. */
  readonly neighbours?: WatchNeighbours
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
  parts: WatchParts,
  trees: readonly WatchedTree[],
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  const { clock, mayRead, onEqual, work = (piece) => piece() } = parts
  checkTrees(trees)
  const watches = new Map(trees.map((watched) => [watched.tree, new TreeWatch(watched)]))
  const wishes = new Wishes(parts)
  const changes = new ReadableChanges(watches.keys(), async (tree) => wishes.isNew(tree) || mayRead(tree))
  const news = new News(parts)
  const unsubscribe = follow(parts, watches, { wishes, changes, news })
  const onAbort = () => changes.end()
  signal.addEventListener('abort', onAbort)
  const nextHeartbeat = () => clock.monotonic() + limits.watchHeartbeatMs
  try {
    yield undefined
    let heartbeatAt = nextHeartbeat()
    // Ends with the call. Each turn waits for a change, or the time of news or of a sign of life.
    while (!signal.aborted) {
      const tree = await changes.take(clock, () => Math.min(heartbeatAt, news.dueAt))
      if (signal.aborted) return
      const addressNews = await news.take()
      if (addressNews !== undefined) {
        yield addressNews
        heartbeatAt = nextHeartbeat()
      }
      if (clock.monotonic() >= heartbeatAt) {
        yield undefined
        heartbeatAt = nextHeartbeat()
      }
      // Asked again, since it may be long ago that the change was found.
      if (tree === undefined) continue
      if (!(await unlessDamaged(tree, mayRead(tree)))) {
        if (!wishes.take(tree)) continue
        yield { tree, tipsDigest: '', count: 0, cursor: 0, entries: [], tips: [] }
        heartbeatAt = nextHeartbeat()
        continue
      }
      const watch = watches.get(tree)
      if (watch === undefined) continue
      if (!(await watch.isHeld(parts.neighbours))) {
        watches.delete(tree)
        yield { tree, tipsDigest: '', count: 0, cursor: 0, entries: [], tips: [], refused: true }
        heartbeatAt = nextHeartbeat()
        continue
      }
      const event = await unlessDamaged(
        tree,
        work(() => watch.next(parts)),
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

function checkTrees(trees: readonly WatchedTree[]): void {
  if (trees.length === 0)
    throw new CausewayError('INVALID_ARGUMENT', 'A watch must name at least one tree, got none.')
  if (trees.length > limits.watchTrees)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `One watch follows at most ${limits.watchTrees} trees, got ${trees.length}.`,
      { data: { max: limits.watchTrees } },
    )
}

/** Lets each change that concerns the watcher show in `changes`, until the returned function is called. */
function follow(
  { store, onWanted, onNews, neighbours }: WatchParts,
  watches: ReadonlyMap<TreeId, TreeWatch>,
  {
    wishes,
    changes,
    news,
  }: { readonly wishes: Wishes; readonly changes: ReadableChanges; readonly news: News },
): () => void {
  const ends = [
    store.subscribe((tree) => {
      if (watches.has(tree)) changes.add(tree)
    }),
    onWanted?.((tree) => {
      if (watches.has(tree) && wishes.isNew(tree)) changes.add(tree)
    }),
    onNews?.((tree) => {
      if (!watches.has(tree)) return
      news.add(tree)
      changes.wake()
    }),
    neighbours?.onDrop((tree) => {
      if (watches.get(tree)?.asks !== undefined) changes.add(tree)
    }),
  ]
  return () => {
    for (const end of ends) end?.()
  }
}

/** The trees that the watcher has to bring. It is told of each once, until the wish has ended and come again. */
class Wishes {
  private readonly wants: (tree: TreeId) => boolean
  private readonly told = new Set<TreeId>()

  constructor({ wants = () => false }: WatchParts) {
    this.wants = wants
  }

  isNew(tree: TreeId): boolean {
    if (!this.wants(tree)) this.told.delete(tree)
    return this.wants(tree) && !this.told.has(tree)
  }

  /** Returns whether the watcher has to be told of the tree, and counts it as told. */
  take(tree: TreeId): boolean {
    const isNew = this.isNew(tree)
    if (isNew) this.told.add(tree)
    return isNew
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

  /**
   * Returns the next tree, or undefined if there is none at `until()` in monotonic time, after `wake`, or if the watch has
   * ended.
   */
  async take(clock: Clock, until: () => number): Promise<TreeId | undefined> {
    if (this.found === undefined && this.failure === undefined && !this.ended)
      await new Promise<void>((resolve) => {
        const cancelTimer = clock.setTimer(Math.max(0, until() - clock.monotonic()), resolve)
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

  /** Ends a wait for the next tree. */
  wake(): void {
    this.wakeTaker()
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
