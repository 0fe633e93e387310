/**
 * The list of peers that policies name: it says what the policies say, also after a restart and without loading a tree;
 * it is made again if its records are missing or damaged; and it is bounded.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NamedPeers } from '../../src/access/named-peers.ts'
import { rightsOf } from '../../src/access/rights.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { createNode } from '../../src/node/node.ts'
import { Author } from '../../src/store/author/author.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { ServingNode, transports } from '../kit/serving-node.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const self = testIdentity(1)
const [alice, bob, carol] = [2, 3, 4].map((seed) => testIdentity(seed).peer) as [PeerId, PeerId, PeerId]
const nowhere = 'ab'.repeat(32) as TreeId

/** Opens a store and the list over it. `loads` counts how often a tree was asked for its policy since. */
async function open(db: Database) {
  if (db.status !== 'open') await db.open()
  const store = await DagStore.open(db)
  const loads = { count: 0 }
  for (const name of ['policy', 'treePolicy'] as const) {
    const original = store[name].bind(store) as (tree: TreeId) => Promise<unknown>
    Object.assign(store, {
      [name]: (tree: TreeId) => {
        loads.count++
        return original(tree)
      },
    })
  }
  const named = await NamedPeers.open(store)
  const author = new Author(store, self, new VirtualClock())
  const grant = (tree: TreeId, peer: PeerId, permission: Permission) =>
    author.changePolicy(tree, { keys: [{ peer, permission }] })
  return { store, named, author, grant, loads }
}

/** A database with a private tree that names Alice and Bob and has revoked Carol, and a public one. */
async function filled() {
  const db = await openMemory()
  const { author, grant, named } = await open(db)
  const hidden = (await author.createTree('private', PublicAccess.NONE)).tree
  const shown = (await author.createTree('public', PublicAccess.READ)).tree
  await grant(hidden, alice, Permission.WRITE)
  await grant(hidden, bob, Permission.READ)
  await grant(hidden, carol, Permission.READ)
  await author.revoke(hidden, carol)
  return { db, hidden, shown, named, author, grant }
}

describe('The peers that policies name', () => {
  it('are what the policies say now', async () => {
    const { named, hidden, shown, author, grant } = await filled()
    const may = (tree: TreeId) => [alice, bob, carol, undefined].map((peer) => named.permission(tree, peer))
    assert.deepEqual(may(hidden), [Permission.WRITE, Permission.READ, 0, 0])
    assert.deepEqual(may(shown), [1, 1, 1, 1])
    assert.deepEqual(
      [alice, bob, carol, self.peer].map((peer) => named.has(peer)),
      [true, true, false, true],
    )
    assert.deepEqual([named.isNamed(hidden, alice), named.isNamed(hidden, carol)], [true, false])
    assert.ok(named.count(hidden)! >= 1)
    await grant(hidden, bob, Permission.UNSPECIFIED)
    await author.changePolicy(hidden, { publicAccess: PublicAccess.WRITE })
    // A revoked key may read what everybody may, and nothing else.
    assert.deepEqual(may(hidden), [Permission.WRITE, Permission.WRITE, Permission.READ, Permission.WRITE])
    assert.equal(named.has(bob), false)
    await grant(shown, bob, Permission.READ)
    assert.equal(named.has(bob), true)
  })

  it('are listed by tree and by peer, and each change of them is told', async () => {
    const { named, hidden, shown, grant, author } = await filled()
    assert.deepEqual(named.members(hidden).sort(), [self.peer, alice, bob].sort())
    assert.deepEqual(named.members(nowhere), [])
    assert.deepEqual(named.treesNaming(alice), [hidden])
    assert.deepEqual(named.treesNaming(carol), [])
    const changed: TreeId[] = []
    named.onChange((tree) => changed.push(tree))
    await grant(shown, alice, Permission.READ)
    await author.commit(hidden, [{ store: 'log', kind: '', payload: new Uint8Array(1) }])
    await grant(hidden, alice, Permission.WRITE)
    assert.deepEqual(changed, [shown])
    assert.deepEqual(named.treesNaming(alice), [hidden, shown].sort())
  })

  it('are known again after a restart, without loading a tree', async () => {
    const { db, hidden } = await filled()
    const again = await open(db)
    assert.deepEqual(
      [alice, bob, carol].map((peer) => again.named.has(peer)),
      [true, true, false],
    )
    assert.equal(again.named.permission(hidden, alice), Permission.WRITE)
    assert.equal(again.loads.count, 0)
    await again.grant(hidden, bob, Permission.UNSPECIFIED)
    assert.equal((await open(db)).named.has(bob), false)
  })

  it('are found once in a store of an earlier version', async () => {
    const db = await openMemory()
    const store = await DagStore.open(db)
    const author = new Author(store, self, new VirtualClock())
    const { tree } = await author.createTree('old', PublicAccess.NONE)
    await author.changePolicy(tree, { keys: [{ peer: alice, permission: Permission.READ }] })
    const first = await open(db)
    assert.deepEqual([first.named.has(alice), first.loads.count], [true, 1])
    const second = await open(db)
    assert.deepEqual([second.named.has(alice), second.loads.count], [true, 0])
  })

  it('come from the policies again if any of their records is damaged or gone', async () => {
    const { db, hidden, shown } = await filled()
    const records = db.sublevel<Buffer, Buffer>('named', { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    const rows = await records.iterator().all()
    const damages: ((key: Buffer, value: Buffer) => Promise<void>)[] = [
      (key) => records.del(key),
      (key, value) => records.put(key, Buffer.from(value.map((byte) => byte ^ 1))),
      (key) => records.put(key, Buffer.alloc(0)),
      (key, value) => records.put(Buffer.concat([key, Buffer.from([7])]), value),
      (_, value) => records.put(Buffer.from('short'), value),
    ]
    for (const [key, value] of rows)
      for (const damage of damages) {
        await damage(key as Buffer, value as Buffer)
        const { named } = await open(db)
        const found = [alice, bob, carol, undefined].map((peer) => named.permission(hidden, peer))
        assert.deepEqual(found, [Permission.WRITE, Permission.READ, 0, 0])
        assert.deepEqual([named.permission(shown, bob), named.has(alice)], [Permission.READ, true])
        assert.deepEqual((await records.iterator().all()).length, rows.length)
      }
  })

  it('are dropped with their tree', async () => {
    const { db, hidden } = await filled()
    const { named, store } = await open(db)
    const { operations, stored } = named.forgetting(hidden)
    await store.db.batch([...operations])
    stored()
    assert.deepEqual([named.has(alice), named.permission(hidden, alice)], [false, undefined])
    await named.refresh(hidden)
    assert.deepEqual([named.has(alice), named.permission(hidden, alice)], [true, Permission.WRITE])
    // Records of a tree that is not here are dropped at the start.
    const empty = await openMemory()
    const copy = empty.sublevel<Buffer, Buffer>('named', { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    const rows = db.sublevel<Buffer, Buffer>('named', { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    for (const [key, value] of await rows.iterator().all()) await copy.put(key, value)
    assert.equal((await open(empty)).named.has(alice), false)
    assert.deepEqual(await copy.iterator().all(), [])
  })

  it('are bounded in each tree and in all; past that only the policy says what a peer may do', async () => {
    for (const bounds of [{ namedPeersOfTree: 2 }, { namedPeers: 4 }]) {
      using _ = limited(bounds)
      const db = await openMemory()
      const { author, grant, named, store } = await open(db)
      const trees = [await author.createTree('a'), await author.createTree('b')].map(({ tree }) => tree)
      for (const tree of trees) for (const peer of [alice, bob]) await grant(tree, peer, Permission.READ)
      const last = trees.at(-1)!
      for (const each of [named, (await open(db)).named]) {
        assert.equal(each.permission(last, alice), undefined)
        assert.equal(each.isNamed(last, alice), undefined)
        assert.equal(each.count(last), undefined)
      }
      const rights = rightsOf(store, named)
      assert.deepEqual([await rights.mayRead(last, alice), await rights.mayRead(last, carol)], [true, false])
      assert.equal(await rights.isNamed(last, alice), true)
    }
  })
})

describe('The trees that a peer may be able to read', () => {
  const list = (named: NamedPeers, peer: PeerId | undefined) => {
    const trees: TreeId[] = []
    for (let tree = named.nextTree('', peer); tree !== undefined; tree = named.nextTree(tree, peer))
      trees.push(tree)
    return trees
  }

  it('are found one after the other, also after a restart, and no tree is loaded for that', async () => {
    const { db, hidden, shown, named, grant, author } = await filled()
    const both = [hidden, shown].sort()
    for (const each of [named, (await open(db)).named])
      assert.deepEqual(
        [alice, bob, carol, undefined].map((peer) => list(each, peer)),
        [both, both, [shown], [shown]],
      )
    await grant(hidden, alice, Permission.UNSPECIFIED)
    await author.changePolicy(shown, { publicAccess: PublicAccess.NONE })
    const again = await open(db)
    for (const each of [named, again.named])
      assert.deepEqual(
        [alice, bob, self.peer, undefined].map((peer) => list(each, peer)),
        [[], [hidden], both, []],
      )
    assert.equal(again.loads.count, 0)
    const { operations, stored } = named.forgetting(hidden)
    await db.batch([...operations] as never)
    stored()
    assert.deepEqual(list(named, bob), [])
  })

  it('include those that have too many names to list', async () => {
    using _ = limited({ namedPeersOfTree: 1 })
    const { named, hidden, shown } = await filled()
    assert.deepEqual(list(named, carol), [hidden, shown].sort())
  })
})

describe('Rights', () => {
  it('refuse a caller without loading the tree, as if there were none', async () => {
    const { db, hidden } = await filled()
    const { store, named, loads } = await open(db)
    const rights = rightsOf(store, named)
    for (const peer of [undefined, carol, testIdentity(9).peer]) {
      assert.equal(await rights.mayRead(hidden, peer), false)
      assert.equal(await rights.permission(hidden, peer), Permission.UNSPECIFIED)
    }
    for (const peer of [carol, testIdentity(9).peer]) assert.equal(await rights.isNamed(hidden, peer), false)
    assert.equal(loads.count, 0)
    assert.equal(await rights.mayRead(nowhere, carol), false)
    // What it may do is what the policy says.
    assert.equal(await rights.mayRead(hidden, bob), true)
    assert.ok(loads.count > 0)
  })
})

describe('A peer that a policy names', () => {
  for (const transport of transports.filter(({ name }) => name !== 'QUIC'))
    it(`is no stranger in its first call after a restart, over ${transport.name}`, async () => {
      const database = await openMemory()
      const reader = testIdentity(5)
      const seed = await createNode({ database, identity: self, background: false })
      const tree = await seed.createTree('private')
      await seed.grant(tree, reader.peer, Permission.READ)
      await seed.close()
      await database.open()
      // Strangers of the origin have used up their calls, all but those of two handshakes.
      using _ = limited({ strangerRequestBurst: 12, strangerRequestsPerSecond: 0.001 })
      await using serving = await ServingNode.start(transport, { database, identity: self })
      const asked = { tree: Buffer.from(tree, 'hex') }
      const stranger = await serving.dialAs(undefined)
      const refused = async (): Promise<string> => {
        try {
          for await (const _ of stranger.sync.syncTree(asked)) return 'answered'
          return 'empty'
        } catch (error) {
          return String(error)
        }
      }
      assert.match(await refused(), /\[not_found\]/)
      for (let call = 0; call < 4; call++) await refused()
      assert.match(await refused(), /\[resource_exhausted\]/)
      const caller = await serving.dialAs(reader)
      const statuses: unknown[] = []
      for await (const { part } of caller.sync.syncTree(asked))
        if (part.case === 'header') statuses.push(part.value.status)
      assert.equal(statuses.length, 1)
      assert.deepEqual(serving.problems, [])
    })
})
