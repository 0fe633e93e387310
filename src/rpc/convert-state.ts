/** Converts between messages of StoreService and the values of `state`, both ways: for the service and for its client. */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Expectation as ExpectationMessage,
  type Item as ItemMessage,
  ItemSchema,
  type KeyChange,
  KeyChangeSchema,
  type Key as KeyMessage,
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
import type { StoreKey } from '../state/effects.ts'
import { checkKey, checkValue } from '../state/payload.ts'
import type { Item, PastVersion, ReadOptions, Version, VersionStanding } from '../state/reads.ts'
import type { Expectation, KeyWrite } from '../state/writer.ts'
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
      return { put: { value: what.value.value, type: what.value.type } }
    case 'delete':
      return { delete: true }
    case 'add':
      return { add: Number(what.value.delta) }
    default:
      throw new CausewayError('INVALID_ARGUMENT', 'A change must be a put, a delete or an add.', {
        data: { field: 'what' },
      })
  }
}

/** Throws UNIMPLEMENTED for an update of a text, which no message carries. */
export function writeKeyChange({ store, key, action, replaces }: KeyWrite): KeyChange {
  if ('text' in action)
    throw new CausewayError('UNIMPLEMENTED', 'A text is written at the node that has it open.')
  const what: MessageInitShape<typeof KeyChangeSchema>['what'] =
    'put' in action
      ? { case: 'put', value: action.put }
      : 'add' in action
        ? { case: 'add', value: { delta: BigInt(action.add) } }
        : { case: 'delete', value: {} }
  return create(KeyChangeSchema, {
    key: { store, key },
    what,
    ...(replaces && { replaces: { entries: replaces.map(idToBytes) } }),
  })
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

export function writeItem({ store, key, version, conflicts, conflictCount }: Item): ItemMessage {
  return create(ItemSchema, {
    key: { store, key },
    ...(version && { value: writeVersion(version) }),
    conflicts: conflicts.map(writeVersion),
    conflictCount,
  })
}

function writeVersion({ id, author, createdAtMs, height, sum, ...bytes }: Version) {
  return {
    entry: idToBytes(id),
    author: hexToBytes(author),
    createdAtMs: BigInt(createdAtMs),
    height: BigInt(height),
    ...bytes,
    ...(sum !== undefined && { sum }),
  }
}

/** Reads an item of a remote. Throws INVALID_ARGUMENT or LIMIT_EXCEEDED for one that cannot be. */
export function readItem({ key, value, conflicts, conflictCount }: ItemMessage): Item {
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
  }
}

function readVersion({ entry, value, type, author, createdAtMs, height, sum }: VersionMessage): Version {
  checkValue({ value, type })
  return {
    id: readId(entry, 'entry'),
    author: readPeer(author, 'author'),
    createdAtMs: readCount(createdAtMs, 'created_at_ms'),
    height: readCount(height, 'height'),
    ...{ value, type, sum },
  }
}

const states: Record<VersionStanding, VersionState> = {
  head: VersionState.HEAD,
  replaced: VersionState.REPLACED,
  void: VersionState.VOID,
  deleted: VersionState.CHANGE,
}

export function writePast({ version, standing, replaces, added }: PastVersion): PastVersionMessage {
  return create(PastVersionSchema, {
    version: writeVersion(version),
    state: states[standing],
    replaces: replaces.map(idToBytes),
    ...(added !== undefined && { added }),
  })
}

/** Reads what an entry did to a key, from a remote. Throws INVALID_ARGUMENT or LIMIT_EXCEEDED for what cannot be. */
export function readPast({ version, state, replaces, added }: PastVersionMessage): PastVersion {
  const standing = (Object.keys(states) as VersionStanding[]).find((name) => states[name] === state)
  if (standing === undefined || version === undefined)
    throw new CausewayError('INVALID_ARGUMENT', 'A past version has a version and a state.')
  return {
    version: readVersion(version),
    ...{ standing, added },
    replaces: readIds(replaces, 'replaces', limits.stateNames),
  }
}
