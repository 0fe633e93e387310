/** Settings, metrics, and who takes how much of a tree, as operators read them of a running node. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { type AuthorStorage, NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { signEntry } from '../../../../src/dag/entry.ts'
import { idToBytes, type TreeId } from '../../../../src/dag/id.ts'
import { createIdentity, type Identity } from '../../../../src/dag/identity.ts'
import { createNode, type Node } from '../../../../src/node/node.ts'
import { placeFor } from '../../../../src/store/author/place.ts'
import { limited } from '../../../kit/limited.ts'
import { fails } from '../../../kit/rpc-errors.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const callsOf = (node: Node) => createClient(NodeService, node.rpc())

describe('GetSettings', () => {
  it('tells what the program says of them, as it is then', async () => {
    const settings = [
      { name: 'max-disk', value: '1G', source: '--max-disk' },
      { name: 'seed', value: null, source: 'default' },
    ]
    await using node = await createNode({ background: false, settings: () => settings })
    const read = async () =>
      (await callsOf(node).getSettings({})).settings.map(({ name, value, source }) => [name, value, source])
    assert.deepEqual(await read(), [
      ['max-disk', '1G', '--max-disk'],
      ['seed', '', 'default'],
    ])
    settings[0]!.value = '2G'
    assert.equal((await read())[0]![1], '2G')
  })

  it('tells none of a program that says nothing', async () => {
    await using node = await createNode({ background: false })
    assert.deepEqual((await callsOf(node).getSettings({})).settings, [])
  })
})

describe('GetMetrics', () => {
  it('tells what the node measures, all or some', async () => {
    await using node = await createNode({ background: false })
    await node.createTree('one')
    const calls = callsOf(node)
    const { samples } = await calls.getMetrics({})
    const value = (name: string, key?: string) =>
      samples.find((each) => each.name === name && (key === undefined || each.labels.queue === key))?.value
    assert.deepEqual([value('causeway_trees'), value('causeway_entries')], [1, 1])
    assert.equal(value('causeway_queue_length', 'commits'), 0)
    const some = await calls.getMetrics({ names: ['causeway_trees', 'nothing'] })
    assert.deepEqual(
      some.samples.map(({ name, labels, value }) => [name, labels, value]),
      [['causeway_trees', {}, 1]],
    )
    const names = Array.from({ length: limits.metricNames + 1 }, (_, n) => `n${n}`)
    await fails(calls.getMetrics({ names }), 'LIMIT_EXCEEDED', 'InvalidArgument')
    using _ = limited({ metricSamples: 2 })
    assert.equal((await calls.getMetrics({})).samples.length, 2)
  })
})

/** Signs an entry by somebody on top of a tree, and stores it. */
async function write(node: Node, tree: TreeId, author: Identity, size: number): Promise<number> {
  const { parents, height, policy } = await placeFor(node.store, tree)
  const changes = [{ store: 's', kind: '', payload: new Uint8Array(size) }]
  const entry = signEntry(author, { tree, parents, height, policy, createdAtMs: 1, changes })
  await node.store.append(tree, [entry])
  return entry.signed.body.length + entry.signed.signature.length
}

describe('ListAuthorStorage', () => {
  it('tells who takes how much, the largest first, and what holds them', async () => {
    const quota = { nodeBytes: 80_000_000, treeBytes: 8_000_000, authorBytes: 4_000_000 }
    await using node = await createNode({ background: false, quota })
    const tree = await node.createTree('one', PublicAccess.WRITE)
    const [ada, ben] = [createIdentity(), createIdentity()]
    await node.grant(tree, ada.peer, Permission.WRITE)
    const [of1, of2] = [await write(node, tree, ada, 5_000), await write(node, tree, ben, 9_000)]
    const list = async (pageSize: number) => {
      const all: AuthorStorage[] = []
      let pageToken = ''
      do {
        const page = await callsOf(node).listAuthorStorage({ tree: idToBytes(tree), pageSize, pageToken })
        all.push(...page.authors)
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      return all.map(({ peer, entryBytes, maxBytes, shared }) => [
        ...[shared || hex(peer), Number(entryBytes), Number(maxBytes)],
      ])
    }
    const own = node.store.tree(tree)!.bytes - of1 - of2
    const expected = [
      ['strangers', of2, quota.treeBytes / limits.quotaStrangerDivisor],
      [ben.peer, of2, quota.authorBytes],
      [ada.peer, of1, quota.authorBytes],
      [node.peer, own, 0],
    ]
    for (const pageSize of [0, 1, 3]) assert.deepEqual(await list(pageSize), expected)
    const nowhere = new Uint8Array(32).fill(7)
    await fails(callsOf(node).listAuthorStorage({ tree: nowhere }), 'UNKNOWN_TREE', 'NotFound')
    const pageToken = 'AAAA'
    await fails(
      callsOf(node).listAuthorStorage({ tree: idToBytes(tree), pageToken }),
      'INVALID_ARGUMENT',
      'InvalidArgument',
    )
  })

  it('tells what authors without an account of their own take together', async () => {
    using _ = limited({ quotaAuthors: 1 })
    await using node = await createNode({ background: false })
    const tree = await node.createTree('one')
    for (const name of ['a', 'b', 'c']) {
      const author = createIdentity()
      await node.grant(tree, author.peer, Permission.WRITE, name)
      await write(node, tree, author, 1_000)
    }
    const { authors } = await callsOf(node).listAuthorStorage({ tree: idToBytes(tree) })
    const total = authors.reduce((sum, { entryBytes }) => sum + Number(entryBytes), 0)
    assert.equal(total, node.store.tree(tree)!.bytes)
    assert.ok(authors.some(({ shared, peer }) => shared === 'others' && peer.length === 0))
  })
})
