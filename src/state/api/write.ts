/** One entry to write, as programs ask for it: changes of keys, and what must hold before. */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Change } from '../../dag/body.ts'
import type { EntryId } from '../../dag/id.ts'
import type { StoreKey } from '../effects.ts'
import { checkDelta, checkKey, checkValue, type MapPut } from '../payload.ts'
import { checkTextUpdate, type TextUpdate } from '../text/payload.ts'

/** What to do with a key. */
export type KeyAction =
  | { readonly put: Pick<MapPut, 'value' | 'type' | 'blob'> }
  | { readonly delete: true }
  | { readonly add: number }
  | { readonly text: Omit<TextUpdate, 'key'> }

/** A change to one key. */
export interface KeyWrite extends StoreKey {
  readonly action: KeyAction
  /** The versions to replace, or to add to. Default: those that the view shows, at most `limits.stateNames`. */
  readonly replaces?: readonly EntryId[] | undefined
}

/** Exactly the heads of a key; none: it is absent. */
export interface Expectation extends StoreKey {
  readonly heads: readonly EntryId[]
}

/** One entry to write. */
export interface StateWrite {
  readonly writes: readonly KeyWrite[]
  /** Changes that are opaque here. */
  readonly other?: readonly Change[] | undefined
  readonly expect?: readonly Expectation[] | undefined
  /** Whether to resolve only once the entry is flushed to the disk. Default: false. */
  readonly durable?: boolean | undefined
}

/** Checks what does not depend on the tree. Throws ENTRY_CHANGES, LIMIT_EXCEEDED and INVALID_ARGUMENT. */
export function checkWrite({ writes, other = [], expect = [] }: StateWrite): void {
  const changes = writes.length + other.length
  if (changes === 0 || changes > limits.entryChanges)
    throw new CausewayError(
      'ENTRY_CHANGES',
      `A write has 1 to ${limits.entryChanges} changes, got ${changes}.`,
    )
  if (expect.length > limits.stateExpectations)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A write expects the versions of at most ${limits.stateExpectations} keys, got ${expect.length}.`,
    )
  for (const { store } of [...writes, ...other])
    if (store.startsWith('_'))
      throw new CausewayError(
        'ENTRY_CHANGES',
        `Stores whose names begin with "_" are reserved, got ${store}.`,
      )
  for (const { kind } of other)
    if (kind.startsWith('cw.'))
      throw new CausewayError('ENTRY_CHANGES', `Kinds that begin with "cw." are reserved, got ${kind}.`)
  for (const { key } of expect) checkKey(key)
  for (const { key, action, replaces = [] } of writes) {
    checkKey(key)
    if ('put' in action) checkValue(action.put)
    else if ('add' in action) checkDelta(action.add)
    else if ('text' in action) checkTextUpdate(action.text)
    if (replaces.length > limits.stateNames || new Set(replaces).size < replaces.length)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A change replaces at most ${limits.stateNames} versions, each once, got ${replaces.length}.`,
      )
  }
}
