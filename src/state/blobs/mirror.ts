/**
 * Fetches all blobs of the trees for which somebody wants that, as entries come that name them. It goes through a tree
 * blob by blob, gives turns to other trees, keeps what it has after a cut, and tries each blob that it could not fetch
 * again with growing pauses.
 */
import { backoffMs } from '../../base/backoff.ts'
import { type Clock, cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Blob } from '../payload.ts'
import { AbsentBlobs } from './absent.ts'
import type { BlobFetch, BlobFetcher, Blobs } from './blobs.ts'

export interface MirrorParts {
  readonly blobs: Blobs
  readonly fetcher: BlobFetcher
  readonly clock: Clock
  /** Returns whether all blobs of a tree are wanted here. */
  readonly wants: (tree: TreeId) => boolean
  /** Called with errors for which peers are not to blame. */
  readonly onError: (error: unknown) => void
}

/** What is known of a tree whose blobs are wanted. */
interface Mirrored {
  /** Blobs that need nothing more, by id and size: they are here, or are named wrongly. */
  readonly done: Set<string>
  readonly absent: AbsentBlobs
  running: boolean
  /** Whether something came while it was running. */
  again: boolean
  failures: number
  cancelTimer: () => void
}

export class BlobMirror {
  private readonly parts: MirrorParts
  private readonly trees = new Map<TreeId, Mirrored>()
  private readonly closing = new AbortController()
  private readonly runs = new Set<Promise<void>>()

  constructor(parts: MirrorParts) {
    this.parts = parts
    const { blobs } = parts
    blobs.views.subscribe((tree) => this.wake(tree))
    blobs.chunks.onDrop((tree) => {
      this.trees.get(tree)?.done.clear()
      this.wake(tree)
    })
  }

  /** Begins to fetch what is missing of a tree, if its blobs are wanted. */
  wake(tree: TreeId): void {
    const { blobs, wants } = this.parts
    if (this.closing.signal.aborted) return
    const known = this.trees.get(tree)
    if (blobs.views.store.tree(tree) === undefined || !wants(tree)) {
      known?.cancelTimer()
      if (!known?.running) this.trees.delete(tree)
      return
    }
    const mirrored = known ?? {
      ...{ done: new Set<string>(), absent: new AbsentBlobs(this.parts.clock) },
      ...{ running: false, again: false, failures: 0, cancelTimer: () => {} },
    }
    this.trees.set(tree, mirrored)
    mirrored.again = true
    if (mirrored.running) return
    mirrored.cancelTimer()
    const run = this.run(tree, mirrored).finally(() => this.runs.delete(run))
    this.runs.add(run)
  }

  /** Ends what is under way. What was fetched stays. */
  async close(): Promise<void> {
    this.closing.abort(new CausewayError('CLOSED', 'The node is closing.'))
    for (const { cancelTimer } of this.trees.values()) cancelTimer()
    await Promise.allSettled(this.runs)
  }

  private async run(tree: TreeId, mirrored: Mirrored): Promise<void> {
    mirrored.running = true
    try {
      // Each turn goes through the tree once; ends when nothing came meanwhile.
      while (mirrored.again) {
        mirrored.again = false
        await this.fetchAll(tree, mirrored)
      }
      mirrored.failures = 0
      this.wakeAfter(mirrored.absent.remainingMs(), tree, mirrored)
    } catch (error) {
      if (this.closing.signal.aborted) return
      const { code } = CausewayError.from(error)
      if (!peersToBlame.has(code)) this.parts.onError(error)
      const waitMs = backoffMs(++mirrored.failures, this.parts.clock.random(), {
        baseMs: limits.mirrorRetryMs,
        capMs: limits.mirrorRetryMaxMs,
      })
      this.wakeAfter(Math.min(waitMs, mirrored.absent.remainingMs() ?? waitMs), tree, mirrored)
    } finally {
      mirrored.running = false
    }
  }

  private wakeAfter(waitMs: number | undefined, tree: TreeId, mirrored: Mirrored): void {
    if (waitMs !== undefined && !this.closing.signal.aborted)
      mirrored.cancelTimer = this.parts.clock.setTimer(waitMs, () => this.wake(tree))
  }

  /**
   * Fetches the missing blobs of a tree, but for those that wait since nobody had them. Throws the last other error, after
   * it has tried all.
   */
  private async fetchAll(tree: TreeId, { done, absent }: Mirrored): Promise<void> {
    const { blobs, fetcher } = this.parts
    const { signal } = this.closing
    await blobs.views.count(tree)
    using fetch = fetcher.open(tree)
    /** Authors for whose blobs there is no room now. */
    const full = new Set<PeerId>()
    let failure: unknown
    for await (const page of blobs.list(tree))
      for (const blob of page) {
        if (signal.aborted) throw cancelled(signal)
        const key = `${blob.id} ${blob.size}`
        if (blob.isVoid || done.has(key) || absent.isWaiting(key)) continue
        if (full.has(blob.author) || !this.parts.wants(tree)) continue
        try {
          await fetch.takeTurns(signal)
          await this.fetchBlob(tree, blob, fetch)
        } catch (error) {
          // Whoever names a blob with a wrong size never mends it. Failures of peers come as BLOB_NOT_HERE.
          const { code } = CausewayError.from(error)
          if (code === 'BLOB_NOT_HERE') {
            absent.add(key)
            continue
          }
          if (code !== 'PROTOCOL') {
            failure = error
            if (code === 'RESOURCE_EXHAUSTED') full.add(blob.author)
            continue
          }
        }
        if (done.size >= limits.mirrorKnown) done.clear()
        done.add(key)
        absent.delete(key)
      }
    if (failure !== undefined) throw failure
  }

  private async fetchBlob(tree: TreeId, blob: Blob, fetch: BlobFetch): Promise<void> {
    const { blobs } = this.parts
    const { signal } = this.closing
    const names = await blobs.names({ tree, blob }, fetch, signal)
    const missing = await blobs.missing(tree, names)
    for (let from = 0; from < missing.length; from += limits.mirrorChunksPerTurn) {
      await fetch.takeTurns(signal)
      const some = missing.slice(from, from + limits.mirrorChunksPerTurn)
      for await (const _ of fetch.chunks(blob, names, some, signal));
    }
  }
}

/** Codes of errors that end when a peer is back, or that an author has caused. */
const peersToBlame = new Set(['UNKNOWN_TREE', 'UNKNOWN_BLOB', 'PROTOCOL', 'RESOURCE_EXHAUSTED'])
