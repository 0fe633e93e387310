/**
 * The calls on the state of trees, whoever carries them out: the node itself, or a remote one by StoreService. `Store`
 * (store-handle.ts) is what programs use on top.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { StoreKey } from '../effects.ts'
import {
  type Item,
  type ListOptions,
  type Page,
  type PastVersion,
  type ReadOptions,
  StateReader,
} from '../reads.ts'
import type { SharedText } from '../text/shared-text.ts'
import type { Texts } from '../text/texts.ts'
import type { Views } from '../view.ts'
import { type WatchMessage, type WatchOptions, watchStore } from '../watch.ts'
import type { StateWrite, StateWriter } from '../writer.ts'

export interface StoreCalls {
  /** Returns the first of these keys: all, unless their values exceed limits.listedBytes. */
  get(tree: TreeId, keys: readonly StoreKey[], read?: ReadOptions): Promise<readonly Item[]>
  list(tree: TreeId, options: ListOptions, read?: ReadOptions): Promise<Page<Item>>
  stores(tree: TreeId, after: string, read?: ReadOptions): Promise<Page<string>>
  history(
    tree: TreeId,
    key: StoreKey,
    after: Position | undefined,
    read?: ReadOptions,
  ): Promise<{ readonly rows: readonly PastVersion[]; readonly next: Position | undefined }>
  /** Writes one entry. Returns its id, by which reads anywhere wait for it. */
  write(tree: TreeId, write: StateWrite): Promise<readonly EntryId[]>
  watch(tree: TreeId, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchMessage>
  openText(tree: TreeId, key: StoreKey): Promise<SharedText>
  /** Returns undefined if the key has no text. */
  readText(tree: TreeId, key: StoreKey, read?: ReadOptions): Promise<string | undefined>
}

/** Returns the calls on this node's own state. */
export function localCalls(parts: {
  readonly views: Views
  readonly writer: StateWriter
  readonly clock: Clock
  readonly texts: Texts
}): StoreCalls {
  const { views, writer, clock, texts } = parts
  const reader = new StateReader(views)
  return {
    async get(tree, keys, read) {
      await reader.ready(tree, read)
      return texts.show(tree, await reader.get(tree, keys))
    },
    async list(tree, options, read) {
      await reader.ready(tree, read)
      return reader.list(tree, options)
    },
    async stores(tree, after, read) {
      await reader.ready(tree, read)
      return reader.stores(tree, after, 1_000)
    },
    async history(tree, key, after, read) {
      await reader.ready(tree, read)
      return reader.history(tree, key, after, limits.stateHistoryRows)
    },
    openText: (tree, key) => texts.open(tree, key),
    readText: (tree, key, read) => texts.read(tree, key, read),
    write: async (tree, write) => [(await writer.write(tree, write)).id],
    watch: (tree, options, signal) =>
      watchStore({ views, reader, clock, mayRead: async () => true }, tree, options, signal),
  }
}
