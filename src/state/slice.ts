/**
 * One batch of a tree's view: the keys that it touches, what entries do to them, and the rows that follow. A write that
 * is being prepared uses one too, to see the heads that its keys have.
 */
import { decodeBody, type EntryBody } from '../dag/body.ts'
import type { EntryId, Position, TreeId } from '../dag/id.ts'
import type { BatchOperation } from '../store/page.ts'
import type { StoredEntry } from '../store/store.ts'
import { type Effect, effectsOf, pathOf, type StoreKey } from './effects.ts'
import { applyEffect, type KeyPlace, readName } from './heads.ts'
import {
  type Details,
  decodeKeyState,
  emptyKeyState,
  encodeKeyState,
  isInline,
  type KeyState,
  zeroDetails,
} from './key-state.ts'
import { Overlay } from './overlay.ts'
import { zeroVersion } from './payload.ts'
import { recompute } from './recompute.ts'
import { keyBytes, keyRow, openRow, sealRow, versionRow } from './rows.ts'
import type { StateStore } from './state-store.ts'

/** An entry whose effects are applied. */
export interface AppliedEntry extends Position {
  readonly body: Pick<EntryBody, 'author' | 'createdAtMs'>
  readonly effects: ReadonlyMap<string, Effect>
}

interface LoadedKey extends KeyPlace {
  readonly state: KeyState
  readonly row: Buffer
  isStored: boolean
  isChanged: boolean
}

export class Slice {
  private readonly store: StateStore
  private readonly tree: TreeId
  private readonly number: number
  private readonly overlay: Overlay
  private readonly keys = new Map<string, LoadedKey>()
  private readonly heightOf = async (id: EntryId) => (await this.store.lookupIn(this.tree, [id]))[0]?.height

  constructor(store: StateStore, tree: TreeId) {
    this.store = store
    this.tree = tree
    this.number = store.treeNumber(tree)
    this.overlay = new Overlay(store.db)
  }

  /** Reads the rows of these keys, those that are not read yet. */
  async load(keys: Iterable<StoreKey>): Promise<void> {
    const missing = new Map<string, Buffer>()
    for (const key of keys) {
      const path = pathOf(key)
      if (!this.keys.has(path)) missing.set(path, keyBytes(key))
    }
    if (missing.size === 0) return
    const rows = Array.from(missing.values(), (key) => keyRow(this.number, key))
    const values = await this.store.db.getMany(rows)
    let at = 0
    for (const [path, key] of missing) {
      const value = values[at]
      this.keys.set(path, {
        ...{ overlay: this.overlay, number: this.number, key, heightOf: this.heightOf },
        state: value === undefined ? emptyKeyState() : decodeKeyState(openRow(rows[at]!, value)),
        row: rows[at]!,
        isStored: value !== undefined,
        isChanged: false,
      })
      at++
    }
  }

  /** Returns the state of a key that is loaded. */
  stateOf(key: StoreKey): KeyState {
    return this.keys.get(pathOf(key))!.state
  }

  /** Reports whether a version of a key that is loaded was named as replaced while it was no head. */
  async isReplaced(key: StoreKey, id: EntryId): Promise<boolean> {
    const loaded = this.keys.get(pathOf(key))!
    return loaded.state.hasNames && ((await readName(loaded, id))?.replaced ?? false)
  }

  /** Applies what an entry does to keys that are loaded. A void entry is noted as a version and changes nothing. */
  async apply(entry: AppliedEntry, isVoid: boolean): Promise<void> {
    const writer = {
      height: entry.height,
      id: entry.id,
      details: (effect: Effect) => detailsOf(entry.body, effect),
    }
    for (const [path, effect] of entry.effects) {
      const loaded = this.keys.get(path)!
      this.overlay.put(
        versionRow(this.number, loaded.key, entry),
        effect.texts.length > 0 ? textMark : noValue,
      )
      if (isVoid) continue
      loaded.isChanged = true
      const reading = applyEffect(loaded.state, effect, writer, loaded)
      if (reading !== undefined) await reading
    }
  }

  /** Finds the heads of a key anew from all of its versions. The key must be loaded. */
  async recompute(key: StoreKey): Promise<void> {
    const loaded = this.keys.get(pathOf(key))!
    loaded.isChanged = true
    await recompute(this.store, this.tree, key, loaded)
  }

  /** Returns the batch. */
  async finish(): Promise<BatchOperation[]> {
    const changed = [...this.keys.values()].filter(({ isChanged }) => isChanged)
    await this.readFirsts(changed.filter(({ state }) => state.heads.length > 0 && state.first === undefined))
    for (const { state, row, isStored } of changed)
      if (state.heads.length > 0 || state.hasNames) this.overlay.put(row, sealRow(row, encodeKeyState(state)))
      else if (isStored) this.overlay.del(row)
    return this.overlay.operations()
  }

  /** Reads the details of first heads that were not first before. */
  private async readFirsts(keys: readonly LoadedKey[]): Promise<void> {
    const fromEntries = keys.filter(({ state }) => state.heads[0]!.id !== zeroVersion)
    for (const { state } of keys) state.first = zeroDetails
    const entries = await this.store.read(
      this.tree,
      fromEntries.map(({ state }) => state.heads[0]!),
    )
    for (const [at, { state }] of fromEntries.entries())
      state.first = detailsIn(entries[at]!, state.heads[0]!.index)
  }
}

const noValue = Buffer.alloc(0)
/** The value of a version that updates the key's text. */
const textMark = Buffer.of(1)

function detailsOf({ author, createdAtMs }: AppliedEntry['body'], { put }: Effect, always = false): Details {
  const { type, value } = put!
  const size = value.length
  // A copy, because these bytes may be a small part of a large page that they would keep in memory.
  return {
    author,
    createdAtMs,
    type,
    size,
    value: always || isInline(size) ? new Uint8Array(value) : undefined,
  }
}

/** Returns the details of what a change of a stored entry puts, with its value if it is small, or `always`. */
export function detailsIn({ signed }: StoredEntry, index: number, always = false): Details {
  const body = decodeBody(signed.body)
  for (const effect of effectsOf(body.changes.slice(0, index + 1)).values())
    if (effect.put?.index === index) return detailsOf(body, effect, always)
  throw new Error('A head is a put of its entry.')
}
