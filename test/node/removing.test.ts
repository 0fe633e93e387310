/**
 * Removing a tree from a node: nothing of it is left anywhere in the store, its room is free, and neither a link, a join,
 * a peer nor a restart brings it back: only a person does.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { idToBytes, type TreeId } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { LastEqual } from '../../src/peer/last-equal.ts'
import * as layout from '../../src/store/database/layout.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { fill, signedOf } from '../kit/peers.ts'
import { fails } from '../kit/rpc-errors.ts'
import { ServingNode } from '../kit/serving-node.ts'
import { code } from '../store/expect.ts'

const http = { host: '127.0.0.1', port: 0 }
const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]
const [ben, eve] = [testIdentity(2), testIdentity(3)]

/** Returns the keys of a database that contain a tree's id, or whose value does, as bytes or as text. */
async function tracesOf(db: Database, tree: TreeId): Promise<string[]> {
  const traces: string[] = []
  for await (const [key, value] of db.iterator())
    for (const part of [Buffer.from(tree), Buffer.from(tree, 'hex')])
      if (key.includes(part) || value.includes(part)) traces.push(key.toString('latin1'))
  return traces
}

/** Makes a node keep something of every kind about a tree that it shares with a linked peer. */
async function entangle(alice: Node, bob: Node): Promise<TreeId> {
  const tree = await bob.createTree('shared')
  await bob.grant(tree, alice.peer, Permission.ADMIN)
  await alice.link(bob.createTicket(tree))
  assert.deepEqual(await alice.flush(), [])
  await alice.invite(tree, Permission.READ)
  const ask = { tree, permission: Permission.READ, message: '' }
  await alice.requests.ask({ ...ask, peer: ben.peer })
  await alice.requests.ask({ ...ask, peer: eve.peer })
  await alice.requests.reject(alice.requests.list()[0]!.id)
  return tree
}

describe('Node.removeTree', () => {
  it('leaves no trace of the tree but that it was removed', async () => {
    const database = await openMemory()
    await using alice = await createNode({ http, database })
    await using bob = await createNode({ http })
    await Promise.all([alice.listen(), bob.listen()])
    const kept = await alice.createTree('kept')
    const tree = await entangle(alice, bob)
    const hints = new LastEqual(database)
    await hints.set(tree, bob.peer, { tipsDigest: '00'.repeat(32), count: 1 })
    const kinds = (await tracesOf(database, tree)).map((key) => /^!([^!]*)!/.exec(key)?.[1])
    for (const kind of ['links', 'invitations', 'requests', 'verdicts', 'quota', 'named'])
      assert.ok(kinds.includes(kind), `something is kept in ${kind}: ${kinds}`)
    assert.ok((await alice.removeTree(tree)) >= 2)
    assert.deepEqual(await tracesOf(database, tree), [`!ended-links!${tree}`])
    assert.equal(await hints.get(tree, bob.peer), undefined)
    assert.deepEqual([alice.status(), alice.requests.list()], [[], []])
    assert.deepEqual(
      (await alice.trees()).map((each) => each.tree),
      [kept],
    )
    await assert.rejects(alice.removeTree(tree), code('UNKNOWN_TREE'))
    await assert.rejects(alice.commit(tree, say('late')), code('UNKNOWN_TREE'))
  })

  it('goes on at the next start, before a link can bring the tree back', async () => {
    const database = await openMemory()
    Object.assign(database, { close: async () => {} })
    await using bob = await createNode({ http })
    await bob.listen()
    const identity = testIdentity(1)
    const first = await createNode({ http, database, identity })
    await first.listen()
    const tree = await entangle(first, bob)
    await first.close(0)
    // As a kill leaves it right after the first batch of the removal.
    const record = (await database.get(layout.treeKey(tree)))!
    await database.batch([
      { type: 'del', key: layout.treeKey(tree) },
      { type: 'put', key: layout.removalKey(tree), value: record },
    ])
    await using alice = await createNode({ http, database, identity })
    assert.deepEqual([alice.status(), alice.store.trees()], [[], []])
    // The removal is under way, or over already.
    await alice.removeTree(tree).catch((error) => assert.equal(error.code, 'UNKNOWN_TREE'))
    assert.deepEqual(await tracesOf(database, tree), [`!ended-links!${tree}`])
  })

  it('lets only a person bring the tree back, and links it automatically only after `link`', async () => {
    await using alice = await createNode({ http })
    await using bob = await createNode({ http })
    await Promise.all([alice.listen(), bob.listen()])
    const tree = await alice.createTree('shared', PublicAccess.WRITE)
    await alice.grant(tree, bob.peer, Permission.WRITE)
    await bob.link(alice.createTicket(tree))
    assert.deepEqual(await bob.flush(), [])
    assert.equal(alice.status().length, 1)
    await alice.removeTree(tree)
    await bob.commit(tree, say('more'))
    // The peer finds no such tree, and cannot send it.
    assert.equal((await bob.flush({ timeoutMs: 2_000 })).length, 1)
    assert.deepEqual([alice.status(), alice.store.trees()], [[], []])
    await alice.sync(tree, bob.createTicket(tree))
    assert.equal(alice.store.tree(tree)?.count, 3)
    await bob.sync(tree, alice.createTicket(tree))
    assert.deepEqual(alice.status(), [], 'it was removed, so no link is made automatically')
    await alice.link(bob.createTicket(tree))
    await alice.unlink(tree, bob.peer)
    const [carl] = [await createNode()]
    await alice.grant(tree, carl.peer, Permission.READ)
    await carl.sync(tree, alice.createTicket(tree))
    assert.deepEqual(
      alice.status().map(({ peer }) => peer),
      [carl.peer],
    )
    await carl.close(0)
  })

  it('refuses links and pages while the removal is under way, also from a peer that is being answered', async () => {
    await using serving = await ServingNode.start(undefined, { background: false })
    const { node } = serving
    const builder = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
    const tree = builder.root.id
    builder.add()
    await fill(node.store, builder.entries)
    await node.addPeer(ben.peer, {})
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let begun = () => {}
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    node.store.removals.onRemove(async () => {
      begun()
      await gate
    })
    const removal = node.removeTree(tree)
    await hasBegun
    await assert.rejects(node.link({ tree, peer: ben.peer }), code('RESOURCE_EXHAUSTED'))
    const { sync, trees } = await serving.dial()
    const page = { tree: idToBytes(tree), entries: signedOf(builder.entries) }
    await fails(sync.sendEntries(page), 'UNKNOWN_TREE', 'NotFound')
    await fails(trees.submitEntries(page), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
    release()
    await removal
    // What a peer sends does not begin a tree, even if the peer asked before the removal.
    await assert.rejects(node.store.append(tree, builder.entries, { existing: true }), code('UNKNOWN_TREE'))
    assert.equal((await trees.submitEntries(page)).added, 2)
  })

  it('makes room for other trees', async () => {
    await using node = await createNode({ quota: { nodeBytes: 20_000 } })
    const full = await node.createTree('full')
    const big = () => node.commit(full, say('x'.repeat(4_000)))
    for (;;) if ((await big().catch(() => undefined)) === undefined) break
    const other = await node.createTree('other').catch((error) => error.code)
    const commit = async () => {
      const tree =
        (await node.trees()).find(({ name }) => name === 'other')?.tree ?? (await node.createTree('other'))
      return node.commit(tree, say('x'.repeat(8_000)))
    }
    await assert.rejects(commit(), code('RESOURCE_EXHAUSTED'), `${other}`)
    await node.removeTree(full)
    await commit()
  })

  it('ends a watch of the tree, and is reported over the wire until it is done', async () => {
    using _ = limited({ removalEntries: 4, signOfLifeMs: 1 })
    await using node = await createNode()
    const tree = await node.createTree('watched')
    for (let count = 0; count < 9; count++) await node.commit(tree, say(`${count}`))
    const trees = createClient(TreeService, node.rpc())
    const watched = (async () => {
      for await (const { entries } of trees.watchTree({ tree: hexToBytes(tree) })) assert.ok(entries)
    })()
    const ended = fails(watched, 'UNKNOWN_TREE', 'NotFound')
    const messages = []
    for await (const message of trees.removeTree({ tree: hexToBytes(tree) })) messages.push(message)
    const { removed, count, done } = messages.at(-1)!
    assert.deepEqual([removed, count, done], [10n, 10n, true])
    assert.ok(messages.slice(0, -1).every((message) => !message.done && message.removed <= 10n))
    await ended
    await fails(trees.getTree({ tree: hexToBytes(tree) }), 'UNKNOWN_TREE', 'NotFound')
  })
})
