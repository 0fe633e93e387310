/**
 * Reads a tree's policy from the store when the tree comes into use. It reads only the records of the policy entries
 * and of the policy's points, and the entries that revocations name as last accepted.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Turns } from '../../base/turns.ts'
import { type Entry, readEntry, type VerifiedEntry } from '../../dag/entry.ts'
import { type EntryId, formatId, type Position, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type LastAccepted, lastAcceptedOf, TreePolicy } from '../../dag/policy/tree-policy.ts'
import { expectEqual } from '../damage/agreement.ts'
import { damagedTree } from '../damage/damaged-tree.ts'
import * as layout from '../database/layout.ts'
import type { StoreReader } from './reader.ts'

/**
 * Returns the policy of a stored tree as its last batch left it. What was found when each policy entry came is stored, so
 * nothing is judged again. Throws STORE_CORRUPT.
 */
export async function readPolicy(
  store: StoreReader,
  tree: TreeId,
  { number, ...record }: layout.TreeRecord,
): Promise<TreePolicy> {
  const positions: Position[] = []
  const records: layout.PolicyRecord[] = []
  for await (const rows of store.rows(layout.policyRange(number)))
    for (const [key, value] of rows) {
      const position = layout.positionOfKey(key)
      positions.push(position)
      records.push(layout.decodePolicy(position.id, value))
    }
  const points: EntryId[][] = []
  for await (const rows of store.rows(layout.pointRange(number)))
    for (const [key, value] of rows) {
      const point = layout.pointOfKey(key)
      if (point !== points.length)
        throw damagedTree(tree, `the point ${points.length} of its policy is missing`)
      points.push(layout.decodeMembers(point, value))
    }
  // A point that is missing at the end would be made again, and then never written.
  expectEqual(tree, 'policy entries by its record', record.policies, 'policy entries', positions.length)
  expectEqual(tree, 'points of its policy by its record', record.points, 'points', points.length)
  const policy = new TreePolicy()
  try {
    policy.graph.restoreEntries(positions.map(({ id }) => id))
    const { points: restored } = policy.graph
    const restoring = new Turns(() => 64 * restored.length, limits.policyTurnWork)
    for (const members of points) {
      policy.graph.restorePoint(members)
      const turn = restoring.next()
      if (turn !== undefined) await turn
    }
    for (let from = 0; from < positions.length; from += limits.policyEntriesRead) {
      const to = from + limits.policyEntriesRead
      const places = positions.slice(from, to).map(({ height, id }) => ({ number, height, id }))
      await enterPage(store, tree, policy, places, records.slice(from, to))
    }
  } catch (error) {
    if (error instanceof CausewayError && !error.code.startsWith('ENTRY_')) throw error
    throw damagedTree(tree, 'its policy records contradict each other', error)
  }
  return policy
}

/** As how many bytes a small entry counts that is read: 256 of them fill a turn. */
const smallestRead = limits.pageBytes / 256

/** Adds stored policy entries to a policy that has those below them. */
async function enterPage(
  store: StoreReader,
  tree: TreeId,
  policy: TreePolicy,
  places: readonly (Position & { readonly number: number })[],
  records: readonly layout.PolicyRecord[],
): Promise<void> {
  const { graph } = policy
  let bytes = 0
  const reading = new Turns(() => bytes, limits.pageBytes)
  const entries: Entry[] = []
  for (const [index, value] of (await store.valuesAt(places)).entries()) {
    const { id } = places[index]!
    if (value === undefined) throw damagedTree(tree, `its policy entry ${formatId(id)} is not stored`)
    bytes += value.length
    const entry = readEntry(layout.decodeEntry(value))
    if (entry.id !== id) throw damagedTree(tree, `the bytes of its policy entry ${formatId(id)} are damaged`)
    entries.push(entry)
    const turn = reading.next()
    if (turn !== undefined) await turn
  }
  const accepted = await readAccepted(store, entries.flatMap(lastAcceptedOf))
  const entering = new Turns(() => policy.work, limits.policyTurnWork)
  for (const [index, entry] of entries.entries()) {
    const { point, supports } = records[index]!
    const known = supports.map((support) => graph.points[support]!.members[0]!)
    policy.enter(entry, point, (id) => accepted.get(id), known.length === 0 ? undefined : known)
    const turn = entering.next()
    if (turn !== undefined) await turn
  }
}

/** Returns the authors of the stored entries that revocations in the page name as last accepted. */
export async function readAuthors(
  store: StoreReader,
  entries: readonly VerifiedEntry[],
): Promise<ReadonlyMap<EntryId, PeerId>> {
  const ids = entries.flatMap(lastAcceptedOf)
  if (ids.length === 0) return new Map()
  const accepted = await readAccepted(store, ids)
  return new Map(Array.from(accepted, ([id, { author }]) => [id, author]))
}

async function readAccepted(
  store: StoreReader,
  ids: readonly EntryId[],
): Promise<Map<EntryId, LastAccepted>> {
  const uniqueIds = [...new Set(ids)]
  const accepted = new Map<EntryId, LastAccepted>()
  if (uniqueIds.length === 0) return accepted
  const records = await store.lookup(uniqueIds)
  const places = uniqueIds.flatMap((id, index) => {
    const record = records[index]
    return record === undefined
      ? []
      : [{ id, number: record.number, height: record.height, after: record.after }]
  })
  let bytes = 0
  const reading = new Turns(() => bytes, limits.pageBytes)
  for (const [index, value] of (await store.valuesAt(places)).entries()) {
    const { id, after } = places[index]!
    if (value === undefined) continue
    accepted.set(id, { author: readEntry(layout.decodeEntry(value)).body.author, after })
    // An entry with its changes may be large; a small one costs some 30 µs all the same.
    bytes += Math.max(value.length, smallestRead)
    const turn = reading.next()
    if (turn !== undefined) await turn
  }
  return accepted
}
