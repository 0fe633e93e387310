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

/** Names a key in maps: neither part contains U+0000. */
export const pathOf = ({ store, key }: StoreKey): string => `${store}\0${key}`

/** Reports whether an entry may change keys at all. */
export function touchesState(changes: readonly Change[]): boolean {
  return changes.some(({ kind }) => kind.startsWith(reservedKindPrefix))
}

/**
 * Returns what the changes of one entry do, by `pathOf`. `onMalformed` is called with the number of each change whose
 * payload cannot be read; it counts for nothing.
 */
export function effectsOf(
  changes: readonly Change[],
  onMalformed: (index: number) => void = () => {},
): ReadonlyMap<string, Effect> {
  const effects = new Map<string, Effect>()
  const effectOn = (store: string, key: string): Effect => {
    const path = pathOf({ store, key })
    const known = effects.get(path)
    if (known !== undefined) return known
    const effect: Effect = { store, key, put: undefined, replaces: [], adds: [], texts: [] }
    effects.set(path, effect)
    return effect
  }
  for (const [index, { store, kind, payload }] of changes.entries()) {
    if (!kind.startsWith(reservedKindPrefix) || store.startsWith('_')) continue
    try {
      if (kind === changeKinds.put) {
        const put = decodePut(payload)
        const effect = effectOn(store, put.key)
        effect.put = { ...put, index }
        effect.replaces = put.replaces
      } else if (kind === changeKinds.delete) {
        const { key, replaces } = decodeDelete(payload)
        const effect = effectOn(store, key)
        effect.put = undefined
        effect.replaces = replaces
      } else if (kind === changeKinds.add) {
        const add = decodeAdd(payload)
        effectOn(store, add.key).adds.push(add)
      } else if (kind === changeKinds.text) {
        const text = decodeTextUpdate(payload)
        effectOn(store, text.key).texts.push({ ...text, index })
      }
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      onMalformed(index)
    }
  }
  return effects
}
