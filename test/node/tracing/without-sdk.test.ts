/** Without an SDK traces cost nothing: a profile of calls, commits and pushes has no frame of them. */
import { strict as assert } from 'node:assert'
import { Session } from 'node:inspector/promises'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode } from '../../../src/node/node.ts'

const local = { host: '127.0.0.1', port: 0 }

it('leaves no frame in a profile', async () => {
  await using node = await createNode({ http: local })
  await node.listen()
  const tree = await node.createTree('shared', PublicAccess.WRITE)
  await using peer = await createNode({})
  const { peer: id } = await peer.addPeer(undefined, { addresses: node.addresses() })
  await node.addPeer(peer.peer, {})
  await peer.sync(tree, node.addresses()[0]!)
  await peer.link({ tree, peer: id })
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 50 })
  await session.post('Profiler.start')
  for (let count = 0; count < 300; count++)
    await peer.commit(tree, [{ store: 'notes', kind: '', payload: new Uint8Array(9) }])
  assert.deepEqual(await peer.flush(), [])
  await peer.sync(tree, node.addresses()[0]!)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const urls = new Set(profile.nodes.map(({ callFrame }) => callFrame.url))
  // It has seen both sides of calls, pages and pushes.
  for (const file of ['rpc/server/handler', 'rpc/client/remote', 'dispatcher/push', 'store/store'])
    assert.ok(
      [...urls].some((url) => url.includes(file)),
      file,
    )
  assert.deepEqual(
    [...urls].filter((url) =>
      /opentelemetry|\/(base|rpc)\/tracing\/|dispatcher\/traced|page-traces/.test(url),
    ),
    [],
  )
})
