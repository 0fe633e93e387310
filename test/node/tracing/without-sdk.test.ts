/**
 * Without an SDK traces cost nothing: of calls, commits and pushes none runs a function of them. Node counts the calls
 * of each function: a profile takes samples, so it can miss a frame.
 */
import { strict as assert } from 'node:assert'
import { Session } from 'node:inspector/promises'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode } from '../../../src/node/node.ts'

const local = { host: '127.0.0.1', port: 0 }

it('calls no function of traces', async () => {
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
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  for (let count = 0; count < 300; count++)
    await peer.commit(tree, [{ store: 'notes', kind: '', payload: new Uint8Array(9) }])
  assert.deepEqual(await peer.flush(), [])
  await peer.sync(tree, node.addresses()[0]!)
  const { result } = await session.post('Profiler.takePreciseCoverage')
  session.disconnect()
  const called = result.flatMap(({ url, functions }) =>
    functions
      .filter(({ ranges }) => ranges[0]!.count > 0)
      .map(({ functionName }) => `${url.slice(url.lastIndexOf('/src/') + 1)} ${functionName}`),
  )
  // It has counted both sides of calls, pages and pushes.
  for (const file of ['rpc/server/handler', 'rpc/client/remote', 'dispatcher/push', 'store/store'])
    assert.ok(
      called.some((each) => each.includes(file)),
      file,
    )
  assert.deepEqual(
    called.filter((each) =>
      /opentelemetry|\/(base|rpc)\/tracing\/|dispatcher\/traced|page-traces/.test(each),
    ),
    [],
  )
})
