/** What the parts of the store's contract share: a store to run on, and all that a store must report of its entries. */
import assert from 'node:assert/strict'
import type { CausewayError } from '../../src/base/errors.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import { digestTips } from '../../src/dag/id.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import type { DagStore, TreeInfo } from '../../src/store/store.ts'
import { tipsOf } from '../kit/entries.ts'
import { idsOf } from '../kit/peers.ts'

/** Runs a test on a new store and closes it. */
export type OnStore = (test: (store: DagStore) => Promise<void>) => Promise<void>

/** Asserts that the store holds exactly these entries, by every method that reports them. */
export async function assertHolds(store: DagStore, entries: readonly VerifiedEntry[]): Promise<void> {
  const tree = entries[0]!.tree
  const sorted = [...entries].sort((a, b) => a.body.height - b.body.height || (a.id < b.id ? -1 : 1))
  assert.deepEqual(
    await idsOf(store, tree),
    sorted.map(({ id }) => id),
  )
  assert.deepEqual(await store.tips(tree), tipsOf(entries))
  assert.equal(await store.tipsDigest(tree), digestTips(tipsOf(entries)))
  assert.deepEqual(store.tree(tree), {
    tree,
    count: entries.length,
    bytes: entries.reduce((sum, { signed }) => sum + signed.body.length + signed.signature.length, 0),
    height: Math.max(...entries.map(({ body }) => body.height)),
    sequence: entries.length,
  } satisfies TreeInfo)
  assert.deepEqual((await auditTree(store, tree)).problems, [])
}

export const code = (expected: string) => (error: CausewayError) => error.code === expected
