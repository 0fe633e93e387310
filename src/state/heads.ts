/**
 * Changes the heads of one key by what one entry does to it. Most changes name heads that lie in the key's row, and are
 * worked out from memory alone; the others read and write the rows beside it.
 */
import { limits } from '../base/limits.ts'
import type { BodyChanges } from '../dag/body.ts'
import { comparePositions, type EntryId, type Position } from '../dag/id.ts'
import type { Effect } from './effects.ts'
import {
  addInt64,
  type Details,
  detailsOf,
  type Head,
  type KeyState,
  readAdds,
  writeAdds,
  zeroDetails,
} from './key-state.ts'
import type { Overlay } from './overlay.ts'
import { zeroVersion } from './payload.ts'
import { headRange, headRow, nameRow, openRow, rankOf, sealRow } from './rows.ts'

/** What the rows beside a key's own are reached by. */
export interface KeyPlace {
  readonly overlay: Overlay
  /** The tree's local number. */
  readonly number: number
  /** `keyBytes` of the key. */
  readonly key: Buffer
  /** Returns the height of an entry, or undefined if it is not here. */
  heightOf(id: EntryId): Promise<number | undefined>
}

/** The entry that has an effect. */
export interface Writer extends Position {
  readonly body: Pick<BodyChanges, 'author' | 'createdAtMs'>
}

const zeroPosition: Position = { height: 0, id: zeroVersion }
const zeroOn: readonly EntryId[] = [zeroVersion]
const onOf = (on: readonly EntryId[]): readonly EntryId[] => (on.length === 0 ? zeroOn : on)

/** Applies an effect. Returns a promise only if it has to read. */
export function applyEffect(
  state: KeyState,
  effect: Effect,
  writer: Writer,
  place: KeyPlace,
): Promise<void> | undefined {
  if (!isWarm(state, effect)) return applyCold(state, effect, writer, place)
  for (const name of effect.replaces) removeHead(state, indexOf(state, name))
  for (const { on, delta } of effect.adds)
    for (const name of onOf(on)) {
      const at = indexOf(state, name)
      if (at >= 0) addTo(state.heads[at]!, BigInt(delta))
      else insertHead(state, { ...zeroPosition, index: 0, adds: BigInt(delta) }, zeroDetails)
    }
  if (effect.put !== undefined) insertHead(state, newHead(effect, writer), detailsOf(writer.body, effect.put))
  return undefined
}

/** Reports whether an effect concerns the heads in the key's row alone. */
function isWarm(state: KeyState, { put, replaces, adds }: Effect): boolean {
  const { heads, overflow, hasNames } = state
  if (overflow > 0 || heads.length + 2 > limits.stateHeads) return false
  if (put !== undefined && hasNames) return false
  if (replaces.some((name) => name === zeroVersion || indexOf(state, name) < 0)) return false
  // An add may count on a version that the same entry replaces.
  if (adds.length > 0 && replaces.length > 0) return false
  return adds.every(({ on }) =>
    onOf(on).every((name) => indexOf(state, name) >= 0 || (name === zeroVersion && !hasNames)),
  )
}

async function applyCold(state: KeyState, effect: Effect, writer: Writer, place: KeyPlace): Promise<void> {
  for (const name of effect.replaces) await replace(state, name, place)
  for (const { on, delta } of effect.adds)
    for (const name of onOf(on)) await add(state, name, BigInt(delta), place)
  if (effect.put === undefined) return
  const head = newHead(effect, writer)
  const named = state.hasNames ? await readName(place, head.id) : undefined
  if (named?.replaced) return
  if (named !== undefined) head.adds = named.adds
  await insertAmong(state, head, detailsOf(writer.body, effect.put), place)
}

function newHead({ put }: Effect, { height, id }: Writer): Head {
  return { height, id, index: put!.index, adds: undefined }
}

const indexOf = ({ heads }: KeyState, id: EntryId): number => heads.findIndex((head) => head.id === id)

function addTo(head: Head, delta: bigint): void {
  head.adds = addInt64(head.adds ?? 0n, delta)
}

function removeHead(state: KeyState, at: number): void {
  // Most keys have one head, and `splice` returns a list.
  if (at === state.heads.length - 1) state.heads.pop()
  else state.heads.splice(at, 1)
  // The details of the next one are read when the batch is complete.
  if (at === 0) state.first = undefined
}

function insertHead(state: KeyState, head: Head, details: Details): void {
  const { heads } = state
  let at = 0
  while (at < heads.length && comparePositions(heads[at]!, head) > 0) at++
  if (at === heads.length) heads.push(head)
  else heads.splice(at, 0, head)
  if (at === 0) state.first = details
}

/** What is known of a version that was named while it was no head. */
interface Name {
  replaced: boolean
  adds: bigint | undefined
}

export async function readName({ overlay, number, key }: KeyPlace, id: EntryId): Promise<Name | undefined> {
  const row = nameRow(number, key, id)
  const sealed = await overlay.get(row)
  if (sealed === undefined) return undefined
  const value = openRow(row, sealed)
  return { replaced: value[0] === 1, adds: readAdds(value, 1) }
}

export function writeName(
  state: KeyState,
  { overlay, number, key }: Pick<KeyPlace, 'overlay' | 'number' | 'key'>,
  id: EntryId,
  { replaced, adds }: Name,
): void {
  const value = Buffer.alloc(10)
  value[0] = replaced ? 1 : 0
  writeAdds(value, adds, 1)
  const row = nameRow(number, key, id)
  overlay.put(row, sealRow(row, value))
  state.hasNames = true
}

/** Replaces a version: it is no head any more, or will be none when its entry comes. */
async function replace(state: KeyState, name: EntryId, place: KeyPlace): Promise<void> {
  const at = indexOf(state, name)
  const far = at < 0 ? await farHead(state, name, place) : undefined
  if (at >= 0) {
    removeHead(state, at)
    await pullUp(state, place)
  } else if (far !== undefined) {
    place.overlay.del(far.row)
    state.overflow--
  }
  // An entry comes once, but more adds may come to the version that no entry has put, and must not bring it back.
  const isGone = (at >= 0 || far !== undefined) && name !== zeroVersion
  if (isGone) return
  const known = await readName(place, name)
  writeName(state, place, name, { replaced: true, adds: known?.adds })
}

/** Adds to a version: a head, one that is to come, or the one that counts adds to no version. */
async function add(state: KeyState, name: EntryId, delta: bigint, place: KeyPlace): Promise<void> {
  const at = indexOf(state, name)
  if (at >= 0) return addTo(state.heads[at]!, delta)
  const far = await farHead(state, name, place)
  if (far !== undefined) {
    addTo(far.head, delta)
    writeFar(place, far.head)
    return
  }
  const known = state.hasNames ? await readName(place, name) : undefined
  if (name === zeroVersion && !known?.replaced) {
    await insertAmong(state, { ...zeroPosition, index: 0, adds: delta }, zeroDetails, place)
    return
  }
  writeName(state, place, name, {
    replaced: known?.replaced ?? false,
    adds: addInt64(known?.adds ?? 0n, delta),
  })
}

/** Inserts a head, and moves the least one out of the key's row if that is full. */
async function insertAmong(state: KeyState, head: Head, details: Details, place: KeyPlace): Promise<void> {
  const { heads, overflow } = state
  const last = heads.at(-1)
  if (overflow > 0 && comparePositions(head, last!) < 0) {
    writeFar(place, head)
    state.overflow++
    return
  }
  insertHead(state, head, details)
  if (heads.length <= limits.stateHeads) return
  writeFar(place, heads.pop()!)
  state.overflow++
}

function writeFar({ overlay, number, key }: Omit<KeyPlace, 'heightOf'>, head: Head): void {
  const value = Buffer.alloc(11)
  value.writeUInt16BE(head.index)
  writeAdds(value, head.adds, 2)
  const row = headRow(number, key, head)
  overlay.put(row, sealRow(row, value))
}

export function decodeFar(rowKey: Buffer, sealed: Buffer): Head {
  const value = openRow(rowKey, sealed)
  return { ...rankOf(rowKey), index: value.readUInt16BE(0), adds: readAdds(value, 2) }
}

/** Finds a head that has a row of its own. */
async function farHead(
  state: KeyState,
  id: EntryId,
  { overlay, number, key, heightOf }: KeyPlace,
): Promise<{ row: Buffer; head: Head } | undefined> {
  if (state.overflow === 0) return undefined
  const height = id === zeroVersion ? 0 : await heightOf(id)
  if (height === undefined) return undefined
  const row = headRow(number, key, { height, id })
  const value = await overlay.get(row)
  return value && { row, head: decodeFar(row, value) }
}

/** Moves the greatest head that has a row of its own into the key's row. */
async function pullUp(state: KeyState, { overlay, number, key }: KeyPlace): Promise<void> {
  if (state.overflow === 0) return
  const next = await overlay.first(headRange(number, key))
  state.overflow--
  if (next === undefined) return
  overlay.del(next[0])
  state.heads.push(decodeFar(...next))
}

/** Writes the heads of a key that was computed from all of its versions: the first in its row, the others in theirs. */
export function placeHeads(state: KeyState, heads: readonly Head[], place: Omit<KeyPlace, 'heightOf'>): void {
  state.heads = heads.slice(0, limits.stateHeads)
  state.overflow = heads.length - state.heads.length
  state.first = undefined
  for (const head of heads.slice(limits.stateHeads)) writeFar(place, head)
}
