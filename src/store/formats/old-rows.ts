/**
 * What each row of a store in an older format becomes in the present one. Keys stay as they are, and so do entries, since
 * their signatures cover their bytes; so each row can be migrated by itself.
 *
 *   format 2   has no checksums, and the record of a tree does not count its tips and policy entries
 *   format 1   as 2, and a tree's policy is that of its root alone: index records have no point, and there are no
 *              records of policy entries and points
 *
 * Records of other parts of the node, whose keys begin with "!", are JSON, and get a checksum. Those that can be made
 * anew are deleted: sketches, hints of equality and the peers that policies name.
 */
import type { EntryId } from '../../dag/id.ts'
import { checksumBytes, seal, seedOfId, seedOfKey } from '../database/checksum.ts'
import type { Database } from '../database/database.ts'
import * as layout from '../database/layout.ts'
import { addTip, type TreeRecord } from '../engine/records.ts'

/** A row to write, or a key to delete. */
export type RowChange =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer }

/** What an old row becomes. Undefined: it is damaged, and stays as it is, so that the opening finds and notes it. */
export type Converted = readonly RowChange[] | undefined

const derived = new Set(['sketch', 'equal', 'named'])
/** Bytes of a tree's record in the formats 1 and 2. */
export const oldTreeBytes = 36

/** Returns what a row of a store in the format `from` becomes. Reads keys of the database, and writes nothing. */
export async function convertRow(db: Database, from: number, key: Buffer, value: Buffer): Promise<Converted> {
  switch (String.fromCharCode(key[0]!)) {
    case '!':
      return convertRecord(key, value)
    case 'A':
      return sealed(key, value, value.length === 40, layout.sequenceOfKey(key))
    case 'G':
      return sealed(key, value, value.length > 0 && value.length % 32 === 0, layout.pointOfKey(key))
    case 'I':
      return convertIndex(from, key, value)
    case 'N':
      return value.length === 4 ? [put(key, layout.encodeNumber(value.readUInt32BE(0)))] : undefined
    case 'O':
      return sealed(key, value, value.length === 4, seedOfId(layout.positionOfKey(key).id))
    case 'P':
      return sealed(key, value, value.length === 8, seedOfId(layout.tipOfKey(key)))
    case 'R':
    case 'T':
      return value.length === oldTreeBytes ? convertTree(db, from, key, value) : undefined
    default:
      return []
  }
}

function put(key: Buffer, value: Buffer): RowChange {
  return { type: 'put', key, value }
}

/** Returns a row with its checksum, if the length of its value is right. */
function sealed(key: Buffer, value: Buffer, isWhole: boolean, seed: number): Converted {
  return isWhole ? [put(key, seal(Buffer.concat([value, Buffer.alloc(checksumBytes)]), seed))] : undefined
}

/** The key of a record is "!", the name of its kind, "!", and the record's own key. */
function convertRecord(key: Buffer, value: Buffer): Converted {
  const end = key.indexOf('!', 1)
  if (end < 0) return undefined
  if (derived.has(key.toString('latin1', 1, end))) return [{ type: 'del', key }]
  return sealed(key, value, isJson(value), seedOfKey(key.subarray(end + 1)))
}

function isJson(value: Buffer): boolean {
  try {
    return typeof JSON.parse(value.toString()) === 'object'
  } catch {
    return false
  }
}

function convertIndex(from: number, key: Buffer, value: Buffer): Converted {
  const seed = seedOfId(layout.idOfIndexKey(key))
  if (from >= 2) return sealed(key, value, value.length >= 28 && value.length % 32 === 28, seed)
  // The point after an entry is that of the root's policy, number 0.
  const withPoint = Buffer.concat([value.subarray(0, 24), Buffer.alloc(4), value.subarray(24)])
  return sealed(key, withPoint, value.length >= 24 && value.length % 32 === 24, seed)
}

/** Returns the counts of a tree's record, which lie at the same place in every format. */
export function readCounts(value: Buffer): Pick<TreeRecord, 'count' | 'bytes' | 'height' | 'sequence'> {
  const [count, bytes, height, sequence] = [4, 12, 20, 28].map((at) => Number(value.readBigUInt64BE(at)))
  return { count: count!, bytes: bytes!, height: height!, sequence: sequence! }
}

/** Counts what the record of a tree did not say. The counted rows have the same keys in every format. */
async function convertTree(db: Database, from: number, key: Buffer, value: Buffer): Promise<Converted> {
  const tree = layout.treeOfKey(key)
  const number = value.readUInt32BE(0)
  let [tips, tipSum] = [0, 0]
  for await (const tip of db.keys(layout.tipRange(number))) {
    tips++
    tipSum = addTip(tipSum, layout.tipOfKey(tip), 1)
  }
  const policy = from >= 2 ? [] : rootPolicy(number, tree as string as EntryId)
  const policies = from >= 2 ? await count(db, layout.policyRange(number)) : 1
  const points = from >= 2 ? await count(db, layout.pointRange(number)) : 1
  const counts = { number, ...readCounts(value), tips, tipSum, policies, points }
  return [...policy, put(key, layout.encodeTree(tree, counts))]
}

/** Returns the records of a tree's policy if only its root has one. */
function rootPolicy(number: number, root: EntryId): RowChange[] {
  const position = { height: 0, id: root }
  return [
    put(layout.policyKey(number, position), layout.encodePolicy(root, { point: 0, supports: [] })),
    put(layout.pointKey(number, 0), layout.encodeMembers(0, [root])),
  ]
}

async function count(db: Database, range: { gte: Buffer; lt: Buffer }): Promise<number> {
  let rows = 0
  for await (const _ of db.keys(range)) rows++
  return rows
}
