/**
 * Checks and signs a write that a node has prepared for another key. The node fills in only what the caller left open:
 * the versions that a change replaces, and whether an add has to be a put. Everything else must be what was asked for. A
 * write that expects versions of the key which it changes can only replace these.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Change } from '../dag/body.ts'
import { compareBytes, utf8 } from '../dag/bytes.ts'
import { readBody, type VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import { checkPrepared, signPrepared } from '../dag/prepared.ts'
import type { KeyWrite, StateWrite } from './api/write.ts'
import { pathOf } from './effects.ts'
import { changeKinds, decodeAdd, decodeDelete, decodePut, type MapPut, zeroVersion } from './payload.ts'
import { encodeTextUpdate } from './text/payload.ts'

/** What a client asked a node to prepare. */
export interface AskedWrite {
  readonly tree: TreeId
  /** The key that will sign. */
  readonly author: PeerId
  readonly write: StateWrite
  /** As in `Asked`. */
  readonly nonce?: Uint8Array | undefined
  /** The client's wall clock, milliseconds since 1970. */
  readonly nowMs: number
}

/** Signs a prepared body that says what was asked for. Throws PROTOCOL for any other. */
export function signPreparedWrite(
  identity: Identity,
  bytes: Uint8Array,
  asked: Omit<AskedWrite, 'author'>,
): VerifiedEntry {
  const { tree, nonce, nowMs } = asked
  const changes = preparedChanges(bytes, asked.write)
  return signPrepared(identity, bytes, { ...{ tree, nonce, nowMs }, changes })
}

/** Throws PROTOCOL unless a prepared body says what was asked for: then its author may sign it. */
export function checkPreparedWrite(bytes: Uint8Array, { write, ...asked }: AskedWrite): void {
  checkPrepared(bytes, { ...asked, changes: preparedChanges(bytes, write) })
}

/** Returns the changes that a body which says what was asked for has. Throws PROTOCOL if they say otherwise. */
function preparedChanges(bytes: Uint8Array, { writes, other = [], expect = [] }: StateWrite): Change[] {
  const { changes } = safely(() => readBody(bytes))
  const seen = new Map(
    expect.filter(({ heads }) => heads.length <= limits.stateNames).map((each) => [pathOf(each), each.heads]),
  )
  const isAsked =
    changes.length === writes.length + other.length &&
    writes.every((asked, index) =>
      safely(() => says(changes[index]!, asked, asked.replaces ?? seen.get(pathOf(asked)))),
    )
  if (!isAsked)
    throw new CausewayError(
      'PROTOCOL',
      'The body that the node prepared changes other keys, or otherwise: do not sign it.',
    )
  return [...changes.slice(0, writes.length), ...other]
}

function safely<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw new CausewayError('PROTOCOL', `The node prepared a body that is not valid: ${String(error)}`, {
      cause: error,
    })
  }
}

/** Reports whether a change says what was asked for, and replaces these versions; undefined: any. */
function says(
  { store, kind, payload }: Change,
  { action, ...asked }: KeyWrite,
  replaces: readonly EntryId[] | undefined,
): boolean {
  if (store !== asked.store) return false
  const names = replaces && [...new Set(replaces)].sort().join()
  if ('delete' in action) {
    if (kind !== changeKinds.delete) return false
    const { key, replaces: named } = decodeDelete(payload)
    return key === asked.key && (names === undefined || names === named.join())
  }
  if ('text' in action) {
    const asks = { key: asked.key, ...action.text }
    return kind === changeKinds.text && compareBytes(payload, encodeTextUpdate(asks)) === 0
  }
  if ('add' in action && kind === changeKinds.add) {
    const { key, on, delta } = decodeAdd(payload)
    // Adds to no version name none.
    const named = on.length === 0 && names === zeroVersion ? zeroVersion : on.join()
    return key === asked.key && delta === action.add && (names === undefined || names === named)
  }
  if (kind !== changeKinds.put) return false
  // An add to a key of which nothing is left is put as the number.
  const put: Omit<MapPut, 'key' | 'replaces'> =
    'put' in action ? action.put : { value: utf8(String(action.add)), type: 'text/plain' }
  const { key, value, type, blob, replaces: named } = decodePut(payload)
  const isNamed = names === undefined ? 'put' in action || named.length === 0 : names === named.join()
  const isBlob = blob?.id === put.blob?.id && blob?.size === put.blob?.size
  return key === asked.key && type === put.type && compareBytes(value, put.value) === 0 && isBlob && isNamed
}
