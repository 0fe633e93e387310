/** Reads what a tree's view holds: keys with their value and conflicts, lists, histories and the names of stores. */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { decodeBody } from '../dag/body.ts'
import { none } from '../dag/canonical.ts'
import { type EntryId, formatId, type Position, type TreeId, unknownTree } from '../dag/id.ts'
import type { Item, ListOptions, Page, PastVersion, ReadOptions, Version } from './api/items.ts'
import { actionOf, effectsOf, pathOf, type StoreKey, totalOf } from './effects.ts'
import { decodeFar } from './heads.ts'
import { type Details, decodeKeyState, type Head, type KeyState, zeroDetails } from './key-state.ts'
import { integerOf, sumOf } from './numbers.ts'
import { checkKey, checkPrefix, zeroVersion } from './payload.ts'
import {
  headRow,
  keyBytes,
  keyRange,
  keyRow,
  openRow,
  rankOf,
  storeKeyOf,
  storeKeyOfVersion,
  storesAfter,
  versionRange,
  versionsOfStoresAfter,
} from './rows.ts'
import { detailsIn } from './slice.ts'
import { hasText } from './text/changes.ts'
import { findTexts } from './text/listing.ts'
import type { Views } from './view.ts'

export class StateReader {
  private readonly views: Views

  constructor(views: Views) {
    this.views = views
  }

  /**
   * Resolves when the view counts everything that is here now, and the entries of `at`. Throws UNKNOWN_TREE,
   * VIEW_BUILDING if that takes long, NOT_HERE_YET if an entry does not come in time, and CANCELLED.
   */
  async ready(
    tree: TreeId,
    { at = [], waitMs = limits.stateWaitMs, signal }: ReadOptions = {},
  ): Promise<void> {
    const { views } = this
    if (views.store.tree(tree) === undefined) throw unknownTree(tree)
    if (at.length > limits.stateTokens)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A read can wait for at most ${limits.stateTokens} entries, got ${at.length}.`,
      )
    if (at.length > 0) await this.arrival(tree, at, Math.min(waitMs, limits.stateWaitMaxMs), signal)
    if (views.isCurrent(tree)) return
    const counting = views.count(tree)
    counting.catch(() => {})
    const isDone = await this.within(limits.stateBuildPatienceMs, counting, signal)
    if (!isDone) throw views.building(tree)
  }

  /** Waits for a task. Returns false after `ms`, and throws CANCELLED if the signal fires. */
  private async within(
    ms: number,
    task: Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let cancel = () => {}
    const late = new Promise<boolean>((resolve, reject) => {
      const cancelTimer = this.views.clock.setTimer(ms, () => resolve(false))
      const onAbort = () => reject(CausewayError.from(signal!.reason, 'CANCELLED'))
      if (signal?.aborted) onAbort()
      signal?.addEventListener('abort', onAbort)
      cancel = () => {
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
      }
    })
    try {
      return await Promise.race([task.then(() => true), late])
    } finally {
      cancel()
    }
  }

  /** Waits until entries are in the tree. */
  private async arrival(
    tree: TreeId,
    at: readonly EntryId[],
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store } = this.views
    let changed = () => {}
    const stop = store.subscribe((which) => {
      if (which === tree) changed()
    })
    const missing = async () => {
      const records = await store.lookupIn(tree, at)
      return at.filter((_, index) => records[index] === undefined)
    }
    let absent = at
    let over = false
    try {
      const search = async () => {
        // Each turn follows a page of the tree; ends when all are there, or when the wait is over.
        while (!over) {
          const change = new Promise<void>((resolve) => {
            changed = resolve
          })
          absent = await missing()
          if (absent.length === 0) return
          await change
        }
      }
      if (await this.within(waitMs, search(), signal)) return
    } finally {
      over = true
      changed()
      stop()
    }
    throw new CausewayError(
      'NOT_HERE_YET',
      `The entry ${formatId(absent[0]!)} is not here yet: try again in ${limits.stateRetryMs} ms, or check with \`causeway status\` that the tree is in sync.`,
      { data: { entry: absent[0]!, missing: absent.length, retryAfterMs: limits.stateRetryMs } },
    )
  }

  /**
   * Returns keys in the order of the request, at least one, and as many as fit into `limits.listedBytes`. Call `ready`
   * before.
   */
  async get(tree: TreeId, keys: readonly StoreKey[]): Promise<Item[]> {
    for (const { key } of keys) checkKey(key)
    const { store } = this.views
    const number = store.treeNumber(tree)
    const rowKeys = keys.map((key) => keyRow(number, keyBytes(key)))
    const rows = await store.db.getMany(rowKeys)
    let bytes = 0
    const found: { key: StoreKey; state: KeyState | undefined }[] = []
    for (const [index, key] of keys.entries()) {
      const state = rows[index] && decodeKeyState(openRow(rowKeys[index]!, rows[index]))
      bytes += state?.first?.size ?? 0
      if (bytes > limits.listedBytes && found.length > 0) break
      found.push({ key, state })
    }
    const items = await this.items(tree, found, true)
    // Of keys that are absent only: those that have a value are what is asked for as a rule.
    for (const item of items as Writable<Item>[])
      if (item.version === undefined && (await hasText({ views: this.views, tree, key: item })))
        item.isText = true
    return items
  }

  /** Returns keys of one store in ascending order of their bytes, without those that are absent. Call `ready` before. */
  async list(tree: TreeId, options: ListOptions): Promise<Page<Item>> {
    const page = await this.listHeads(tree, options)
    return options.texts ? this.withTexts(tree, options, page) : page
  }

  private async listHeads(
    tree: TreeId,
    { store, prefix, after, limit = limits.listedEntries, conflictsOnly = false }: ListOptions,
  ): Promise<Page<Item>> {
    checkPrefix(store, prefix)
    const { db } = this.views.store
    const range = keyRange(this.views.store.treeNumber(tree), store, prefix, after)
    const found: { key: StoreKey; state: KeyState }[] = []
    let bytes = 0
    let read = 0
    let last: string | undefined
    const iterator = db.iterator(range)
    try {
      // Ends with the range, or when the page is full or has read enough.
      while (found.length < limit && bytes < limits.listedBytes && read < limits.stateScanRows) {
        const rows = await iterator.nextv(Math.min(limit - found.length, 256))
        if (rows.length === 0) return { rows: await this.items(tree, found, conflictsOnly), next: undefined }
        for (const [rowKey, value] of rows) {
          const state = decodeKeyState(openRow(rowKey, value))
          const key = storeKeyOf(rowKey)
          last = key.key
          read++
          if (state.heads.length <= (conflictsOnly ? 1 : 0)) continue
          found.push({ key, state })
          bytes += value.length + (state.first?.value === undefined ? (state.first?.size ?? 0) : 0)
          if (bytes >= limits.listedBytes) break
        }
      }
    } finally {
      await iterator.close()
    }
    return { rows: await this.items(tree, found, conflictsOnly), next: last }
  }

  /** Adds the keys that have only a text to a page of the others. */
  private async withTexts(
    tree: TreeId,
    { store, prefix, after, limit = limits.listedEntries }: ListOptions,
    { rows, next }: Page<Item>,
  ): Promise<Page<Item>> {
    const present = new Set(rows.map(({ key }) => key))
    const range = { store, prefix, after, through: next, present, limit }
    const { keys, last } = await findTexts(this.views, tree, range)
    const texts = keys.map((key): Item => ({ ...absent, store, key, isText: true }))
    const all = [...rows, ...texts].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    // Where not all texts were found, the keys behind them come with the next page.
    const past = last === undefined ? -1 : all.findIndex(({ key }) => isAfter(key, last))
    const known = past < 0 ? all : all.slice(0, past)
    const page = known.slice(0, limit)
    if (page.length < known.length) return { rows: page, next: page.at(-1)!.key }
    return { rows: page, next: last ?? next }
  }

  /** Returns the names of the stores that have keys, in ascending order of their bytes. Call `ready` before. */
  async stores(tree: TreeId, after: string, limit: number, texts = false): Promise<Page<string>> {
    const { db } = this.views.store
    const number = this.views.store.treeNumber(tree)
    const names: string[] = []
    let last = after
    let looked = 0
    // Each turn seeks past one store; ends with the last one.
    while (names.length < limit) {
      const range = texts ? versionsOfStoresAfter(number, last) : storesAfter(number, last)
      const [row] = await db.keys({ ...range, limit: 1 }).all()
      if (row === undefined) return { rows: names, next: undefined }
      last = (texts ? storeKeyOfVersion(row) : storeKeyOf(row)).store
      if (!texts || (await this.isStore(tree, last))) names.push(last)
      else if (++looked >= limits.listedByDefault) break
    }
    return { rows: names, next: last }
  }

  /** Reports whether a store has a key, or a text among the first ones that were ever written. */
  private async isStore(tree: TreeId, store: string): Promise<boolean> {
    const range = keyRange(this.views.store.treeNumber(tree), store)
    if ((await this.views.store.db.keys({ ...range, limit: 1 }).all()).length > 0) return true
    const { keys } = await findTexts(this.views, tree, { store, present: new Set(), limit: 1 })
    return keys.length > 0
  }

  /** Returns what entries did to a key, newest first. Call `ready` before. */
  async history(
    tree: TreeId,
    key: StoreKey,
    after: Position | undefined,
    limit: number,
  ): Promise<{ rows: PastVersion[]; next: Position | undefined }> {
    checkKey(key.key)
    const { store } = this.views
    const number = store.treeNumber(tree)
    const bytes = keyBytes(key)
    const rowKeys = await store.db.keys({ ...versionRange(number, bytes, after), limit: limit + 1 }).all()
    const positions = rowKeys.slice(0, limit).map(rankOf)
    const [entries, voids, value] = await Promise.all([
      store.read(tree, positions),
      store.voidAmong(tree, positions),
      store.db.get(keyRow(number, bytes)),
    ])
    const state = value && decodeKeyState(openRow(keyRow(number, bytes), value))
    const far = state?.overflow
      ? await store.db.getMany(positions.map((position) => headRow(number, bytes, position)))
      : []
    const rows: PastVersion[] = []
    for (const [index, entry] of entries.entries()) {
      const body = decodeBody(entry.signed.body)
      const effect = effectsOf(body.changes).get(pathOf(key))
      if (effect === undefined) continue
      const head =
        state?.heads.find(({ id }) => id === entry.id) ??
        (far[index] && decodeFar(headRow(number, bytes, entry), far[index]))
      const { author, createdAtMs } = body
      const put = effect.put
      const standing = head ? 'head' : put === undefined ? 'change' : 'replaced'
      rows.push({
        version: {
          ...{ id: entry.id, height: entry.height, author, createdAtMs },
          ...{ type: put?.type ?? '', value: put?.value ?? none, ...(put?.blob && { blob: put.blob }) },
          sum: put && sumOf(head?.adds, integerOf(put.value)),
        },
        action: actionOf(effect),
        standing: voids.has(entry.id) ? 'void' : standing,
        replaces: effect.replaces,
        added: totalOf(effect),
      })
    }
    return { rows, next: rowKeys.length > limit ? positions.at(-1) : undefined }
  }

  /** Returns the items of keys; with `all`, their conflicts too, as many as fit into limits.listedBytes. */
  private async items(
    tree: TreeId,
    keys: readonly { readonly key: StoreKey; readonly state: KeyState | undefined }[],
    all: boolean,
  ): Promise<Item[]> {
    const items: Item[] = []
    const wanted: Wanted[] = []
    // A list may have a thousand items: each is made field by field, since a spread costs more than the rest.
    for (const { key, state } of keys) {
      const head = state?.heads[0]
      const conflicts: Version[] = []
      const item: Writable<Item> = {
        store: key.store,
        key: key.key,
        version: undefined,
        conflicts,
        conflictCount: 0,
      }
      items.push(item)
      if (head === undefined) continue
      const { first, heads, overflow } = state!
      item.conflictCount = heads.length - 1 + overflow
      if (first?.value !== undefined) item.version = versionOf(head, first, first.value)
      else wanted.push({ head, isFirst: true, take: (version) => (item.version = version) })
      if (all)
        for (const other of heads.slice(1))
          wanted.push({ head: other, isFirst: false, take: (version) => conflicts.push(version) })
    }
    await this.readVersions(tree, wanted)
    return items
  }

  /** Reads versions from their entries, a few at a time. Conflicts are left out once they exceed limits.listedBytes. */
  private async readVersions(tree: TreeId, wanted: readonly Wanted[]): Promise<void> {
    let conflictBytes = 0
    for (let from = 0; from < wanted.length; from += readAtOnce) {
      const some = wanted
        .slice(from, from + readAtOnce)
        .filter(({ isFirst }) => isFirst || conflictBytes < limits.listedBytes)
      const inEntries = some.map(({ head }) => head).filter(({ id }) => id !== zeroVersion)
      const entries = (await this.views.store.read(tree, inEntries)).values()
      for (const { head, isFirst, take } of some) {
        const isZero = head.id === zeroVersion
        const details = isZero ? zeroDetails : detailsIn(entries.next().value!, head.index, true)
        if (!isFirst) conflictBytes += details.value!.length + versionBytes
        take(versionOf(head, details, details.value!))
      }
    }
  }
}

const absent = { version: undefined, conflicts: [], conflictCount: 0 } as const

const isAfter = (key: string, other: string) => Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0

type Writable<Object> = { -readonly [Field in keyof Object]: Object[Field] }

/** A version that is read from its entry. */
interface Wanted {
  readonly head: Head
  /** Whether it is the value of its key, and no conflict. */
  readonly isFirst: boolean
  readonly take: (version: Version) => void
}

/** About what a version takes in a message beside its value: so many small ones are bounded too. */
const versionBytes = 128
/** How many entries are read at a time: each may be large. */
const readAtOnce = 16

function versionOf(
  { id, height, adds }: Head,
  { author, createdAtMs, type, blob }: Details,
  value: Uint8Array,
): Version {
  return {
    id,
    height,
    author,
    createdAtMs,
    type,
    value,
    ...(blob && { blob }),
    sum: sumOf(adds, id === zeroVersion ? 0n : integerOf(value)),
  }
}
