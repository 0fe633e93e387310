/** One store of a tree as programs use it: keys with typed values, on this node or on a remote one. */

import { throwIfCancelled, unlessAborted } from '../../base/clock.ts'
import type { Change } from '../../dag/body.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { BlobRange } from '../blobs/format.ts'
import type { PastAction } from '../effects.ts'
import { type Blob, checkKey } from '../payload.ts'
import type { SharedText } from '../text/shared-text.ts'
import type { StoreCalls } from './calls.ts'
import type { Item, Page, ReadOptions, Version, VersionStanding } from './items.ts'
import { resuming } from './resuming.ts'
import { type ByteSource, download, type UploadOptions, upload } from './streams.ts'
import { decodeValue, encodeValue, type Value } from './values.ts'
import type { Expectation, KeyAction, KeyWrite, StateWrite } from './write.ts'

/** What an entry put under a key. */
export interface StoreVersion {
  /** The entry's id. */
  readonly version: EntryId
  /** Text for text types, what JSON says for application/json, otherwise bytes. Of a blob: no bytes. */
  readonly value: Value
  /** In place of a value: `Store.getStream` has its bytes. */
  readonly blob: Blob | undefined
  readonly type: string
  /** The number that the value is, with all that was added to it; undefined if it is none. */
  readonly sum: bigint | undefined
  readonly author: PeerId
  /** The author's clock. It is only a claim. */
  readonly createdAtMs: number
}

/** A key with its value. Pass it as `expect` or `replaces` to say what you have seen. */
export interface StoreItem extends StoreVersion {
  readonly key: string
  /** Other versions that stand beside the value, greatest first. Lists leave them out. */
  readonly conflicts: readonly StoreVersion[]
  /** How many there are. */
  readonly conflictCount: number
}

/** A key that is absent. */
export interface AbsentItem {
  readonly key: string
  readonly version: undefined
}

/** The ids of the entries of a write: a read with them in `at` sees it, on every node. */
export type At = readonly EntryId[]

export interface WriteOptions {
  /** Write only if the key is exactly as this item says, or absent (null); otherwise throw CONFLICT. */
  readonly expect?: StoreItem | null | undefined
  /** The item that you have seen: what came since stays beside your write as a conflict. Default: what the node shows. */
  readonly replaces?: StoreItem | undefined
  /** Whether to resolve only once the entry is flushed to the disk. */
  readonly durable?: boolean | undefined
  /**
   * Cancels a write that waits, with CANCELLED: nothing is written then. An entry that is being written, or was sent to a
   * remote node, is not taken back: the signal is ignored.
   */
  readonly signal?: AbortSignal | undefined
}

export interface PutOptions extends WriteOptions {
  /** The media type. Default: by the value. */
  readonly type?: string | undefined
}

export interface PutStreamOptions extends PutOptions, UploadOptions {}

/** Which bytes of a value to read. */
export interface GetStreamOptions extends BlobRange, ReadOptions {}

/** The bytes of a value. */
export interface StoreStream {
  readonly item: StoreItem
  /** Of the whole value. */
  readonly size: number
  /** The bytes, or the range of them. Read it once; a blob is verified chunk by chunk, and fetched from peers if need be. */
  readonly stream: AsyncGenerator<Uint8Array>
}

/** Some keys as they are now. */
export interface StoreChange {
  readonly items: readonly (StoreItem | AbsentItem)[]
  /** Whether all keys were sent: what follows are changes. */
  readonly synced: boolean
}

/** What an entry did to a key. */
export interface StorePast extends StoreVersion {
  /** What the entry did. */
  readonly action: PastAction
  /** `change`: the entry put nothing. */
  readonly standing: VersionStanding
  readonly replaces: readonly EntryId[]
  readonly added: bigint | undefined
}

/** Collects the changes of one entry. */
export class Batch {
  readonly writes: KeyWrite[] = []
  readonly other: Change[] = []
  readonly expected: Expectation[] = []

  put(store: string, key: string, value: Value, options: PutOptions = {}): this {
    const { value: bytes, type } = encodeValue(value)
    return this.record(store, key, { put: { value: bytes, type: options.type ?? type } }, options)
  }

  delete(store: string, key: string, options: WriteOptions = {}): this {
    return this.record(store, key, { delete: true }, options)
  }

  /** Adds a whole number to the number under a key. */
  add(store: string, key: string, delta: number | bigint, options: WriteOptions = {}): this {
    return this.record(store, key, { add: Number(delta) }, options)
  }

  /** Adds a change of a kind that has no meaning for Causeway. */
  change(change: Change): this {
    this.other.push(change)
    return this
  }

  /** Expects a key to be as an item says, or absent (null), without changing it. */
  expect(store: string, key: string, item: StoreItem | null): this {
    this.expected.push({ store, key, heads: versionsOf(item) })
    return this
  }

  /** Internal: records a change as the library has it. */
  record(store: string, key: string, action: KeyAction, { expect, replaces }: WriteOptions): this {
    if (expect !== undefined) this.expect(store, key, expect)
    this.writes.push({ store, key, action, ...(replaces && { replaces: versionsOf(replaces) }) })
    return this
  }
}

/** The stores of all trees, on this node or on a remote one. */
export class Stores {
  private readonly calls: StoreCalls

  constructor(calls: StoreCalls) {
    this.calls = calls
  }

  /** Returns a store of a tree. It need not exist: it does when it has a key. */
  open(tree: TreeId, name: string): Store {
    return new Store(this.calls, tree, name)
  }

  /**
   * Writes one entry that changes several keys, of any stores of a tree, at once. Returns the id of the entry. Throws
   * as `Store.put` does.
   */
  write(
    tree: TreeId,
    build: (batch: Batch) => void,
    options: Pick<WriteOptions, 'durable' | 'signal'> = {},
  ): Promise<At> {
    return this.calls.write(tree, collect(build, options.durable), options.signal)
  }

  /**
   * Opens the text under a key for editing: `doc` is a document of Yjs that follows the tree, and whose edits become
   * entries. Close it when it is no longer needed. Throws UNIMPLEMENTED without the package yjs, UNKNOWN_TREE,
   * VIEW_BUILDING, and CANCELLED if the signal fires before it is open; from then on the signal is ignored.
   */
  async text(
    tree: TreeId,
    store: string,
    key: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SharedText> {
    throwIfCancelled(signal)
    const opening = this.calls.openText(tree, { store, key })
    if (signal === undefined) return opening
    return unlessAborted(opening, signal).catch((error) => {
      opening.then(
        (text) => text.close(),
        () => {},
      )
      throw error
    })
  }

  /** Returns the text under a key, or undefined if there is none. Throws as `text` and `Store.get` do. */
  readText(tree: TreeId, store: string, key: string, read?: ReadOptions): Promise<string | undefined> {
    return this.calls.readText(tree, { store, key }, read)
  }

  /** Yields the names of the stores of a tree that have keys. */
  async *names(tree: TreeId, read?: ReadOptions): AsyncGenerator<string> {
    let after: string | undefined = ''
    // Ends with the last page.
    do {
      const page: Page<string> = await this.calls.stores(tree, after, read)
      yield* page.rows
      after = page.next
    } while (after !== undefined)
  }
}

/** Returns what a function collected, as one entry to write. */
function collect(build: (batch: Batch) => void, durable = false): StateWrite {
  const batch = new Batch()
  build(batch)
  return { writes: batch.writes, other: batch.other, expect: batch.expected, durable }
}

export class Store {
  readonly tree: TreeId
  readonly name: string
  private readonly calls: StoreCalls

  constructor(calls: StoreCalls, tree: TreeId, name: string) {
    this.calls = calls
    this.tree = tree
    this.name = name
  }

  /**
   * Returns a key with its conflicts, or undefined if it is absent. Throws UNKNOWN_TREE, VIEW_BUILDING while the state of
   * the tree is being computed, and NOT_HERE_YET if an entry of `at` does not come in time.
   */
  async get(key: string, read?: ReadOptions): Promise<StoreItem | undefined> {
    const [item] = await this.calls.get(this.tree, [{ store: this.name, key }], read)
    return item && present(item)
  }

  /**
   * Puts a value. Returns the id of the entry. Throws CONFLICT if the key is not as `expect` says, FORBIDDEN if the key of
   * the writer may not write, UNKNOWN_TREE, INVALID_ARGUMENT, LIMIT_EXCEEDED, ENTRY_TOO_LARGE, RESOURCE_EXHAUSTED and CANCELLED.
   */
  put(key: string, value: Value, options: PutOptions = {}): Promise<At> {
    return this.write((batch) => batch.put(this.name, key, value, options), options)
  }

  /**
   * Puts what a stream yields, up to 2 GiB: as a value if it has at most 64 KiB, otherwise as a blob. Throws as `put` does,
   * and STORE_FULL.
   */
  async putStream(key: string, source: ByteSource, options: PutStreamOptions = {}): Promise<At> {
    checkKey(key)
    const put = { ...(await upload(this.calls, this.tree, source, options)), type: options.type ?? '' }
    return this.write((batch) => batch.record(this.name, key, { put }, options), options)
  }

  /**
   * Returns the value of a key as a stream, or undefined if it is absent. Throws as `get` does; the stream throws
   * BLOB_NOT_HERE if the node lacks chunks and no peer has them now, and INVALID_ARGUMENT for a range past the end.
   */
  async getStream(key: string, options: GetStreamOptions = {}): Promise<StoreStream | undefined> {
    const { offset, length, ...read } = options
    const [found] = await this.calls.get(this.tree, [{ store: this.name, key }], read)
    const item = found && present(found)
    if (item === undefined) return undefined
    const { value, blob } = found!.version!
    const signal = read.signal ?? new AbortController().signal
    const stream = download(this.calls, this.tree, { value, blob }, { offset, length }, signal)
    return { item, size: blob?.size ?? value.length, stream }
  }

  /** Deletes the versions of a key that the node shows, or that `replaces` has. */
  delete(key: string, options: WriteOptions = {}): Promise<At> {
    return this.write((batch) => batch.delete(this.name, key, options), options)
  }

  /** Adds a whole number to the number under a key. Concurrent adds all count. */
  add(key: string, delta: number | bigint, options: WriteOptions = {}): Promise<At> {
    return this.write((batch) => batch.add(this.name, key, delta, options), options)
  }

  private write(build: (batch: Batch) => void, { durable, signal }: WriteOptions): Promise<At> {
    return this.calls.write(this.tree, collect(build, durable), signal)
  }

  /** Yields the keys that begin with `prefix`, in ascending order of their bytes, without their conflicts. */
  async *list({
    prefix,
    ...read
  }: { readonly prefix?: string } & ReadOptions = {}): AsyncGenerator<StoreItem> {
    yield* this.pages({ prefix }, read)
  }

  /** Yields the keys that have conflicts, with them. */
  async *conflicts({
    prefix,
    ...read
  }: { readonly prefix?: string } & ReadOptions = {}): AsyncGenerator<StoreItem> {
    yield* this.pages({ prefix, conflictsOnly: true }, read)
  }

  private async *pages(
    options: { readonly prefix: string | undefined; readonly conflictsOnly?: boolean },
    read: ReadOptions,
  ): AsyncGenerator<StoreItem> {
    let after: string | undefined
    // Ends with the last page.
    do {
      const { rows, next } = await this.calls.list(this.tree, { ...options, store: this.name, after }, read)
      for (const item of rows) {
        const shown = present(item)
        if (shown !== undefined) yield shown
      }
      after = next
    } while (after !== undefined)
  }

  /** Yields what entries did to a key, newest first. */
  async *history(key: string, read?: ReadOptions): AsyncGenerator<StorePast> {
    let after: Parameters<StoreCalls['history']>[2]
    // Ends with the last page.
    do {
      const page = await this.calls.history(this.tree, { store: this.name, key }, after, read)
      for (const { version, ...past } of page.rows) yield { ...versionOf(version), ...past }
      after = page.next
    } while (after !== undefined)
  }

  /**
   * Yields all keys that begin with `prefix`, then each change, until the signal fires; with `changesOnly` the changes
   * alone. A connection that is lost is made again, and the watch goes on where it was.
   */
  async *watch({
    prefix,
    changesOnly,
    signal,
  }: {
    readonly prefix?: string
    readonly changesOnly?: boolean
    readonly signal: AbortSignal
  }): AsyncGenerator<StoreChange> {
    let after = 0
    let told = new Set<string>()
    // Keys that were told before all were, over a connection that is lost: they may be gone when all are told again.
    const doubtful = new Set<string>()
    const follow = () => {
      told = new Set()
      return this.calls.watch(this.tree, { store: this.name, prefix, after, changesOnly }, signal)
    }
    for await (const { items, sequence, synced } of resuming(follow, signal)) {
      const resumed = after > 0 && items.length === 0
      if (synced) after = sequence
      const shown: StoreChange['items'][number][] = items.map((item) => present(item) ?? absent(item.key))
      for (const { key } of items) told.add(key)
      if (synced) {
        for (const key of doubtful) if (!told.has(key)) shown.push(absent(key))
        for (const keys of [told, doubtful]) keys.clear()
      } else for (const { key } of items) doubtful.add(key)
      if (shown.length > 0 || (synced && !resumed)) yield { items: shown, synced }
    }
  }
}

function versionsOf(item: StoreItem | null): EntryId[] {
  return item === null ? [] : [item.version, ...item.conflicts.map(({ version }) => version)]
}

function versionOf({ id, author, createdAtMs, sum, value: bytes, type, blob }: Version): StoreVersion {
  const value = blob === undefined ? decodeValue({ value: bytes, type }) : bytes
  return { version: id, value, blob, type, sum, author, createdAtMs }
}

const absent = (key: string): AbsentItem => ({ key, version: undefined })

function present({ key, version, conflicts, conflictCount }: Item): StoreItem | undefined {
  if (version === undefined) return undefined
  return { key, ...versionOf(version), conflicts: conflicts.map(versionOf), conflictCount }
}
