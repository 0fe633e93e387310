/**
 * How a tree's view lies in the database, beside the DAG. Keys begin with a lower-case letter for their kind and the
 * tree's local number; `key` stands for the store's name, 00, the key, 00.
 *
 *   v number                        view     clearing(1) cursor(8) flips(48): how far it counts
 *   k number key                    key      its heads, the first with its value (key-state.ts)
 *   h number key rank(40)           head     those past the first limits.stateHeads: change(2) adds(9)
 *   w number key rank(40)           version  what an entry does to the key; newest first. 01: updates its text
 *   n number key id(32)             name     of a version that was named while it was no head: replaced(1) adds(9)
 *   b number blob(32) size(8)       blob     that a put names: void(1) author(32)
 *   f number sequence(8) height(8) id(32)    entry that became void, or no longer void, at this arrival
 *
 * Values end with a checksum. A rank is the complement of height(8) id(32), so that the greatest comes first. Numbers are big-endian.
 */
import { CausewayError } from '../base/errors.ts'
import type { EntryId, Position } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { checksumBytes, isSealed, seal, seedOfKey } from '../store/database/checksum.ts'
import type { StoreKey } from './effects.ts'
import type { Blob } from './payload.ts'

const kinds = {
  view: 0x76,
  key: 0x6b,
  head: 0x68,
  version: 0x77,
  name: 0x6e,
  flip: 0x66,
  blob: 0x62,
} as const

/** A range of keys. */
export interface Range {
  readonly gte: Buffer
  readonly lt: Buffer
}

/** The ranges of the rows of all views. */
export const rangesOfAllViews: readonly Range[] = Object.values(kinds).map((kind) => ({
  gte: Buffer.from([kind]),
  lt: Buffer.from([kind + 1]),
}))

const positionBytes = 40

function treePrefix(kind: number, number: number): Buffer {
  const prefix = Buffer.allocUnsafe(5)
  prefix[0] = kind
  prefix.writeUInt32BE(number, 1)
  return prefix
}

/** Returns the range of all keys that begin with `prefix`. */
function rangeOf(prefix: Buffer): Range {
  const lt = Buffer.from(prefix)
  // No prefix consists of FF alone, since it begins with a letter.
  for (let index = lt.length - 1; index >= 0; index--) {
    if (lt[index] === 0xff) continue
    lt[index]!++
    return { gte: prefix, lt: lt.subarray(0, index + 1) }
  }
  throw new CausewayError('INTERNAL', 'A range begins with a letter.')
}

const rangesOf = (number: number, some: readonly number[]) =>
  some.map((kind) => rangeOf(treePrefix(kind, number)))

/** The ranges of everything that a tree's view consists of. */
export const viewRanges = (number: number): Range[] => rangesOf(number, Object.values(kinds))
/** Those of what is computed again when a view is counted anew. */
export const countedRanges = (number: number): Range[] =>
  rangesOf(number, [kinds.key, kinds.head, kinds.version, kinds.name, kinds.blob])

export const viewKey = (number: number): Buffer => treePrefix(kinds.view, number)
export const allViews: Range = rangeOf(Buffer.from([kinds.view]))
export const numberOfViewKey = (key: Buffer): number => key.readUInt32BE(1)

/** How far a view counts. */
export interface ViewRecord {
  /** The last arrival that it counts. */
  readonly cursor: number
  /** The key of the last flip that it took into account, without its first five bytes; empty if none. */
  readonly flips: Buffer
  /** Whether the rows of an earlier view have to be deleted first. */
  readonly clearing: boolean
}

export function encodeView({ cursor, flips, clearing }: ViewRecord): Buffer {
  const value = Buffer.alloc(9)
  value[0] = clearing ? 1 : 0
  value.writeBigUInt64BE(BigInt(cursor), 1)
  return Buffer.concat([value, flips])
}

export function decodeView(value: Buffer): ViewRecord {
  if (value.length !== 9 && value.length !== 57) refuseRow('view')
  return { clearing: value[0] === 1, cursor: Number(value.readBigUInt64BE(1)), flips: value.subarray(9) }
}

/** Throws STORE_CORRUPT for a row that this layout does not write. */
export function refuseRow(kind: string): never {
  throw new CausewayError(
    'STORE_CORRUPT',
    `A row of the kind ${kind} cannot be read: run \`causeway repair\` on its tree.`,
  )
}

/** Returns a row's value with its checksum at the end. */
export function sealRow(rowKey: Buffer, value: Buffer): Buffer {
  return sealInPlace(rowKey, Buffer.concat([value, Buffer.alloc(checksumBytes)]))
}

/** Writes the checksum of a row into the last bytes of its value. */
export function sealInPlace(rowKey: Buffer, value: Buffer): Buffer {
  return seal(value, seedOfKey(rowKey))
}

/** Returns a row's value without its checksum. Throws STORE_CORRUPT. */
export function openRow(rowKey: Buffer, value: Buffer): Buffer {
  if (!isSealed(value, seedOfKey(rowKey))) refuseRow('state')
  return value.subarray(0, value.length - checksumBytes)
}

/** Returns the part of a row's key that names a key. */
export function keyBytes({ store, key }: StoreKey): Buffer {
  return Buffer.from(`${store}\0${key}\0`)
}

/** Returns a row's key, at the end of which `more` bytes are to be written. */
function row(kind: number, number: number, key: Buffer, more = 0): Buffer {
  const bytes = Buffer.allocUnsafe(5 + key.length + more)
  bytes[0] = kind
  bytes.writeUInt32BE(number, 1)
  bytes.set(key, 5)
  return bytes
}

export const keyRow = (number: number, key: Buffer): Buffer => row(kinds.key, number, key)

/** Returns the row of the key with this `pathOf`. */
export function rowOfPath(number: number, path: string): Buffer {
  const length = Buffer.byteLength(path)
  const bytes = Buffer.allocUnsafe(6 + length)
  bytes[0] = kinds.key
  bytes.writeUInt32BE(number, 1)
  bytes.write(path, 5)
  bytes[5 + length] = 0
  return bytes
}

/** Returns `keyBytes` of the key that a row is about. */
export const keyOfRow = (rowKey: Buffer): Buffer => rowKey.subarray(5)

export function storeKeyOf(rowKey: Buffer): StoreKey {
  const end = rowKey.indexOf(0, 5)
  return { store: rowKey.toString('utf8', 5, end), key: rowKey.toString('utf8', end + 1, rowKey.length - 1) }
}

/** Returns the key of a version's row. */
export const storeKeyOfVersion = (rowKey: Buffer): StoreKey =>
  storeKeyOf(rowKey.subarray(0, rowKey.length - positionBytes))

/** The rows of the keys of a store that begin with `prefix`, or that come after `after`. */
export const keyRange = (number: number, store: string, prefix?: string, after?: string): Range =>
  keysAfter(kinds.key, number, store, prefix, after)
/** The versions of these keys. */
export const versionsAfter = (number: number, store: string, prefix?: string, after?: string): Range =>
  keysAfter(kinds.version, number, store, prefix, after)

function keysAfter(kind: number, number: number, store: string, prefix = '', after?: string): Range {
  const { gte, lt } = rangeOf(row(kind, number, Buffer.from(`${store}\0${prefix}`)))
  if (after === undefined) return { gte, lt }
  // A key's row ends with 00, so 01 comes after it, and before every longer key that has no 00.
  const start = row(kind, number, Buffer.from(`${store}\0${after}\x01`))
  return { gte: Buffer.compare(start, gte) > 0 ? start : gte, lt }
}

/** The rows of the keys of all stores after a store. */
export const storesAfter = (number: number, store: string): Range => after(kinds.key, number, store)
/** The versions of all of them. */
export const versionsOfStoresAfter = (number: number, store: string): Range =>
  after(kinds.version, number, store)

function after(kind: number, number: number, store: string): Range {
  const { gte, lt } = rangeOf(treePrefix(kind, number))
  return { gte: store === '' ? gte : row(kind, number, Buffer.from(`${store}\x01`)), lt }
}

function rankedRow(kind: number, number: number, key: Buffer, position: Position): Buffer {
  return withRank(row(kind, number, key, positionBytes), position)
}

/** Writes a rank into the last bytes of a row's key. */
function withRank(bytes: Buffer, { height, id }: Position): Buffer {
  const start = bytes.length - positionBytes
  bytes.writeUInt32BE(Math.floor(height / 0x1_0000_0000), start)
  bytes.writeUInt32BE(height % 0x1_0000_0000, start + 4)
  bytes.write(id, start + 8, 'hex')
  for (let index = start; index < bytes.length; index++) bytes[index] = ~bytes[index]! & 0xff
  return bytes
}

/** Returns the position at the end of a row's key. */
export function rankOf(rowKey: Buffer): Position {
  const rank = Buffer.from(rowKey.subarray(rowKey.length - positionBytes))
  for (let index = 0; index < positionBytes; index++) rank[index] = ~rank[index]! & 0xff
  return { height: Number(rank.readBigUInt64BE(0)), id: rank.toString('hex', 8) as EntryId }
}

export const headRow = (number: number, key: Buffer, position: Position): Buffer =>
  rankedRow(kinds.head, number, key, position)
export const headRange = (number: number, key: Buffer): Range => rangeOf(row(kinds.head, number, key))

const versionRow = (number: number, key: Buffer, position: Position): Buffer =>
  rankedRow(kinds.version, number, key, position)
/** Returns the row of a version of the key whose own row this is. */
export function versionOfRow(keyRow: Buffer, position: Position): Buffer {
  const bytes = Buffer.allocUnsafe(keyRow.length + positionBytes)
  bytes.set(keyRow)
  bytes[0] = kinds.version
  return withRank(bytes, position)
}

/** The versions of a key, newest first, after a position. */
export function versionRange(number: number, key: Buffer, after?: Position): Range {
  const { gte, lt } = rangeOf(row(kinds.version, number, key))
  if (after === undefined) return { gte, lt }
  return { gte: Buffer.concat([versionRow(number, key, after), Buffer.from([0])]), lt }
}

export function nameRow(number: number, key: Buffer, id: EntryId): Buffer {
  const bytes = row(kinds.name, number, key, 32)
  bytes.write(id, bytes.length - 32, 'hex')
  return bytes
}
export const nameRange = (number: number, key: Buffer): Range => rangeOf(row(kinds.name, number, key))

export function flipRow(number: number, sequence: number, { height, id }: Position): Buffer {
  const rest = Buffer.allocUnsafe(48)
  rest.writeBigUInt64BE(BigInt(sequence))
  rest.writeBigUInt64BE(BigInt(height), 8)
  rest.write(id, 16, 'hex')
  return Buffer.concat([treePrefix(kinds.flip, number), rest])
}

/** The flips after one, and up to an arrival. */
export function flipRange(number: number, after: Buffer, through: number): Range {
  const prefix = treePrefix(kinds.flip, number)
  const end = Buffer.alloc(8)
  end.writeBigUInt64BE(BigInt(through) + 1n)
  return {
    gte: after.length === 0 ? prefix : Buffer.concat([prefix, after, Buffer.from([0])]),
    lt: Buffer.concat([prefix, end]),
  }
}

/** Stands for the last flip of an arrival, as `after` of `flipRange`. */
export function flipsAfter(sequence: number): Buffer {
  const after = Buffer.alloc(48, 0xff)
  after.writeBigUInt64BE(BigInt(sequence))
  return after
}

export function flipOf(rowKey: Buffer): { rest: Buffer; sequence: number; position: Position } {
  const rest = rowKey.subarray(5)
  return {
    rest,
    sequence: Number(rest.readBigUInt64BE(0)),
    position: { height: Number(rest.readBigUInt64BE(8)), id: rest.toString('hex', 16) as EntryId },
  }
}

/** Who names a blob. */
export interface BlobNamed {
  /** Whether only entries name it that were void when they came. */
  readonly isVoid: boolean
  /** The author of one of the entries that name it. */
  readonly author: PeerId
}

export function blobRow(number: number, { id, size }: Blob): Buffer {
  const rest = Buffer.allocUnsafe(40)
  rest.write(id, 'hex')
  rest.writeBigUInt64BE(BigInt(size), 32)
  return row(kinds.blob, number, rest)
}

export function blobOf(rowKey: Buffer): Blob {
  return { id: rowKey.toString('hex', 5, 37), size: Number(rowKey.readBigUInt64BE(37)) }
}

export const blobRange = (number: number): Range => rangeOf(treePrefix(kinds.blob, number))

export function encodeNamed({ isVoid, author }: BlobNamed): Buffer {
  return Buffer.concat([Buffer.of(isVoid ? 1 : 0), Buffer.from(author, 'hex')])
}

/** Throws STORE_CORRUPT. */
export function decodeNamed(rowKey: Buffer, sealed: Buffer): BlobNamed {
  const value = openRow(rowKey, sealed)
  return { isVoid: value[0] === 1, author: value.toString('hex', 1) as PeerId }
}
