/** WatchNode tells all trees and links of a node, then what has changed, and that it lives. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { createIdentity } from '../../../../src/dag/identity.ts'
import { createNode } from '../../../../src/node/node.ts'
import { VirtualClock } from '../../../kit/virtual-clock.ts'

const change = { store: 's', kind: '', payload: new Uint8Array() }

describe('WatchNode', () => {
  it('tells all, once', async () => {
    await using node = await createNode({ background: false })
    const { peer } = createIdentity()
    for (let n = 0; n <= limits.watchNodeTrees; n++) await node.createTree(`tree ${n}`)
    await node.addPeer(peer, { addresses: [] })
    await node.link({ tree: (await node.trees())[0]!.tree, peer })
    const messages = []
    for await (const message of createClient(NodeService, node.rpc()).watchNode({})) messages.push(message)
    assert.deepEqual(
      messages.map(({ trees, links, complete, storage }) => [
        trees.length,
        links.length,
        complete,
        storage !== undefined,
      ]),
      [
        [limits.watchNodeTrees, 0, false, false],
        [1, 0, false, false],
        [0, 1, false, false],
        [0, 0, true, true],
      ],
    )
    assert.equal(messages.at(-1)!.storage!.maxBytes, BigInt(limits.quotaNodeBytes))
  })

  it('tells each change, at most once a second, and gives a sign of life', async () => {
    const clock = new VirtualClock()
    await using node = await createNode({ background: false, clock })
    const over = new AbortController()
    const watch = createClient(NodeService, node.rpc())
      .watchNode({ follow: true }, { signal: over.signal })
      [Symbol.asyncIterator]()
    const next = async () => (await watch.next()).value!
    const later = async (ms: number = limits.watchNodeMs) => {
      const message = next()
      await clock.advance(ms)
      return message
    }
    assert.equal((await next()).complete, true)
    const tree = await node.createTree('one')
    const [made] = (await later()).trees
    assert.deepEqual([made!.name, made!.count], ['one', 1n])
    assert.equal((await next()).storage!.entryBytes, made!.bytes)
    await node.commit(tree, [change])
    await node.commit(tree, [change])
    assert.equal((await later()).trees[0]!.count, 3n)
    await next()
    await node.removeTree(tree)
    assert.equal((await later()).removedTrees.length, 1)
    const alive = await later(limits.signOfLifeMs)
    assert.deepEqual([alive.trees.length, alive.storage, alive.complete], [0, undefined, true])
    over.abort()
    await assert.rejects(watch.next())
  })
})
