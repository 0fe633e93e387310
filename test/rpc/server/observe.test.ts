/** Every call over a connection is reported once, with who called, what for, and how it went. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode } from '../../../src/node/node.ts'
import type { CallReport } from '../../../src/rpc/server/observe.ts'

const http = { host: '127.0.0.1', port: 0 }

it('a listener that throws does not fail the call', async () => {
  await using node = await createNode({ http, background: false })
  await using peer = await createNode({ background: false })
  await node.listen()
  const tree = await node.createTree('shared', PublicAccess.READ)
  const stop = new Error('The listener fails.')
  const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve))
  node.once('call', () => {
    throw stop
  })
  const { received } = await peer.sync(tree, node.addresses()[0]!)
  assert.equal(received, 1)
  assert.equal(await thrown, stop)
  process.setUncaughtExceptionCaptureCallback(null)
})

it('calls are reported by method, tree, peer and code, refused ones too', async () => {
  await using node = await createNode({ http, background: false })
  await using peer = await createNode({ background: false })
  await node.listen()
  const tree = await node.createTree('shared', PublicAccess.READ)
  const calls: CallReport[] = []
  node.on('call', (call) => calls.push(call))
  const [address] = node.addresses()
  await peer.sync(tree, address!)
  const synced = calls.find(({ method }) => method === 'SyncService/SyncTree')
  assert.deepEqual([synced?.peer, synced?.tree, synced?.code], [peer.peer, tree, undefined])
  assert.ok(synced!.ms >= 0)
  assert.equal(calls.filter(({ method }) => method === 'SyncService/Handshake').length, 1)

  calls.length = 0
  const post = async (method: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${address}/causeway.v1.${method}`, {
      ...{ method: 'POST', body: '{}' },
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    })
    await answer.text()
  }
  await post('NodeService/GetNode')
  await post('NodeService/GetNode', { authorization: 'Bearer x' })
  await post('NodeService/Nonsense')
  assert.deepEqual(
    calls.map(({ method, code }) => [method, code]),
    [
      ['NodeService/GetNode', 'UNAUTHENTICATED'],
      ['NodeService/GetNode', 'UNAUTHENTICATED'],
      ['unknown', 'UNIMPLEMENTED'],
    ],
  )
})
