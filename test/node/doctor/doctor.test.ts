/** The doctor of a real node, through its contract. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { FindingSeverity, NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { tempFolder } from '../../kit/peers.ts'

async function diagnose(node: Node) {
  const { findings } = await createClient(NodeService, node.rpc()).diagnose({})
  return (topic: string) => findings.filter((each) => each.topic === topic)
}

it('knows the server, the disk and the store, and by a call of a peer how far the clock is off', async () => {
  await using folder = await tempFolder()
  const http = { host: '127.0.0.1', port: 0 }
  await using server = await createNode({ http })
  await server.listen()
  const tree = await server.createTree('shared', PublicAccess.READ)
  // Half a minute past the bound of proofs, so that rounding does not matter.
  const clock = { ...systemClock, now: () => Date.now() - 90_000 }
  await using node = await createNode({ data: folder.path, http, clock })
  assert.equal((await diagnose(node))('listening')[0]!.severity, FindingSeverity.NOTICE)
  await node.listen()
  await node.sync(tree, server.addresses()[0]!)
  const found = await diagnose(node)
  assert.match(found('listening')[0]!.message, /^HTTP is served at http:\/\/127.0.0.1:/)
  assert.match(found('reach')[0]!.message, /no public address/)
  assert.match(found('disk')[0]!.message, /are free on the disk/)
  assert.equal(found('store')[0]!.severity, FindingSeverity.FINE)
  const [off] = found('clock')
  assert.match(off!.message, /^The clock is (89|90|91) s behind that of one peer/)
  assert.equal(off!.severity, FindingSeverity.PROBLEM)
  assert.deepEqual((await diagnose(server))('clock'), [])
})
