/**
 * How the DAG lies in a sorted key-value store. Most keys begin with a letter for their kind and the tree's local
 * number, so that reading a tree parents first, reading it by arrival, and reading its tips each take one scan:
 *
 *   F                        format          JSON { format }
 *   T tree(32)               tree            number(4) count(8) bytes(8) height(8) sequence(8)
 *                                            tips(8) tipSum(8) policies(4) points(4)
 *   E number height(8) id    entry           signature(64) ‖ body
 *   I id(32)                 index           number(4) height(8) sequence(8) size(4) after(4) parents(32 each)
 *   A number sequence(8)     arrival         height(8) id(32)
 *   P number id(32)          tip             height(8)
 *   O number height(8) id    policy entry    point(4) points of the grants that support it(4 each)
 *   G number point(4)        policy point    policy entries(32 each)
 *   V number height(8) id    void entry
 *   S number                 the void marks are out of date
 *   R tree(32)               removal         the tree's record as it was: the tree is gone, but not all of its records
 *   N                        least number that no tree has had, if a tree was removed: number(4)
 *
 * Numbers are big-endian. Every value but those of F, E, V and S ends with a checksum(4) (see checksum.ts); that of an
 * entry is its id. Other parts of the node keep their records in sublevels, whose keys begin with "!".
 */

import { CausewayError } from '../../base/errors.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { IndexRecord, PolicyRecord, TreeRecord } from '../engine/records.ts'
import { checksumBytes, isSealed, seal, seedOfId } from './checksum.ts'

/** The first byte of each kind of key. */
const kinds = {
  ...{ format: 0x46, tree: 0x54, entry: 0x45, index: 0x49, arrival: 0x41, tip: 0x50 },
  ...{ policy: 0x4f, point: 0x47, void: 0x56, stale: 0x53 },
  ...{ removal: 0x52, unused: 0x4e },
} as const

function writeUint64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset)
  target.writeUInt32BE(value % 0x1_0000_0000, offset + 4)
}

function readUint64(source: Buffer, offset: number): number {
  const high = source.readUInt32BE(offset)
  const low = source.readUInt32BE(offset + 4)
  // A product would make every number a double, and give V8 two shapes of records: these and those counted in memory.
  return high === 0 ? low : high * 0x1_0000_0000 + low
}

/** Throws STORE_CORRUPT unless a record has a length that this layout writes, and its checksum. */
function checkRecord(kind: string, value: Buffer, hasLength: boolean, seed: number): void {
  if (hasLength && isSealed(value, seed)) return
  throw new CausewayError(
    'STORE_CORRUPT',
    `A record of the kind "${kind}" is damaged: run \`causeway repair\`, which checks every tree.`,
  )
}

export const formatKey = Buffer.from([kinds.format])

export function treeKey(tree: TreeId): Buffer {
  const key = Buffer.allocUnsafe(33)
  key[0] = kinds.tree
  key.write(tree, 1, 'hex')
  return key
}

export const treeRange = { gte: Buffer.from([kinds.tree]), lt: Buffer.from([kinds.tree + 1]) }

export function removalKey(tree: TreeId): Buffer {
  const key = treeKey(tree)
  key[0] = kinds.removal
  return key
}

export const removalRange = { gte: Buffer.from([kinds.removal]), lt: Buffer.from([kinds.removal + 1]) }

/** The key of the least number that no tree has had. */
export const unusedKey = Buffer.from([kinds.unused])

export function encodeNumber(number: number): Buffer {
  const value = Buffer.allocUnsafe(4 + checksumBytes)
  value.writeUInt32BE(number, 0)
  return seal(value, kinds.unused)
}

export function decodeNumber(value: Buffer): number {
  checkRecord('number', value, value.length === 4 + checksumBytes, kinds.unused)
  return value.readUInt32BE(0)
}

export function treeOfKey(key: Buffer): TreeId {
  return key.toString('hex', 1, 33) as TreeId
}

/** Bytes of a tree's record. */
const treeBytes = 60 + checksumBytes

export function encodeTree(tree: TreeId, record: TreeRecord): Buffer {
  const value = Buffer.allocUnsafe(treeBytes)
  value.writeUInt32BE(record.number, 0)
  writeUint64(value, record.count, 4)
  writeUint64(value, record.bytes, 12)
  writeUint64(value, record.height, 20)
  writeUint64(value, record.sequence, 28)
  writeUint64(value, record.tips, 36)
  writeUint64(value, record.tipSum, 44)
  value.writeUInt32BE(record.policies, 52)
  value.writeUInt32BE(record.points, 56)
  return seal(value, seedOfId(tree))
}

export function decodeTree(tree: TreeId, value: Buffer): TreeRecord {
  checkRecord('tree', value, value.length === treeBytes, seedOfId(tree))
  return {
    number: value.readUInt32BE(0),
    count: readUint64(value, 4),
    bytes: readUint64(value, 12),
    height: readUint64(value, 20),
    sequence: readUint64(value, 28),
    tips: readUint64(value, 36),
    tipSum: readUint64(value, 44),
    policies: value.readUInt32BE(52),
    points: value.readUInt32BE(56),
  }
}

export const entryKey = (number: number, position: Position) => positionKey(kinds.entry, number, position)

function positionKey(kind: number, number: number, { height, id }: Position): Buffer {
  const key = Buffer.allocUnsafe(positionKeyBytes)
  key[0] = kind
  key.writeUInt32BE(number, 1)
  writeUint64(key, height, 5)
  key.write(id, 13, 'hex')
  return key
}

/** Bytes of the key of an entry, a policy entry or a void mark. */
export const positionKeyBytes = 45
/** Bytes of an entry's key up to and including its height. */
const heightKeyBytes = 13

/** The least key of a tree's entries of a height. */
export function heightKey(number: number, height: number): Buffer {
  return entryKey(number, { height, id: '' as EntryId }).subarray(0, heightKeyBytes)
}

export function positionOfKey(key: Buffer): Position {
  return { height: readUint64(key, 5), id: key.toString('hex', 13, 45) as EntryId }
}

/** The range of all keys of one kind and tree. */
function range(kind: number, number: number): { gte: Buffer; lt: Buffer } {
  const gte = Buffer.allocUnsafe(5)
  gte[0] = kind
  gte.writeUInt32BE(number, 1)
  const lt = Buffer.from(gte)
  if (number === 0xffff_ffff) lt[0] = kind + 1
  else lt.writeUInt32BE(number + 1, 1)
  return { gte, lt }
}

export const allEntries = { gte: Buffer.from([kinds.entry]), lt: Buffer.from([kinds.entry + 1]) }

/** Returns a tree's number from the key of an entry, or of another record that lies by the number. */
export function numberOfKey(key: Buffer): number {
  return key.readUInt32BE(1)
}

export const entryRange = (number: number) => range(kinds.entry, number)
export const tipRange = (number: number) => range(kinds.tip, number)
export const arrivalRange = (number: number) => range(kinds.arrival, number)
export const policyRange = (number: number) => range(kinds.policy, number)
export const pointRange = (number: number) => range(kinds.point, number)
export const voidRange = (number: number) => range(kinds.void, number)

/** The ranges of a tree's records that follow from its entries and lie by its number, but for its arrivals. */
export const derivedRanges = [
  tipRange,
  policyRange,
  pointRange,
  voidRange,
  (number: number) => staleRange(number),
]

export function encodeEntry({ body, signature }: SignedEntry): Buffer {
  const value = Buffer.allocUnsafe(signature.length + body.length)
  value.set(signature)
  value.set(body, signature.length)
  return value
}

export function decodeEntry(value: Buffer): SignedEntry {
  return { signature: value.subarray(0, 64), body: value.subarray(64) }
}

export function indexKey(id: EntryId): Buffer {
  const key = Buffer.allocUnsafe(33)
  key[0] = kinds.index
  key.write(id, 1, 'hex')
  return key
}

export const indexRange = { gte: Buffer.from([kinds.index]), lt: Buffer.from([kinds.index + 1]) }

/** The least key of index records whose ids begin with these hex digits. */
export function indexPrefix(prefix: string): Buffer {
  return Buffer.concat([indexRange.gte, Buffer.from(prefix, 'hex')])
}

export function idOfIndexKey(key: Buffer): EntryId {
  return key.toString('hex', 1, 33) as EntryId
}

export function encodeIndex(id: EntryId, record: IndexRecord): Buffer {
  const value = Buffer.allocUnsafe(indexBytes + 32 * record.parents.length)
  value.writeUInt32BE(record.number, 0)
  writeUint64(value, record.height, 4)
  writeUint64(value, record.sequence, 12)
  value.writeUInt32BE(record.size, 20)
  value.writeUInt32BE(record.after, 24)
  let offset = 28
  for (const parent of record.parents) offset += value.write(parent, offset, 'hex')
  return seal(value, seedOfId(id))
}

/** Bytes of an index record without parents. */
const indexBytes = 28 + checksumBytes

export function decodeIndex(id: EntryId, value: Buffer): IndexRecord {
  checkRecord(
    'index',
    value,
    value.length >= indexBytes && value.length % 32 === indexBytes % 32,
    seedOfId(id),
  )
  const parents: EntryId[] = []
  for (let offset = 28; offset < value.length - checksumBytes; offset += 32)
    parents.push(value.toString('hex', offset, offset + 32) as EntryId)
  return {
    number: value.readUInt32BE(0),
    height: readUint64(value, 4),
    sequence: readUint64(value, 12),
    size: value.readUInt32BE(20),
    after: value.readUInt32BE(24),
    parents,
  }
}

export function tipKey(number: number, id: EntryId): Buffer {
  const key = Buffer.allocUnsafe(37)
  key[0] = kinds.tip
  key.writeUInt32BE(number, 1)
  key.write(id, 5, 'hex')
  return key
}

export function tipOfKey(key: Buffer): EntryId {
  return key.toString('hex', 5, 37) as EntryId
}

export function encodeHeight(tip: EntryId, height: number): Buffer {
  const value = Buffer.allocUnsafe(8 + checksumBytes)
  writeUint64(value, height, 0)
  return seal(value, seedOfId(tip))
}

export function decodeHeight(tip: EntryId, value: Buffer): number {
  checkRecord('tip', value, value.length === 8 + checksumBytes, seedOfId(tip))
  return readUint64(value, 0)
}

export const policyKey = (number: number, position: Position) => positionKey(kinds.policy, number, position)

export function encodePolicy(entry: EntryId, { point, supports }: PolicyRecord): Buffer {
  const value = Buffer.allocUnsafe(4 + 4 * supports.length + checksumBytes)
  value.writeUInt32BE(point, 0)
  for (let index = 0; index < supports.length; index++) value.writeUInt32BE(supports[index]!, 4 + 4 * index)
  return seal(value, seedOfId(entry))
}

export function decodePolicy(entry: EntryId, value: Buffer): PolicyRecord {
  const end = value.length - checksumBytes
  checkRecord('policy entry', value, end >= 4 && end % 4 === 0, seedOfId(entry))
  const supports: number[] = []
  for (let offset = 4; offset < end; offset += 4) supports.push(value.readUInt32BE(offset))
  return { point: value.readUInt32BE(0), supports }
}

export const voidKey = (number: number, position: Position) => positionKey(kinds.void, number, position)
const staleRange = (number: number) => range(kinds.stale, number)
export const staleKey = (number: number) => staleRange(number).gte

export function pointKey(number: number, point: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = kinds.point
  key.writeUInt32BE(number, 1)
  key.writeUInt32BE(point, 5)
  return key
}

/** Returns the number of a point from its key. */
export function pointOfKey(key: Buffer): number {
  return key.readUInt32BE(5)
}

export function encodeMembers(point: number, ids: readonly EntryId[]): Buffer {
  return seal(Buffer.concat([Buffer.from(ids.join(''), 'hex'), Buffer.alloc(checksumBytes)]), point)
}

export function decodeMembers(point: number, value: Buffer): EntryId[] {
  const length = value.length - checksumBytes
  checkRecord('policy point', value, length > 0 && length % 32 === 0, point)
  return Array.from({ length: length / 32 }, (_, index) =>
    value.toString('hex', 32 * index, 32 * index + 32),
  ) as EntryId[]
}

export function arrivalKey(number: number, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(13)
  key[0] = kinds.arrival
  key.writeUInt32BE(number, 1)
  writeUint64(key, sequence, 5)
  return key
}

export function sequenceOfKey(key: Buffer): number {
  return readUint64(key, 5)
}

/** Bytes of the value of an arrival. */
const positionBytes = 40 + checksumBytes

export function encodePosition(sequence: number, { height, id }: Position): Buffer {
  const value = Buffer.allocUnsafe(positionBytes)
  writeUint64(value, height, 0)
  value.write(id, 8, 'hex')
  return seal(value, sequence)
}

export function decodePosition(sequence: number, value: Buffer): Position {
  checkRecord('arrival', value, value.length === positionBytes, sequence)
  return { height: readUint64(value, 0), id: value.toString('hex', 8, 40) as EntryId }
}
