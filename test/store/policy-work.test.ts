/**
 * What a store does about the work of judging a policy: the event loop turns while a page is planned, and what was found
 * is stored, so that nothing is judged again when the tree is next opened.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { TreePolicy } from '../../src/dag/policy/tree-policy.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import * as layout from '../../src/store/database/layout.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { LevelPage } from '../../src/store/engine/leveldb/level-page.ts'
import { type PageBase, planPage } from '../../src/store/page.ts'
import { DagStore } from '../../src/store/store.ts'
import { newTree } from '../../src/store/tree-state.ts'
import { interceptWrites } from '../kit/database.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { admin, grant, policyChange, revoke, write } from '../kit/policy.ts'

const [ada, ben] = [testIdentity(1), testIdentity(2)]

/** A chain of policy entries, a revocation of their author beside it, and entries that each stand on both. */
function hostile(length: number, count: number): { policy: VerifiedEntry[]; probes: VerifiedEntry[] } {
  const tree = new TreeBuilder()
  const granted = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
  const change = { author: ada, changes: policyChange([grant(ben, write)]) }
  const chain = tree.chain(granted, length, change)
  const revocation = tree.add([granted], { changes: policyChange([revoke(ada)]) })
  const policy = [...tree.entries]
  // From the end down, so that no judgement continues the one before.
  const probes = chain.slice(-count).reverse()
  return { policy, probes: probes.map((on) => tree.add([on, revocation])) }
}

/** Judges far more than one turn may. */
const long = hostile(1_000, 400)
assert.ok(1_000 * 400 > 2 * limits.policyTurnWork)

/** Returns how often the event loop turned until `task` had ended. */
async function turnsDuring(task: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let next: NodeJS.Immediate
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  next = setImmediate(turn)
  await task()
  clearImmediate(next)
  return turns
}

describe('a page that takes long to judge', () => {
  it('lets the event loop turn, and another page does not', async () => {
    const { policy: entries, probes } = long
    const { record, tips, policy, pointsStored, stale } = newTree(0)
    const tree = entries[0]!.tree as TreeId
    const none = { indexRecords: new Map(), authors: new Map() }
    const draft = new LevelPage(0)
    const empty: PageBase = { tree, draft, record, tips, policy, pointsStored, stale, ...none }
    const first = await planPage(empty, entries)
    assert.deepEqual(first.refused, [])
    const base = { ...empty, record: first.record, indexRecords: first.newIndexRecords }
    const last = new TreeBuilder().root
    assert.equal(await turnsDuring(() => planPage(base, [last])), 0)
    assert.equal(await turnsDuring(() => planPage(base, probes.slice(0, 8))), 0)
    let plan: Awaited<ReturnType<typeof planPage>> | undefined
    const turns = await turnsDuring(async () => {
      plan = await planPage(base, probes)
    })
    assert.equal(plan!.added.length, probes.length)
    assert.ok(turns >= 2, `${turns} turns`)
  })

  it('takes no number that another tree takes meanwhile', async () => {
    const db = await openMemory()
    let store = await DagStore.open(db)
    const { policy, probes } = long
    const other = new TreeBuilder({ seed: 2 }).root
    const slow = store.append(policy[0]!.tree, [...policy, ...probes])
    await store.append(other.tree, [other])
    // The other tree's page was not kept waiting.
    assert.equal(store.tree(policy[0]!.tree), undefined)
    assert.equal((await slow).added.length, policy.length + probes.length)
    store = await DagStore.open(db)
    assert.deepEqual(
      store.trees().map(({ count }) => count),
      [policy[0]!.tree, other.tree]
        .sort()
        .map((tree) => (tree === other.tree ? 1 : policy.length + probes.length)),
    )
    for (const { tree } of store.trees()) assert.deepEqual((await auditTree(store, tree)).problems, [])
    await store.close()
  })

  it('is planned again if a write to another tree fails meanwhile', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    const { policy, probes } = long
    await store.append(policy[0]!.tree, policy)
    const other = new TreeBuilder({ seed: 2 }).root
    // After a failed write nothing is written until the database was reopened.
    const steps: string[] = []
    const open = db.open.bind(db)
    db.open = (() => {
      steps.push('reopened')
      return open()
    }) as never
    const slow = store.append(policy[0]!.tree, probes)
    const end = interceptWrites(store, (write) => {
      steps.push('write')
      return steps.length === 1 ? Promise.reject(new Error('The disk is full.')) : write()
    })
    await assert.rejects(store.append(other.tree, [other]))
    assert.equal((await slow).added.length, probes.length)
    end()
    // Opening calls itself.
    assert.deepEqual(
      steps.filter((step, index) => step !== steps[index - 1]),
      ['write', 'reopened', 'write'],
    )
    assert.equal(store.tree(policy[0]!.tree)?.count, policy.length + probes.length)
    assert.equal((await store.append(other.tree, [other])).added.length, 1)
    await store.close()
  })
})

/** Stores a policy, changes its records, and returns what is read then, and how many points were judged for that. */
async function reread(
  entries: readonly VerifiedEntry[],
  change: (db: Database, key: Buffer) => Promise<void>,
) {
  const db = await openMemory()
  await (await DagStore.open(db)).append(entries[0]!.tree, entries)
  for (const key of await db.keys(layout.policyRange(0)).all()) await change(db, key as Buffer)
  const store = await DagStore.open(db)
  const { at } = TreePolicy.prototype
  const judged = new Set<number>()
  TreePolicy.prototype.at = function (point) {
    judged.add(point)
    return at.call(this, point)
  }
  try {
    const { graph } = (await store.treePolicy(entries[0]!.tree))!
    const idsOf = (numbers: readonly number[]) => numbers.map((number) => graph.entries[number]!.id)
    const supports = new Map(graph.entries.map((entry) => [entry.id, idsOf(entry.supports)]))
    const judgements = judged.size
    const { problems } = await auditTree(store, entries[0]!.tree)
    return { supports, judgements, problems }
  } finally {
    TreePolicy.prototype.at = at
    await store.close()
  }
}

describe('a stored policy', () => {
  const { policy: entries } = hostile(300, 0)

  it('is opened without judging its entries, and says the same', async () => {
    const stored = await reread(entries, async () => {})
    assert.deepEqual([stored.judgements, stored.problems], [0, []])
    // A store of an early version has no supports, and finds them anew.
    const found = await reread(entries, async (db, key) => {
      const { id } = layout.positionOfKey(key)
      const { point } = layout.decodePolicy(id, (await db.get(key))!)
      await db.put(key, layout.encodePolicy(id, { point, supports: [] }))
    })
    assert.ok(found.judgements > entries.length - 4, `${found.judgements}`)
    assert.deepEqual([found.supports, found.problems], [stored.supports, []])
  })

  it('is damaged if it names wrong grants, and the audit says so', async () => {
    let changed = 0
    const { problems } = await reread(entries, async (db, key) => {
      const { id } = layout.positionOfKey(key)
      const { point, supports } = layout.decodePolicy(id, (await db.get(key))!)
      if (supports.length === 0 || changed++ !== 5) return
      await db.put(key, layout.encodePolicy(id, { point, supports: [0] }))
    })
    assert.equal(problems.length, 1)
  })
})
