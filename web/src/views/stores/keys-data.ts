/**
 * The keys of a store as far as the reader has come: a page more whenever the end of the list is near, and all of them
 * kept up to date by one watch. The watch begins before the first page is read, so no change falls between them.
 */
import type { Item, WatchStoreResponse } from '../../../../gen/causeway/v1/store_pb.ts'
import { codeOf, sentenceOf, storeCalls } from '../../api/clients.ts'
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
  private pageToken = ''
  private sequence = 0n
  private loading: AbortController | undefined
  /** What changed while a page was on its way, which may be older. */
  private late = new Map<string, Item>()

  constructor(of: KeysOf) {
    this.of = of
    const stop = keepOpen<WatchStoreResponse>({
      open: (signal) => {
        const { tree, store, watched: prefix } = of
        const from = { afterSequence: this.sequence, changesOnly: true }
        return storeCalls.watchStore({ tree, store, prefix, ...from }, { signal })
      },
      onMessage: (message) => this.see(message),
      onLost: (error) => {
        if (error !== undefined && !this.keys.get().isHere) this.fail(error)
      },
    })
    this.over.signal.addEventListener('abort', stop)
  }

  close(): void {
    this.over.abort()
    this.loading?.abort()
  }

  /** Calls `listener` when a key has changed. Returns a function that ends this. */
  follow(key: string, listener: () => void): () => void {
    const listeners = this.followers.get(key) ?? new Set()
    this.followers.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  /** Reads the next page, if there is one and none is on its way. */
  more(): void {
    const { rows, isWhole } = this.keys.get()
    if (this.loading !== undefined || isWhole || rows.length >= mostKeys || this.sequence === 0n) return
    void this.load()
  }

  private see({ items, sequence, synced }: WatchStoreResponse): void {
    const isFirst = this.sequence === 0n
    // The node no longer knows how far this page has come, and begins anew.
    if (!synced && !isFirst) {
      this.restart()
      return
    }
    if (synced) this.sequence = sequence
    if (isFirst && synced) {
      this.more()
      return
    }
    if (items.length === 0) return
    this.merge(items)
    if (this.loading !== undefined) for (const item of items) this.late.set(item.key!.key, item)
    for (const { key } of items) for (const listener of this.followers.get(key!.key) ?? []) listener()
  }

  private restart(): void {
    this.loading?.abort()
    this.loading = undefined
    this.pageToken = ''
    this.late.clear()
    this.keys.set({ ...nothing })
    void this.load()
    for (const listeners of this.followers.values()) for (const listener of listeners) listener()
  }

  private async load(): Promise<void> {
    const turn = new AbortController()
    this.loading = turn
    try {
      const { tree, store, prefix } = this.of
      const { pageToken } = this
      const page = await storeCalls.list(
        { tree, store, prefix, pageSize: pageKeys, pageToken, texts: true },
        { signal: turn.signal },
      )
      if (turn.signal.aborted) return
      this.pageToken = page.nextPageToken
      const { rows } = this.keys.get()
      this.keys.set({
        rows: [...rows, ...page.items.map(rowOf)],
        isWhole: page.nextPageToken === '',
        isHere: true,
        error: '',
      })
      const late = [...this.late.values()]
      this.late.clear()
      this.loading = undefined
      if (late.length > 0) this.merge(late)
      // A page may be empty before the last one.
      if (page.items.length === 0) this.more()
    } catch (error) {
      if (turn.signal.aborted) return
      this.fail(error)
      const timer = setTimeout(() => {
        this.loading = undefined
        this.more()
      }, againMs)
      this.over.signal.addEventListener('abort', () => clearTimeout(timer))
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
