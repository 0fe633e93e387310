/** Everything that a caller makes the node send or do is charged to it: each kind of call, and what is no call at all. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { bytesToHex } from '../../../src/dag/hex.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { limited } from '../../kit/limited.ts'
import { rawSocket } from '../../kit/raw-socket.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

async function openTree() {
  const serving = await ServingNode.start()
  const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
  const owner = await serving.dial()
  const commit = (bytes: number) =>
    owner.trees.commit({ tree, changes: [{ store: 's', payload: new Uint8Array(bytes) }] })
  const stranger = await serving.dialAs(undefined)
  return {
    serving,
    tree,
    commit,
    sync: stranger.sync,
    [Symbol.asyncDispose]: () => serving[Symbol.asyncDispose](),
  }
}

describe('A stranger pays', () => {
  it('for the bytes of a watch', async () => {
    using _ = limited({ strangerBytesBurst: 20_000, strangerBytesPerSecond: 1 })
    await using lab = await openTree()
    const watch = lab.sync.watch({ trees: [{ tree: lab.tree }] })[Symbol.asyncIterator]()
    await watch.next()
    await watch.next()
    await lab.commit(30_000)
    assert.ok((await watch.next()).value!.entries.length > 0)
    const { message } = await fails(
      lab.sync.syncTree({ tree: lab.tree }),
      'RESOURCE_EXHAUSTED',
      'ResourceExhausted',
    )
    assert.match(message, /too many bytes/)
  })

  it('for the work of a watch', async () => {
    using _ = limited({ strangerWorkBurstMs: 0.001, strangerWorkMsPerSecond: 0.001 })
    await using lab = await openTree()
    const watch = lab.sync.watch({ trees: [{ tree: lab.tree }] })[Symbol.asyncIterator]()
    await watch.next()
    await watch.next()
    await lab.commit(1)
    const { message } = await fails(watch.next(), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
    assert.match(message, /too much work/)
  })

  it('for the work on a text that it follows, or gets', async () => {
    using _ = limited({ strangerWorkBurstMs: 0.001, strangerWorkMsPerSecond: 0.001 })
    await using lab = await openTree()
    const { node } = lab.serving
    const tree = bytesToHex(lab.tree) as TreeId
    await using text = await node.stores.text(tree, 's', 'k')
    text.doc.getText('text').insert(0, 'a')
    await text.flush()
    const stores = (await lab.serving.dialAs(undefined)).connection.client(StoreService)
    const key = { store: 's', key: 'k' }
    const follow = async () => {
      let messages = 0
      for await (const _ of stores.watchText({ tree: lab.tree, key })) {
        if (++messages === 10) return
        text.doc.getText('text').insert(0, 'b')
        await text.flush()
      }
    }
    for (const call of [follow, () => stores.get({ tree: lab.tree, keys: [key] })]) {
      const { message } = await fails(call(), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
      assert.match(message, /too much work/)
    }
  })

  it('for the bytes of an answer', async () => {
    using _ = limited({ strangerBytesBurst: 20_000, strangerBytesPerSecond: 1 })
    await using lab = await openTree()
    await lab.commit(30_000)
    let pages = 0
    for await (const { part } of lab.sync.syncTree({ tree: lab.tree })) {
      if (part.case === 'page') pages++
      if (pages > 0) break
    }
    const { message } = await fails(
      lab.sync.syncTree({ tree: lab.tree }),
      'RESOURCE_EXHAUSTED',
      'ResourceExhausted',
    )
    assert.match(message, /too many bytes/)
  })

  it('for requests that are no calls, except that it can always ask whether the node runs', async () => {
    using _ = limited({ strangerRequestBurst: 3, strangerRequestsPerSecond: 0.001, refusalsPerConnection: 8 })
    await using serving = await ServingNode.start()
    const socket = await rawSocket(serving)
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    const paths = [...Array(5).fill('/nothing'), '/healthz', ...Array(20).fill('/nothing')]
    for (const [index, path] of paths.entries()) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
      await until('it is answered or cut', () => statuses().length > index || socket.readableEnded)
    }
    assert.deepEqual(statuses().slice(0, 6), ['404', '404', '404', '429', '429', '200'])
    // Its connection was cut, because it went on.
    assert.ok(statuses().length < 12, text)
    await serving.assertServing()
  })
})
