/** What one entry does to the keys of a tree's stores: its changes of the reserved kinds, sorted by key. */
import { CausewayError } from '../base/errors.ts'
import type { Change } from '../dag/body.ts'
import type { EntryId } from '../dag/id.ts'
import {
  type CounterAdd,
  changeKinds,
  decodeAdd,
  decodeDelete,
  decodePut,
  type MapPut,
  reservedKindPrefix,
} from './payload.ts'
import { decodeTextUpdate, type TextUpdate } from './text/payload.ts'

/** A key of a store of a tree. */
export interface StoreKey {
  readonly store: string
  readonly key: string
}

/** What an entry does to one key. */
export interface Effect extends StoreKey {
  /** The entry's last put of the key, unless a delete follows it, and which change of the entry it is. */
  put: (MapPut & { readonly index: number }) | undefined
  /** The versions that the last put or delete replaces. */
  replaces: readonly EntryId[]
  /** Every add to the key: they do not undo each other. */
  readonly adds: CounterAdd[]
  /** Every update of the key's text, and which change of the entry it is. They make no heads. */
  readonly texts: (TextUpdate & { readonly index: number })[]
}

/** What an entry does to a key, void or not. Of several changes in one entry the first of these. */
export type PastAction = 'put' | 'delete' | 'add' | 'text'

export function actionOf({ put, replaces, adds, texts }: Effect): PastAction {
  if (put !== undefined) return 'put'
  // A delete that names no version does nothing.
  if (replaces.length > 0) return 'delete'
  if (adds.length > 0) return 'add'
  return texts.length > 0 ? 'text' : 'delete'
}

/** Returns the sum of what an entry adds, as an int64, or undefined if it adds nothing. */
export function totalOf({ adds }: Effect): bigint | undefined {
  if (adds.length === 0) return undefined
  return BigInt.asIntN(
    64,
    adds.reduce((sum, { delta }) => sum + BigInt(delta), 0n),
  )
}

/** Names a key in maps: neither part contains U+0000. */
export const pathOf = ({ store, key }: StoreKey): string => `${store}\0${key}`

/**
 * Returns what the changes of one entry do, by `pathOf`. `onMalformed` is called with the number of each change whose
 * payload cannot be read; it counts for nothing.
 */
export function effectsOf(
  changes: readonly Change[],
  onMalformed: (index: number) => void = () => {},
): ReadonlyMap<string, Effect> {
  const effects = new Map<string, Effect>()
  for (let index = 0; index < changes.length; index++) {
    const { store, kind, payload } = changes[index]!
    if (!kind.startsWith(reservedKindPrefix) || store.startsWith('_')) continue
    try {
      take(effects, store, kind, payload, index)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      onMalformed(index)
    }
  }
  return effects
}

/** Takes one change to what the changes before it do. Throws an entry error if its payload cannot be read. */
function take(
  effects: Map<string, Effect>,
  store: string,
  kind: string,
  payload: Uint8Array,
  index: number,
): void {
  if (kind === changeKinds.put) {
    const { key, value, type, blob, replaces } = decodePut(payload)
    const effect = effectOn(effects, store, key)
    // Field by field, since there is one of these for most entries.
    effect.put = { key, value, type, blob, replaces, index }
    effect.replaces = replaces
  } else if (kind === changeKinds.delete) {
    const { key, replaces } = decodeDelete(payload)
    const effect = effectOn(effects, store, key)
    effect.put = undefined
    effect.replaces = replaces
  } else if (kind === changeKinds.add) {
    const add = decodeAdd(payload)
    effectOn(effects, store, add.key).adds.push(add)
  } else if (kind === changeKinds.text) {
    const text = decodeTextUpdate(payload)
    effectOn(effects, store, text.key).texts.push({ ...text, index })
  }
}

function effectOn(effects: Map<string, Effect>, store: string, key: string): Effect {
  const path = pathOf({ store, key })
  const known = effects.get(path)
  if (known !== undefined) return known
  const effect: Effect = { store, key, put: undefined, replaces: [], adds: [], texts: [] }
  effects.set(path, effect)
  return effect
}
