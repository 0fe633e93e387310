/** Converts between messages of StoreService and the values of `state`, both ways: for the service and for its client. */
import { create } from '@bufbuild/protobuf'
import {
  type Expectation as ExpectationMessage,
  type Item as ItemMessage,
  ItemSchema,
  type KeyChange,
  type Key as KeyMessage,
  type PastVersion as PastVersionMessage,
  PastVersionSchema,
  type ReadOptions as ReadOptionsMessage,
  VersionState,
} from '../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hexToBytes } from '../dag/hex.ts'
import { idToBytes } from '../dag/id.ts'
import type { StoreKey } from '../state/effects.ts'
import type { Item, PastVersion, ReadOptions, Version, VersionStanding } from '../state/reads.ts'
import type { Expectation, KeyWrite } from '../state/writer.ts'
import { readIds } from './convert.ts'

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

export function readExpectations(expect: readonly ExpectationMessage[]): Expectation[] {
  return expect.map(({ key, versions }) => ({
    ...readKey(key),
    heads: readIds(versions, 'versions', limits.stateHeads),
  }))
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
