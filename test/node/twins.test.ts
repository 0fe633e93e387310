/** Two nodes with one key, as from a copied data folder, learn of each other from the peers that both call. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { testIdentity } from '../kit/entries.ts'

const http = { host: '127.0.0.1', port: 0 }
const copied = testIdentity(7)

/** Collects what a node tells its operator about twins. */
function warnings(node: Node): CausewayError[] {
  const seen: CausewayError[] = []
  node.on('problem', (error) => {
    if (error instanceof CausewayError && error.code === 'ALREADY_STARTED') seen.push(error)
  })
  return seen
}

it('a peer that both call tells its operator and both of them, once', async () => {
  await using hub = await createNode({ http, background: false })
  await hub.listen()
  const tree = await hub.createTree('shared', PublicAccess.WRITE)
  await hub.addPeer(copied.peer, {})
  await using first = await createNode({ identity: copied, background: false })
  await using second = await createNode({ identity: copied, background: false })
  const [atHub, atFirst, atSecond] = [hub, first, second].map(warnings)
  const [address] = hub.addresses()
  await first.sync(tree, address!)
  await second.sync(tree, address!)
  assert.deepEqual([atHub, atFirst, atSecond], [[], [], []], 'as after a restart')
  await first.sync(tree, address!)
  await second.sync(tree, address!)
  await second.sync(tree, address!)
  assert.deepEqual(
    [atHub, atFirst, atSecond].map((seen) => seen!.map(({ data }) => data.peer)),
    [[copied.peer], [copied.peer], [copied.peer]],
  )
  assert.match(atHub![0]!.message, /two nodes run with the key of the peer/)
  assert.match(atFirst![0]!.message, /two nodes run with this node's key/)
})

it('a node that calls its twin tells both at once', async () => {
  await using first = await createNode({ identity: copied, http, background: false })
  await first.listen()
  const tree = await first.createTree('mine')
  await using second = await createNode({ identity: copied, background: false })
  const [atFirst, atSecond] = [first, second].map(warnings)
  await second.sync(tree, first.addresses()[0]!)
  assert.deepEqual([atFirst!.length, atSecond!.length], [1, 1])
})

it('a node that is started again, and one that is no peer, are no twins', async () => {
  await using hub = await createNode({ http, background: false })
  await hub.listen()
  const tree = await hub.createTree('shared', PublicAccess.WRITE)
  const atHub = warnings(hub)
  await hub.addPeer(copied.peer, {})
  for (let start = 0; start < 3; start++) {
    await using node = await createNode({ identity: copied, background: false })
    await node.sync(tree, hub.addresses()[0]!)
    await node.sync(tree, hub.addresses()[0]!)
  }
  const stranger = testIdentity(8)
  await using one = await createNode({ identity: stranger, background: false })
  await using other = await createNode({ identity: stranger, background: false })
  for (const node of [one, other, one, other]) await node.sync(tree, hub.addresses()[0]!)
  assert.deepEqual(atHub, [])
})
