/**
 * The keys of a store as far as the reader has come: a page more whenever the end of the list is near, and all of them
 * kept up to date by one watch. The watch begins before the first page is read, so no change falls between them. After
 * the node was away, the keys are listed anew; what was here before stays until then, and counts as old.
 */
import type { Item, WatchStoreResponse } from '../../../../gen/causeway/v1/store_pb.ts'
import { codeOf, sentenceOf, storeCalls } from '../../api/clients.ts'
import { Part } from '../../api/connection.ts'
import { keepOpen } from '../../api/keep-open.ts'
import { cell } from '../../parts/cell.ts'
import { texts } from '../../texts.ts'
import { compareKeys } from './order.ts'
import { isCount, preview } from './values.ts'

const words = texts.stores

/** A key in the list. Its whole value is fetched when it is opened. */
export interface Row {
  readonly key: string
  readonly type: string
  readonly preview: string
  readonly conflicts: number
  readonly ms: number
}

export interface Keys {
  /** In the order of their bytes, from the first one on. */
  readonly rows: readonly Row[]
  /** Whether these are all keys. */
  readonly isWhole: boolean
  /** Whether the first page is here. */
  readonly isHere: boolean
  /** What went wrong with the last page; '' if nothing. */
  readonly error: string
}

const pageKeys = 200
/** Keys that a list holds: nobody scrolls further, and all keys of a large store would fill the memory. */
export const mostKeys = 50_000
/** Keys that are listed anew at once after the node was away: more are read as the reader comes to them. */
const mostRenewed = 1_000
const nothing: Keys = { rows: [], isWhole: false, isHere: false, error: '' }
/** How soon a page is asked for again while the node counts. */
const againMs = 1_000

export interface KeysOf {
  readonly tree: Uint8Array
  readonly store: string
  /** What the listed keys begin with. */
  readonly prefix: string
  /** What the watched keys begin with: the listed ones, and one beside them. */
  readonly watched: string
}

export class KeysData {
  readonly keys = cell<Keys>(nothing)
  private readonly of: KeysOf
  private readonly over = new AbortController()
  private readonly followers = new Map<string, Set<() => void>>()
  private readonly part: Part
  private stop: () => void
  private pageToken = ''
  /** Whether the watch has begun. */
  private hasBegun = false
  /** Whether the keys that are here are from before: the next page is the first one. */
  private isOld = false
  private loading: AbortController | undefined
  /** What changed while a page was on its way, which may be older. */
  private late = new Map<string, Item>()

  constructor(of: KeysOf) {
    this.of = of
    this.stop = this.watch()
    this.part = new Part(() => {
      this.stop()
      this.makeOld()
      this.stop = this.watch()
    })
  }

  close(): void {
    this.over.abort()
    this.stop()
    this.part.end()
    this.loading?.abort()
  }

  /** Calls `listener` when a key has changed, or may have. Returns a function that ends this. */
  follow(key: string, listener: () => void): () => void {
    const listeners = this.followers.get(key) ?? new Set()
    this.followers.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  /** Reads the next page, if there is one and none is on its way. */
  more(): void {
    const { rows, isWhole } = this.keys.get()
    if (this.loading !== undefined || isWhole || rows.length >= mostKeys || !this.hasBegun) return
    void this.load()
  }

  private watch(): () => void {
    return keepOpen<WatchStoreResponse>({
      open: (signal) => {
        const { tree, store, watched: prefix } = this.of
        return storeCalls.watchStore({ tree, store, prefix, changesOnly: true }, { signal })
      },
      onMessage: (message) => this.see(message),
      onLost: (error) => {
        if (error !== undefined && !this.keys.get().isHere) this.fail(error)
        this.part.outdate()
        this.makeOld()
      },
    })
  }

  private see({ items }: WatchStoreResponse): void {
    const isFirst = !this.hasBegun
    this.hasBegun = true
    if (isFirst) this.begin()
    if (items.length === 0) return
    if (!this.isOld) this.merge(items)
    if (this.loading !== undefined) for (const item of items) this.late.set(item.key!.key, item)
    for (const { key } of items) for (const listener of this.followers.get(key!.key) ?? []) listener()
  }

  /** The watch has begun: from here on it tells what changes. */
  private begin(): void {
    if (this.isOld)
      for (const listeners of this.followers.values()) for (const listener of listeners) listener()
    if (this.loading === undefined && (this.isOld || !this.keys.get().isHere)) void this.load()
  }

  /** Whatever is here may have changed unseen. It is listed anew once the watch has begun. */
  private makeOld(): void {
    this.loading?.abort()
    this.loading = undefined
    this.pageToken = ''
    this.hasBegun = false
    this.isOld = true
    this.late.clear()
  }

  private async load(): Promise<void> {
    const turn = new AbortController()
    this.loading = turn
    const { rows: before } = this.keys.get()
    // What is listed anew takes the place of what is here, as far as the reader had come.
    const least = this.isOld ? Math.max(1, Math.min(before.length, mostRenewed)) : before.length + 1
    let rows = this.isOld ? [] : before
    let pageToken = this.isOld ? '' : this.pageToken
    try {
      const { tree, store, prefix } = this.of
      // Ends with the last page, or with enough keys: a page may be empty before the last one.
      do {
        const page = await storeCalls.list(
          { tree, store, prefix, pageSize: pageKeys, pageToken, texts: true },
          { signal: turn.signal },
        )
        if (turn.signal.aborted) return
        pageToken = page.nextPageToken
        rows = [...rows, ...page.items.map(rowOf)]
      } while (pageToken !== '' && rows.length < least)
      this.pageToken = pageToken
      this.isOld = false
      this.keys.set({ rows, isWhole: pageToken === '', isHere: true, error: '' })
      const late = [...this.late.values()]
      this.late.clear()
      this.loading = undefined
      if (late.length > 0) this.merge(late)
      this.part.settle()
    } catch (error) {
      if (turn.signal.aborted) return
      this.fail(error)
      setTimeout(() => {
        if (this.over.signal.aborted || this.loading !== turn) return
        this.loading = undefined
        if (this.isOld) void this.load()
        else this.more()
      }, againMs)
    }
  }

  private fail(error: unknown): void {
    // It is told at the frame that the connection is lost; what is here stays.
    if (codeOf(error) !== '' || !this.keys.get().isHere)
      this.keys.set({ ...this.keys.get(), error: sentenceOf(error) })
  }

  /** Takes changed keys in, those that lie among the ones that are here. */
  private merge(items: readonly Item[]): void {
    const keys = this.keys.get()
    const rows = [...keys.rows]
    for (const item of items) {
      const { key } = item.key!
      if (!key.startsWith(this.of.prefix)) continue
      const at = placeOf(rows, key)
      const isHere = rows[at]?.key === key
      // Past the last one that is here it comes with its page.
      if (!isHere && at === rows.length && !keys.isWhole) continue
      if (item.value === undefined && !item.text) rows.splice(at, isHere ? 1 : 0)
      else rows.splice(at, isHere ? 1 : 0, rowOf(item))
    }
    this.keys.set({ ...keys, rows })
  }
}

function rowOf({ key, value, conflictCount }: Item): Row {
  // Lists leave out what a text says.
  if (value === undefined) return { key: key!.key, type: words.text, preview: '', conflicts: 0, ms: 0 }
  return {
    key: key!.key,
    type: value.type || (isCount(value) ? words.counter : words.untyped),
    preview: preview(value),
    conflicts: conflictCount,
    ms: Number(value.createdAtMs),
  }
}

/** Returns the index of a key, or where it belongs. */
function placeOf(rows: readonly Row[], key: string): number {
  let [low, high] = [0, rows.length]
  // Each turn halves what is left.
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(rows[middle]!.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
