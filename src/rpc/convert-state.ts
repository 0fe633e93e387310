/** Converts between messages of StoreService and the values of `state`, both ways: for the service and for its client. */

import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { Blob as BlobMessage } from '../../gen/causeway/v1/state_pb.ts'
import {
  type Expectation as ExpectationMessage,
  type Item as ItemMessage,
  ItemSchema,
  type KeyChange,
  KeyChangeSchema,
  type Key as KeyMessage,
  PastAction,
  type PastVersion as PastVersionMessage,
  PastVersionSchema,
  type ReadOptions as ReadOptionsMessage,
  type Version as VersionMessage,
  VersionState,
} from '../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hexToBytes } from '../dag/hex.ts'
import { idToBytes } from '../dag/id.ts'
import type { Item, PastVersion, ReadOptions, Version, VersionStanding } from '../state/api/items.ts'
import type { Expectation, KeyWrite } from '../state/api/write.ts'
import type { PastAction as PastActionName, StoreKey } from '../state/effects.ts'
import { type Blob, checkKey, checkValue } from '../state/payload.ts'
import { readCount, readId, readIds, readPeer } from './convert.ts'

/** Reads a key. Throws INVALID_ARGUMENT without one. */
export function readKey(key: KeyMessage | undefined): StoreKey {
  if (key === undefined)
    throw new CausewayError('INVALID_ARGUMENT', '`key` must be set.', { data: { field: 'key' } })
  return { store: key.store, key: key.key }
}

export function readReadOptions(read: ReadOptionsMessage | undefined, signal: AbortSignal): ReadOptions {
  return {
    at: readIds(read?.at ?? [], 'at', limits.stateTokens),
    waitMs: read?.waitMs || undefined,
    signal,
  }
}

/** Writes what a read waits for. On the wire 0 is the default, so no wait is a millisecond. */
export function writeReadOptions({ at = [], waitMs }: ReadOptions = {}) {
  const wait = waitMs === undefined ? 0 : Math.max(1, Math.min(Math.ceil(waitMs), limits.stateWaitMaxMs))
  return { at: at.map(idToBytes), waitMs: wait }
}

/** Reads the changes of a write. Throws INVALID_ARGUMENT for one that says nothing. */
export function readKeyChanges(changes: readonly KeyChange[]): KeyWrite[] {
  return changes.map(({ key, what, replaces }) => ({
    ...readKey(key),
    action: readAction(what),
    replaces: replaces && readIds(replaces.entries, 'replaces', limits.stateNames),
  }))
}

function readAction(what: KeyChange['what']): KeyWrite['action'] {
  switch (what.case) {
    case 'put':
      return {
        put: {
          ...{ value: what.value.value, type: what.value.type },
          ...(what.value.blob && { blob: readBlob(what.value.blob) }),
        },
      }
    case 'delete':
      return { delete: true }
    case 'add':
      return { add: Number(what.value.delta) }
    case 'edit':
      return { text: { session: what.value.session, update: what.value.update } }
    default:
      throw new CausewayError('INVALID_ARGUMENT', 'A change must be a put, a delete, an add or an edit.', {
        data: { field: 'what' },
      })
  }
}

export function writeKeyChange({ store, key, action, replaces }: KeyWrite): KeyChange {
  return create(KeyChangeSchema, {
    key: { store, key },
    what: writeAction(action),
    ...(replaces && { replaces: { entries: replaces.map(idToBytes) } }),
  })
}

function writeAction(action: KeyWrite['action']): MessageInitShape<typeof KeyChangeSchema>['what'] & {} {
  if ('put' in action) return { case: 'put', value: { ...action.put, ...writeBlob(action.put.blob) } }
  if ('add' in action) return { case: 'add', value: { delta: BigInt(action.add) } }
  return 'text' in action ? { case: 'edit', value: { ...action.text } } : { case: 'delete', value: {} }
}

/** Reads a blob. Throws INVALID_ARGUMENT without one. Its size is checked where it is used. */
export function readBlob(blob: BlobMessage | undefined): Blob {
  if (blob === undefined)
    throw new CausewayError('INVALID_ARGUMENT', '`blob` must be set.', { data: { field: 'blob' } })
  return { id: readId(blob.id, 'blob.id'), size: readCount(blob.size, 'blob.size') }
}

/** Returns the field of a message with a blob. */
export function writeBlob(blob: Blob | undefined) {
  return { blob: blob && { id: hexToBytes(blob.id), size: BigInt(blob.size) } }
}

export function readExpectations(expect: readonly ExpectationMessage[]): Expectation[] {
  return expect.map(({ key, versions }) => ({
    ...readKey(key),
    heads: readIds(versions, 'versions', limits.stateHeads),
  }))
}

export function writeExpectation({ store, key, heads }: Expectation) {
  return { key: { store, key }, versions: heads.map(idToBytes) }
}

export function writeItem({ store, key, version, conflicts, conflictCount, isText }: Item): ItemMessage {
  return create(ItemSchema, {
    key: { store, key },
    ...(version && { value: writeVersion(version) }),
    conflicts: conflicts.map(writeVersion),
    conflictCount,
    text: isText ?? false,
  })
}

function writeVersion({ id, author, createdAtMs, height, sum, value, type, blob }: Version) {
  return {
    entry: idToBytes(id),
    author: hexToBytes(author),
    createdAtMs: BigInt(createdAtMs),
    height: BigInt(height),
    ...{ value, type },
    ...writeBlob(blob),
    ...(sum !== undefined && { sum }),
  }
}

/** Reads an item of a remote. Throws INVALID_ARGUMENT or LIMIT_EXCEEDED for one that cannot be. */
export function readItem({ key, value, conflicts, conflictCount, text }: ItemMessage): Item {
  const storeKey = readKey(key)
  checkKey(storeKey.key)
  if (conflicts.length > Math.min(conflictCount, limits.stateHeads - 1))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A key of ${conflictCount} conflicts cannot show ${conflicts.length}.`,
    )
  return {
    ...storeKey,
    version: value && readVersion(value),
    conflicts: conflicts.map(readVersion),
    conflictCount,
    ...(text && { isText: true }),
  }
}

function readVersion(message: VersionMessage): Version {
  const { entry, value, type, author, createdAtMs, height, sum } = message
  const blob = message.blob && readBlob(message.blob)
  checkValue({ value, type, blob })
  return {
    id: readId(entry, 'entry'),
    author: readPeer(author, 'author'),
    createdAtMs: readCount(createdAtMs, 'created_at_ms'),
    height: readCount(height, 'height'),
    ...{ value, type, sum },
    ...(blob && { blob }),
  }
}

const states: Record<VersionStanding, VersionState> = {
  head: VersionState.HEAD,
  replaced: VersionState.REPLACED,
  void: VersionState.VOID,
  change: VersionState.CHANGE,
}

const actions: Record<PastActionName, PastAction> = {
  put: PastAction.PUT,
  delete: PastAction.DELETE,
  add: PastAction.ADD,
  text: PastAction.TEXT,
}

export function writePast({ version, action, standing, replaces, added }: PastVersion): PastVersionMessage {
  return create(PastVersionSchema, {
    version: writeVersion(version),
    action: actions[action],
    state: states[standing],
    replaces: replaces.map(idToBytes),
    ...(added !== undefined && { added }),
  })
}

/** Reads what an entry did to a key, from a remote. Throws INVALID_ARGUMENT or LIMIT_EXCEEDED for what cannot be. */
export function readPast({ version, action, state, replaces, added }: PastVersionMessage): PastVersion {
  const standing = nameIn(states, state)
  const did = nameIn(actions, action)
  if (standing === undefined || did === undefined || version === undefined)
    throw new CausewayError('INVALID_ARGUMENT', 'A past version has a version, a state and an action.')
  return {
    version: readVersion(version),
    ...{ action: did, standing, added },
    replaces: readIds(replaces, 'replaces', limits.stateNames),
  }
}

function nameIn<Name extends string>(values: Record<Name, number>, value: number): Name | undefined {
  return (Object.keys(values) as Name[]).find((name) => values[name] === value)
}
