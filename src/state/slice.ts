/**
 * One batch of a tree's view: the keys that it touches, what entries do to them, and the rows that follow. A write that
 * is being prepared uses one too, to see the heads that its keys have.
 */
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type BodyChanges, decodeChanges } from '../dag/body.ts'
import type { EntryId, Position, TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { BatchOperation } from '../store/engine/engine.ts'
import type { Recent } from '../store/read/recent.ts'
import type { StoredEntry } from '../store/store.ts'
import { type Effect, effectsOf, pathOf, type StoreKey } from './effects.ts'
import { applyEffect, type KeyPlace, readName } from './heads.ts'
import {
  copyOf,
  type Details,
  decodeKeyState,
  detached,
  detailsOf,
  emptyKeyState,
  encodeKeyState,
  hasRow,
  type KeyState,
  zeroDetails,
} from './key-state.ts'
import { Overlay } from './overlay.ts'
import { type Blob, zeroVersion } from './payload.ts'
import { recompute } from './recompute.ts'
import {
  blobRow,
  encodeNamed,
  keyOfRow,
  openRow,
  rowOfPath,
  sealInPlace,
  sealRow,
  storeKeyOf,
  versionOfRow,
} from './rows.ts'
import type { StateStore } from './state-store.ts'

/** An entry whose effects are applied. */
export interface AppliedEntry extends Position {
  readonly body: Pick<BodyChanges, 'author' | 'createdAtMs'>
  readonly effects: ReadonlyMap<string, Effect>
}

/** What a slice reads from. */
export interface SliceParts {
  readonly store: StateStore
  readonly known: KnownKeys
}

/** The states of keys that were written or read last, by `path` and the tree's number. They are never changed. */
export type KnownKeys = Recent<string, KeyState>

/** A key that a slice has read. */
class LoadedKey implements KeyPlace {
  readonly overlay: Overlay
  readonly number: number
  readonly heightOf: KeyPlace['heightOf']
  readonly path: string
  readonly row: Buffer
  readonly state: KeyState
  readonly isStored: boolean
  isChanged = false

  constructor(place: Omit<KeyPlace, 'key'>, path: string, row: Buffer, state: KeyState, isStored: boolean) {
    this.overlay = place.overlay
    this.number = place.number
    this.heightOf = place.heightOf
    this.path = path
    this.row = row
    this.state = state
    this.isStored = isStored
  }

  get key(): Buffer {
    return keyOfRow(this.row)
  }
}

export class Slice {
  private readonly store: StateStore
  private readonly tree: TreeId
  private readonly number: number
  private readonly known: KnownKeys
  private readonly place: Omit<KeyPlace, 'key'>
  private readonly overlay: Overlay
  private readonly keys = new Map<string, LoadedKey>()
  /** The entries applied, if they are not stored yet. */
  readonly unstored: Map<EntryId, AppliedEntry> | undefined

  /** `number` is the tree's local number. */
  constructor({ store, known }: SliceParts, tree: TreeId, number: number, isStored: boolean) {
    this.store = store
    this.known = known
    this.tree = tree
    this.number = number
    this.unstored = isStored ? undefined : new Map()
    this.overlay = new Overlay(store.db)
    const heightOf = async (id: EntryId) =>
      this.unstored?.get(id)?.height ?? (await store.lookupIn(tree, [id]))[0]?.height
    this.place = { overlay: this.overlay, number, heightOf }
  }

  /** Reads the rows of these keys, those that are not known. */
  load(keys: Iterable<StoreKey>): Promise<void> {
    const missing = new Map<string, Buffer>()
    for (const key of keys) this.want(pathOf(key), missing)
    return this.read(missing)
  }

  /** Reads the rows of the keys that entries change. */
  loadFor(entries: readonly AppliedEntry[]): Promise<void> {
    const missing = new Map<string, Buffer>()
    for (const { effects } of entries) for (const path of effects.keys()) this.want(path, missing)
    return this.read(missing)
  }

  private want(path: string, missing: Map<string, Buffer>): void {
    if (this.keys.has(path) || missing.has(path)) return
    const row = rowOfPath(this.number, path)
    const known = this.known.get(this.nameOf(path))
    if (known === undefined) missing.set(path, row)
    else this.take(path, row, copyOf(known))
  }

  private async read(missing: ReadonlyMap<string, Buffer>): Promise<void> {
    if (missing.size === 0) return
    const values = await this.store.db.getMany([...missing.values()])
    let at = 0
    for (const [path, row] of missing) {
      const value = values[at++]
      if (value === undefined) this.take(path, row, emptyKeyState())
      else await this.takeValue(path, row, value)
    }
  }

  private nameOf(path: string): string {
    return `${this.number} ${path}`
  }

  private take(path: string, row: Buffer, state: KeyState, isStored = hasRow(state)): void {
    this.keys.set(path, new LoadedKey(this.place, path, row, state, isStored))
  }

  /** Takes a key's row. One that is damaged is found anew, so that it stops no write. */
  private async takeValue(path: string, row: Buffer, value: Buffer): Promise<void> {
    try {
      this.take(path, row, decodeKeyState(openRow(row, value)))
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.take(path, row, emptyKeyState(), true)
      await this.recompute(storeKeyOf(row))
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
    this.unstored?.set(entry.id, entry)
    for (const [path, effect] of entry.effects) {
      const loaded = this.keys.get(path)!
      const value = effect.texts.length > 0 ? textMark : noValue
      this.overlay.add({ type: 'put', key: versionOfRow(loaded.row, entry), value })
      if (effect.put?.blob !== undefined) await this.nameBlob(effect.put.blob, entry.body.author, isVoid)
      if (isVoid) continue
      loaded.isChanged = true
      const reading = applyEffect(loaded.state, effect, entry, loaded)
      if (reading !== undefined) await reading
    }
  }

  /** Notes that an entry names a blob, so that its chunks stay and are served. */
  async nameBlob(blob: Blob, author: PeerId, isVoid: boolean): Promise<void> {
    const row = blobRow(this.number, blob)
    if (isVoid && (await this.overlay.get(row)) !== undefined) return
    this.overlay.put(row, sealRow(row, encodeNamed({ isVoid, author })))
  }

  /** Finds the heads of a key anew from all of its versions. The key must be loaded. */
  async recompute(key: StoreKey): Promise<void> {
    const loaded = this.keys.get(pathOf(key))!
    loaded.isChanged = true
    await recompute(this.store, this.tree, key, loaded)
  }

  /** Returns the batch. Call it once. */
  async finish(): Promise<BatchOperation[]> {
    const changed = this.changed()
    await this.readFirsts(changed.filter(({ state }) => state.heads.length > 0 && state.first === undefined))
    for (const { state, row: key, isStored } of changed)
      if (hasRow(state))
        this.overlay.add({ type: 'put', key, value: sealInPlace(key, encodeKeyState(state)) })
      else if (isStored) this.overlay.add({ type: 'del', key })
    return this.overlay.operations()
  }

  /**
   * Lets the keys that were written be known. Call it once the batch is written. Those of stored entries are only
   * forgotten, since a large transfer would fill the memory with keys that are not written again soon.
   */
  remember(): void {
    for (const { path, state } of this.changed())
      if (this.unstored !== undefined && state.heads.length <= limits.stateKnownHeads)
        this.known.set(this.nameOf(path), detached(state))
      else this.known.delete(this.nameOf(path))
  }

  private changed(): LoadedKey[] {
    return [...this.keys.values()].filter(({ isChanged }) => isChanged)
  }

  /** Reads the details of first heads that were not first before. */
  private async readFirsts(keys: readonly LoadedKey[]): Promise<void> {
    const fromStore: LoadedKey[] = []
    for (const loaded of keys) {
      const { state, path } = loaded
      const { id } = state.heads[0]!
      const unstored = this.unstored?.get(id)
      if (id === zeroVersion) state.first = zeroDetails
      else if (unstored !== undefined)
        state.first = detailsOf(unstored.body, unstored.effects.get(path)!.put!)
      else fromStore.push(loaded)
    }
    // A tree that this page begins cannot be read, and has nothing to read.
    if (fromStore.length === 0) return
    const entries = await this.store.read(
      this.tree,
      fromStore.map(({ state }) => state.heads[0]!),
    )
    for (const [at, { state }] of fromStore.entries())
      state.first = detailsIn(entries[at]!, state.heads[0]!.index)
  }
}

const noValue = Buffer.alloc(0)
/** The value of a version that updates the key's text. */
const textMark = Buffer.of(1)

/** Returns the details of what a change of a stored entry puts, with its value if it is small, or `always`. */
export function detailsIn({ signed }: StoredEntry, index: number, always = false): Details {
  const body = decodeChanges(signed.body)
  for (const { put } of effectsOf(body.changes.slice(0, index + 1)).values())
    if (put?.index === index) return detailsOf(body, put, always)
  throw new Error('A head is a put of its entry.')
}
