/**
 * Who gets the room of a quota: strangers who fill a public tree have a share, and neither they nor members stop this
 * node's own writes, private trees, or a change of the policy.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { Entry, VerifiedEntry } from '../../src/dag/entry.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { Quota, type QuotaOptions } from '../../src/store/quota.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { grant, policyChange, write } from '../kit/policy.ts'

const [self, owner, member] = [testIdentity(1), testIdentity(2), testIdentity(3)]
const kilobyte = 'x'.repeat(1000)
const quota = { nodeBytes: 200_000, treeBytes: 100_000, authorBytes: 60_000 }

async function open(options: QuotaOptions, db = openMemory()) {
  const database = await db
  const store = await DagStore.open(database)
  await Quota.open(database, store, self.peer, options)
  return { store, database: Promise.resolve(database) }
}

/** Appends entries that `next` makes, one by one, until the first is refused. Returns how many were stored. */
async function fillUp(store: DagStore, next: (index: number) => VerifiedEntry): Promise<number> {
  for (let index = 0; index < 1000; index++) {
    const entry = next(index)
    const error = await store.append(entry.tree, [entry]).then(
      ({ refused }) => refused[0]?.error,
      (thrown) => CausewayError.from(thrown),
    )
    if (error === undefined) continue
    assert.equal(error.code, 'RESOURCE_EXHAUSTED', error.message)
    return index
  }
  return assert.fail('nothing was refused')
}

/** A public tree of `owner` with a member, in a store. */
async function publicTree(store: DagStore, seed: string, author = owner) {
  const tree = new TreeBuilder({ author, publicAccess: PublicAccess.WRITE, seed })
  const granted = tree.add([tree.root], { author, changes: policyChange([grant(member, write)]) })
  await store.append(tree.root.id, [tree.root, granted])
  const by = (who: ReturnType<typeof testIdentity>, parents: Entry[] = [granted]) =>
    tree.add(parents, { author: who, payload: `${tree.entries.length}${kilobyte}` })
  return { tree, granted, by }
}

/** Strangers fill a tree, each entry by a key of its own. */
const byStrangers = (by: (who: ReturnType<typeof testIdentity>) => VerifiedEntry) => (index: number) =>
  by(testIdentity(100 + index))

describe('Strangers who fill a public tree', () => {
  it('get half of the tree; members, the owner and this node go on', async () => {
    const { store, database } = await open(quota)
    const { tree, granted, by } = await publicTree(store, 'public')
    const strangers = await fillUp(store, byStrangers(by))
    assert.ok(store.tree(tree.root.id)!.bytes <= quota.treeBytes / 2 + 2_000)
    assert.ok(strangers > 30)
    await store.append(tree.root.id, [by(member)])
    // After a restart the share is still used up.
    const { store: later } = await open(quota, database)
    assert.equal(await fillUp(later, byStrangers(by)), 0)
    // Members, too, leave the last part to changes of the policy.
    assert.ok((await fillUp(later, () => by(member))) > 10)
    const closing = tree.add([granted], {
      author: owner,
      changes: policyChange([], PublicAccess.READ),
    })
    await later.append(tree.root.id, [closing])
    assert.equal((await later.policy(tree.root.id))!.publicAccess, PublicAccess.READ)
  })

  it('get half of the node over all trees, and private trees have the rest', async () => {
    const { store } = await open({ ...quota, authorBytes: 100_000 })
    for (const seed of ['one', 'two', 'three']) {
      const { by } = await publicTree(store, seed)
      await fillUp(store, byStrangers(by))
    }
    assert.ok(store.bytes > 90_000 && store.bytes < 110_000, `${store.bytes}`)
    const hidden = new TreeBuilder({ author: owner, publicAccess: PublicAccess.NONE, seed: 'private' })
    await store.append(hidden.root.id, [hidden.root])
    const stored = await fillUp(store, () =>
      hidden.add([hidden.root], { author: owner, payload: kilobyte + hidden.entries.length }),
    )
    assert.ok(stored >= 50, `${stored} private entries`)
  })

  it('do not use up the accounts of members', async () => {
    using _ = limited({ quotaAuthors: 4 })
    const { store } = await open({ authorBytes: 5_000 })
    const { by } = await publicTree(store, 'public')
    // Two of them have accounts of their own, with those of owner and member; the others share one.
    assert.ok((await fillUp(store, byStrangers(by))) <= 8)
    await store.append(by(member).tree, [by(member)])
  })

  it('stop at their share even if a member carries their entries', async () => {
    const { store } = await open(quota)
    const { tree, by } = await publicTree(store, 'public')
    await fillUp(store, byStrangers(by))
    await assert.rejects(store.append(tree.root.id, [by(member), by(testIdentity(99))]), {
      code: 'RESOURCE_EXHAUSTED',
    })
    // A change of the policy that stands on such an entry brings it along.
    const late = by(testIdentity(98))
    const closing = tree.add([late], { author: owner, changes: policyChange([], PublicAccess.READ) })
    assert.equal((await store.append(tree.root.id, [late, closing])).added.length, 2)
  })
})

describe('A full node', () => {
  const say = (node: Node, tree: string, size = 1000) =>
    node.commit(tree as never, [{ store: 'log', kind: '', payload: new Uint8Array(size) }])

  it('takes what its own key writes, in private trees and to the policy, until the last byte', async () => {
    await using node = await createNode({ quota })
    const diary = await node.createTree('diary')
    const wall = await node.createTree('wall', PublicAccess.WRITE)
    const tree = new TreeBuilder({ author: owner, publicAccess: PublicAccess.WRITE, seed: 'full' })
    await node.store.append(tree.root.id, [tree.root])
    await fillUp(node.store, () =>
      tree.add([tree.root], { author: owner, payload: kilobyte + tree.entries.length }),
    )
    const before = node.store.bytes
    // Members of other trees have filled what they may; this node's key goes on.
    await say(node, diary)
    await node.setPublicAccess(wall, PublicAccess.READ)
    await node.grant(wall, member.peer, Permission.READ)
    await node.revoke(wall, member.peer)
    for (let count = 0; count < 1000; count++)
      if ((await say(node, diary).catch(() => undefined)) === undefined) break
    assert.ok(node.store.bytes > before + 10_000)
    assert.ok(
      node.store.bytes > quota.nodeBytes - 2_000 ||
        (node.store.tree(diary)?.bytes ?? 0) > quota.treeBytes - 2_000,
    )
  })
})

it('the parts of a quota leave most of it to members', () => {
  const { quotaStrangerDivisor, quotaReserveDivisor } = limits
  assert.ok(1 / quotaStrangerDivisor + 1 / quotaReserveDivisor < 1)
})
