/**
 * Reads a tree's policy from the store when the tree comes into use. It reads only the records of the policy entries
 * and of the policy's points, and the entries that revocations name as last accepted.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Turns } from '../../base/turns.ts'
import { type Entry, readEntry, type VerifiedEntry } from '../../dag/entry.ts'
import { type EntryId, formatId, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type LastAccepted, lastAcceptedOf, TreePolicy } from '../../dag/policy/tree-policy.ts'
import { expectEqual } from '../damage/agreement.ts'
import { damagedTree } from '../damage/damaged-tree.ts'
import * as layout from '../database/layout.ts'
import type { StoredPolicy } from '../engine/engine.ts'
import type { TreeRecord } from '../engine/records.ts'
import type { StoreReader } from './reader.ts'

/**
 * Returns the policy of a stored tree as its last batch left it. What was found when each policy entry came is stored, so
 * nothing is judged again. Throws STORE_CORRUPT.
 */
export async function readPolicy(
  store: StoreReader,
  tree: TreeId,
  { number, ...record }: TreeRecord,
): Promise<TreePolicy> {
  const policies = await store.engine.policies(number)
  const points = await store.engine.points(number)
  const gap = points.findIndex(({ point }, index) => point !== index)
  if (gap >= 0) throw damagedTree(tree, `the point ${gap} of its policy is missing`)
  // A point that is missing at the end would be made again, and then never written.
  expectEqual(tree, 'policy entries by its record', record.policies, 'policy entries', policies.length)
  expectEqual(tree, 'points of its policy by its record', record.points, 'points', points.length)
  const policy = new TreePolicy()
  try {
    policy.graph.restoreEntries(policies.map(({ id }) => id))
    const { points: restored } = policy.graph
    const restoring = new Turns(() => 64 * restored.length, limits.policyTurnWork)
    for (const { members } of points) {
      policy.graph.restorePoint(members)
      const turn = restoring.next()
      if (turn !== undefined) await turn
    }
    for (let from = 0; from < policies.length; from += limits.policyEntriesRead) {
      const page = policies.slice(from, from + limits.policyEntriesRead)
      await enterPage(store, tree, policy, number, page)
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
  number: number,
  page: readonly StoredPolicy[],
): Promise<void> {
  const { graph } = policy
  let bytes = 0
  const reading = new Turns(() => bytes, limits.pageBytes)
  const entries: Entry[] = []
  const places = page.map(({ height, id }) => ({ number, height, id }))
  for (const [index, value] of (await store.engine.bytesAt(places)).entries()) {
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
    const { point, supports } = page[index]!.record
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
  for (const [index, value] of (await store.engine.bytesAt(places)).entries()) {
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
