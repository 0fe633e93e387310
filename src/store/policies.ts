/**
 * Reads a tree's policy from the store when the tree comes into use. It reads only the records of the policy entries
 * and of the policy's points, and the entries that revocations name as last accepted.
 */

import { CausewayError } from '../base/errors.ts'
import { readEntry, type VerifiedEntry } from '../dag/entry.ts'
import { type EntryId, formatId, type Position, type TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type LastAccepted, lastAcceptedOf, TreePolicy } from '../dag/policy/tree-policy.ts'
import * as layout from './database/layout.ts'
import type { StoreReader } from './read/reader.ts'

/** Returns the policy of a stored tree as its last batch left it. Throws STORE_CORRUPT. */
export async function readPolicy(store: StoreReader, tree: TreeId, number: number): Promise<TreePolicy> {
  const positions: Position[] = []
  const pointsOf: number[] = []
  for await (const rows of store.rows(layout.policyRange(number)))
    for (const [key, value] of rows) {
      positions.push(layout.positionOfKey(key))
      pointsOf.push(layout.decodePoint(value))
    }
  const points: EntryId[][] = []
  for await (const rows of store.rows(layout.pointRange(number)))
    for (const [, value] of rows) points.push(layout.decodeMembers(value))
  const entries = (await store.read(tree, positions)).map(({ signed }) => readEntry(signed))
  const accepted = await readAccepted(store, entries.flatMap(lastAcceptedOf))
  const policy = new TreePolicy()
  try {
    policy.graph.restore(
      positions.map(({ id }) => id),
      points,
    )
    for (const [index, entry] of entries.entries())
      policy.enter(entry, pointsOf[index]!, (id) => accepted.get(id))
  } catch (error) {
    throw new CausewayError(
      'STORE_CORRUPT',
      `The policy records of the tree ${formatId(tree)} contradict each other: restore the store from a copy.`,
      { data: { tree }, cause: error },
    )
  }
  return policy
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
  const [records, entries] = await Promise.all([store.lookup(uniqueIds), store.get(uniqueIds)])
  for (const [index, id] of uniqueIds.entries()) {
    const [entry, record] = [entries[index], records[index]]
    if (entry === undefined || record === undefined) continue
    accepted.set(id, { author: readEntry(entry.signed).body.author, after: record.after })
  }
  return accepted
}
