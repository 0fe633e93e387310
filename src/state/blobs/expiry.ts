/**
 * Drops chunks that no entry names a day after they were last put: what uploads that were given up have left. Once a chunk
 * is known to be named, its record says so, and it stays as long as its tree.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Blobs } from './blobs.ts'

export class ChunkExpiry {
  private readonly blobs: Blobs
  private readonly clock: Clock
  private readonly onError: (error: unknown) => void
  private cancelTimer = () => {}
  private running: Promise<void> = Promise.resolve()
  private closed = false

  constructor(blobs: Blobs, clock: Clock, onError: (error: unknown) => void) {
    this.blobs = blobs
    this.clock = clock
    this.onError = onError
  }

  /** Searches now and then from now on. */
  start(afterMs: number = limits.chunkSweepFirstMs): void {
    if (this.closed) return
    this.cancelTimer = this.clock.setTimer(afterMs, () => {
      this.running = this.sweep()
        .catch(this.onError)
        .finally(() => this.start(limits.chunkSweepMs))
    })
  }

  async close(): Promise<void> {
    this.closed = true
    this.cancelTimer()
    await this.running
  }

  /** Searches the chunks of all trees once. */
  async sweep(): Promise<void> {
    const { store } = this.blobs.views
    // Those of a tree that is damaged, and not in the store, stay: it may come back.
    for (const { tree } of store.trees())
      if (!this.closed && store.tree(tree) !== undefined) await this.sweepTree(tree)
  }

  private async sweepTree(tree: TreeId): Promise<void> {
    const { chunks, views } = this.blobs
    const beforeMs = this.clock.now() - limits.chunkUnnamedMs
    const old = new Set<string>()
    const young = new Set<string>()
    await chunks.adoptOld(tree, beforeMs)
    for await (const page of chunks.records(tree))
      for (const { name, putMs, kept } of page) if (!kept) (putMs < beforeMs ? old : young).add(name)
    // Each turn drops some, or looks again since entries came meanwhile, or since it has found names.
    for (let turn = 0; turn < limits.chunkSweepTurns && old.size + young.size > 0; turn++) {
      await views.count(tree)
      const counted = views.counted(tree)
      await this.keepNamed(tree, old, young)
      const dropped = await this.drop(tree, old, beforeMs, counted)
      for (const name of dropped ?? []) old.delete(name)
      if (dropped !== undefined && old.size === 0) break
    }
  }

  /** Marks the chunks that entries name, and takes them out of the sets. */
  private async keepNamed(tree: TreeId, ...sets: readonly Set<string>[]): Promise<void> {
    const { chunks } = this.blobs
    for await (const page of this.blobs.list(tree))
      for (const blob of page) {
        const list = await this.blobs.listHere(tree, blob).catch(() => undefined)
        const named = [blob.id, ...(list ?? [])].filter((name) => sets.some((set) => set.delete(name)))
        await chunks.keep(tree, named)
      }
  }

  /** Drops some chunks in the tree's turn. Returns them, or undefined if the tree has grown since its names were read. */
  private drop(
    tree: TreeId,
    old: ReadonlySet<string>,
    beforeMs: number,
    counted: number,
  ): Promise<readonly string[] | undefined> {
    const { chunks, views } = this.blobs
    return views.store.settled(tree, async () => {
      if (views.store.tree(tree)?.sequence !== counted || this.closed) return undefined
      const some = [...old].slice(0, limits.chunkDropsAtOnce)
      await chunks.drop(tree, some, beforeMs)
      return some
    })
  }
}
