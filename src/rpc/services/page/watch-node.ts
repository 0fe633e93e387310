/**
 * NodeService's WatchNode: the trees and links of the node and what they take, first all and then what has changed. It
 * looks once every `limits.watchNodeMs` instead of following each write: a busy tree costs one message a second, however
 * much is written to it, and a slow reader costs no memory.
 */
import type { ServiceImpl } from '@connectrpc/connect'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { type Clock, sleep } from '../../../base/clock.ts'
import { limits } from '../../../base/limits.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { idToBytes } from '../../../dag/id.ts'
import { type LinkStatus, linkKey } from '../../../peer/links.ts'
import type { DagStore, TreeInfo } from '../../../store/store.ts'
import { stoppingKey } from '../../caller.ts'
import { inPages } from '../link-service.ts'
import { describeTree } from '../list-trees.ts'

/** The parts of the node whose state is told. */
export interface WatchedParts {
  readonly store: DagStore
  readonly clock: Clock
  readonly quota: { readonly bounds: { nodeBytes: number; treeBytes: number; authorBytes: number } }
  readonly chunks: { readonly bytes: number }
  status(): LinkStatus[]
}

export function createNodeWatch(parts: WatchedParts): Pick<ServiceImpl<typeof NodeService>, 'watchNode'> {
  const { clock } = parts
  return {
    async *watchNode({ follow }, context) {
      const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
      const watch = new NodeWatch(parts)
      let sentAt = clock.monotonic()
      // Ends with the call. Each turn yields, or waits `limits.watchNodeMs`.
      while (!signal.aborted) {
        for await (const message of watch.changes()) {
          yield message
          sentAt = clock.monotonic()
          if (signal.aborted) return
        }
        if (!follow) return
        if (clock.monotonic() - sentAt >= limits.signOfLifeMs) {
          yield { complete: true, nowMs: BigInt(clock.now()) }
          sentAt = clock.monotonic()
        }
        await sleep(clock, limits.watchNodeMs, signal).catch(() => {})
      }
    },
  }
}

/** What one caller has been told. */
class NodeWatch {
  private readonly parts: WatchedParts
  private readonly trees = new Told<TreeInfo>(
    ({ tree }) => tree,
    ({ tree, count, bytes, height }) =>
      `${count} ${bytes} ${height} ${this.parts.store.damageOf(tree) ?? ''}`,
  )
  private readonly links = new Told<LinkStatus>(({ tree, peer }) => linkKey(tree, peer), JSON.stringify)
  private toldStorage = ''
  private isComplete = false

  constructor(parts: WatchedParts) {
    this.parts = parts
  }

  /** Yields what has changed since the last call, in messages of at most `limits.watchNodeTrees` trees. */
  async *changes() {
    const { store, clock } = this.parts
    const nowMs = BigInt(clock.now())
    const trees = this.trees.changes(store.trees())
    for (let start = 0; start < trees.changed.length; start += limits.watchNodeTrees) {
      const some = trees.changed.slice(start, start + limits.watchNodeTrees)
      const described = await Promise.all(some.map(({ tree }) => describeTree(store, tree)))
      yield { trees: described.filter((tree) => tree !== undefined), complete: this.isComplete, nowMs }
    }
    const links = this.links.changes(this.parts.status())
    for (const page of inPages(links.changed)) yield { ...page, complete: this.isComplete, nowMs }
    const storage = this.storage()
    const look = Object.values(storage).join()
    const isGone = trees.removed.length + links.removed.length > 0
    if (this.isComplete && !isGone && look === this.toldStorage) return
    this.toldStorage = look
    this.isComplete = true
    yield {
      removedTrees: trees.removed.map(({ tree }) => idToBytes(tree)),
      removedLinks: links.removed.map(({ tree, peer }) => ({
        tree: idToBytes(tree),
        peer: hexToBytes(peer),
      })),
      complete: true,
      storage,
      nowMs,
    }
  }

  private storage() {
    const { store, chunks, quota } = this.parts
    const { nodeBytes, treeBytes, authorBytes } = quota.bounds
    return {
      entryBytes: BigInt(store.bytes),
      chunkBytes: BigInt(chunks.bytes),
      maxBytes: BigInt(nodeBytes),
      maxTreeBytes: BigInt(treeBytes),
      maxAuthorBytes: BigInt(authorBytes),
    }
  }
}

/** What was told of each item of a list, to find what has changed. */
class Told<Item> {
  private readonly keyOf: (item: Item) => string
  private readonly lookOf: (item: Item) => string
  private told = new Map<string, { readonly item: Item; readonly look: string }>()

  /** `keyOf` names an item; `lookOf` differs if an item that was told must be told again. */
  constructor(keyOf: (item: Item) => string, lookOf: (item: Item) => string) {
    this.keyOf = keyOf
    this.lookOf = lookOf
  }

  /** Returns the items that are new or have changed since the last call, and those that are gone. */
  changes(items: readonly Item[]): { readonly changed: Item[]; readonly removed: Item[] } {
    const before = this.told
    this.told = new Map(items.map((item) => [this.keyOf(item), { item, look: this.lookOf(item) }]))
    const changed = items.filter((item) => {
      const key = this.keyOf(item)
      return before.get(key)?.look !== this.told.get(key)!.look
    })
    const removed = [...before].flatMap(([key, { item }]) => (this.told.has(key) ? [] : [item]))
    return { changed, removed }
  }
}
