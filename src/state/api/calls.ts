/**
 * The calls on the state of trees, whoever carries them out: the node itself, or a remote one by StoreService. `Store`
 * (stores.ts) is what programs use on top.
 */
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { BlobRange } from '../blobs/format.ts'
import type { StoreKey } from '../effects.ts'
import type { Blob } from '../payload.ts'
import type { SharedText } from '../text/shared-text.ts'
import type {
  Item,
  ListOptions,
  Page,
  PastVersion,
  ReadOptions,
  WatchMessage,
  WatchOptions,
} from './items.ts'
import type { StateWrite } from './write.ts'

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
  /** Writes one entry, unless the signal fires before that. Returns its id, by which reads anywhere wait for it. */
  write(tree: TreeId, write: StateWrite, signal?: AbortSignal): Promise<readonly EntryId[]>
  watch(tree: TreeId, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchMessage>
  /** Stores a chunk of a blob, or its list. Returns its name. */
  putChunk(tree: TreeId, data: Uint8Array): Promise<string>
  /** Yields a range of a blob, verified. */
  readBlob(tree: TreeId, blob: Blob, range: BlobRange, signal: AbortSignal): AsyncIterable<Uint8Array>
  openText(tree: TreeId, key: StoreKey): Promise<SharedText>
  /** Returns undefined if the key has no text. */
  readText(tree: TreeId, key: StoreKey, read?: ReadOptions): Promise<string | undefined>
}
