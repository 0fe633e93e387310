/** The calls for application keys: what they refuse, pages of the list, and what such a key can then do. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { hexToBytes } from '../../../../src/dag/hex.ts'
import { testIdentity } from '../../../kit/entries.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { ServingNode } from '../../../kit/serving-node.ts'

const identity = testIdentity(5)
const peer = new Uint8Array(hexToBytes(identity.peer))

describe('NodeService', () => {
  it('adds, lists and revokes an application key, which can do what it was granted and no more', async () => {
    await using serving = await ServingNode.start()
    const { node } = await serving.dial()
    const [tree, hidden] = await Promise.all(
      ['a', 'b'].map(async (name) => new Uint8Array(hexToBytes(await serving.node.createTree(name)))),
    )
    const before = Date.now()
    const { app } = await node.addApp({
      ...{ name: 'billing', peer, grants: [{ tree: tree!, permission: Permission.WRITE }] },
    })
    assert.deepEqual([app!.name, Buffer.from(app!.peer)], ['billing', Buffer.from(peer)])
    assert.ok(Number(app!.createdAtMs) >= before)
    assert.deepEqual((await node.listApps({})).apps, [app])
    const { trees, node: asOperator } = await serving.dialAs(identity)
    assert.equal((await trees.listTrees({})).trees.length, 1)
    await trees.prepareCommit({ tree: tree!, changes: [{ store: 'log' }] })
    await fails(trees.getTree({ tree: hidden! }), 'UNKNOWN_TREE', 'NotFound')
    await fails(asOperator.listApps({}), 'FORBIDDEN', 'PermissionDenied')
    const revoked = await node.revokeApp({ name: 'billing' })
    assert.deepEqual(revoked.trees.map(Buffer.from), [Buffer.from(tree!)])
    await fails(trees.getTree({ tree: tree! }), 'UNKNOWN_TREE', 'NotFound')
    assert.deepEqual((await node.listApps({})).apps, [])
    assert.deepEqual(serving.problems, [])
  })

  it('does not link a tree with an application that fetches it, as it does with a node', async () => {
    await using serving = await ServingNode.start()
    const { node } = await serving.dial()
    const id = await serving.node.createTree('a')
    const tree = new Uint8Array(hexToBytes(id))
    await node.addApp({ name: 'billing', peer, grants: [{ tree, permission: Permission.READ }] })
    const other = testIdentity(6)
    await serving.node.grant(id, other.peer, Permission.READ)
    for (const each of [identity, other]) {
      const { sync } = await serving.dialAs(each)
      for await (const _ of sync.syncTree({ tree }));
    }
    assert.deepEqual(
      serving.node.status().map(({ peer }) => peer),
      [other.peer],
    )
  })

  it('lists application keys in pages, by name', async () => {
    await using serving = await ServingNode.start()
    const { node } = await serving.dial()
    const tree = new Uint8Array(hexToBytes(await serving.node.createTree('a')))
    const names = ['ä', 'b', 'a', 'c']
    for (const [index, name] of names.entries())
      await node.addApp({
        ...{ name, peer: new Uint8Array(hexToBytes(testIdentity(20 + index).peer)) },
        grants: [{ tree, permission: Permission.READ }],
      })
    const listed: string[] = []
    let pageToken = ''
    do {
      const page = await node.listApps({ pageSize: 3, pageToken })
      listed.push(...page.apps.map(({ name }) => name))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(listed, ['a', 'b', 'c', 'ä'])
    await fails(node.listApps({ pageToken: '!' }), 'INVALID_ARGUMENT', 'InvalidArgument')
  })

  it('refuses application keys of a wrong shape, and keeps nothing of them', async () => {
    await using serving = await ServingNode.start()
    const { node } = await serving.dial()
    const tree = new Uint8Array(hexToBytes(await serving.node.createTree('a')))
    const good = { name: 'a', peer, grants: [{ tree, permission: Permission.READ }] }
    for (const wrong of [
      { name: '' },
      { name: 'x'.repeat(limits.nameBytes + 1) },
      { name: 'a\n' },
      { peer: new Uint8Array(31) },
      { peer: new Uint8Array(hexToBytes(serving.node.peer)) },
      { grants: [] },
      { grants: [{ tree: new Uint8Array(3), permission: Permission.READ }] },
      { grants: [{ tree, permission: Permission.UNSPECIFIED }] },
      { grants: [{ tree, permission: 9 as Permission }] },
      { grants: [...good.grants, ...good.grants] },
    ])
      await fails(node.addApp({ ...good, ...wrong }), 'INVALID_ARGUMENT', 'InvalidArgument')
    const many = Array.from({ length: limits.appTrees + 1 }, (_, index) => ({
      tree: new Uint8Array(32).fill(index),
      permission: Permission.READ,
    }))
    await fails(node.addApp({ ...good, grants: many }), 'LIMIT_EXCEEDED', 'InvalidArgument')
    assert.deepEqual((await node.listApps({})).apps, [])
  })
})
