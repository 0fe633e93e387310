/** Nodes that share a tree and have no addresses meet by beacons, in a LAN in memory and by real multicast on loopback. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import { type LanNetwork, machineLan } from '../../../../src/find/multicast.ts'
import { createNode, type Node } from '../../../../src/node/node.ts'
import type { NodeOptions } from '../../../../src/node/options.ts'
import { MemoryLan } from '../../../kit/lan.ts'
import { limited } from '../../../kit/limited.ts'
import { freeUdpPort } from '../../../kit/serve-process.ts'

const http = { http: { host: '127.0.0.1', port: 0 } }
const quic = { quic: { listen: true, bind: '127.0.0.1:0' } }

/** Lets a node take a tree of another one, without keeping an address of it. */
async function give(from: Node, to: Node): Promise<Parameters<Node['grant']>[0]> {
  const tree = await from.createTree('notes')
  await from.grant(tree, to.peer, Permission.WRITE)
  await from.listen()
  await to.sync(tree, from.createTicket(tree))
  await from.commit(tree, [{ store: 'log', kind: 'add', payload: new Uint8Array(1) }])
  const addresses = from.peers.list().flatMap((peer) => peer.addresses)
  assert.deepEqual([addresses, to.peers.list(), to.store.tree(tree)?.count], [[], [], 2])
  return tree
}

/** Two nodes of which the first listens meet, and both have the tree. */
async function meet(lan: readonly [LanNetwork, LanNetwork], listening: NodeOptions): Promise<void> {
  await using alice = await createNode({ ...listening, lan: lan[0] })
  await using bob = await createNode({ lan: lan[1] })
  // Alice says her beacon when she listens: Bob does not know her yet, and learns who she is from the tree.
  const tree = await give(alice, bob)
  while (bob.store.tree(tree)?.count !== 3) await once(bob, 'entries')
  // The address is there before the peer is dialled for the link.
  const [entry] = bob.peers.list()
  assert.equal(entry?.peer, alice.peer)
  // Once they have met, she may have told further ones.
  const heard = entry!.addresses.filter(({ source }) => source === 'LAN')
  assert.equal(heard.length, 1)
  assert.ok(heard[0]!.expiresMs! > Date.now())
}

describe('Two nodes in a LAN that share a tree and know no addresses', () => {
  for (const [name, listening] of [
    ['HTTP', http],
    ['QUIC', quic],
  ] as const)
    it(`meet over ${name}`, async () => {
      using _ = limited({ beaconAgainMs: 100, beaconIntervalMs: 200, beaconJitterMs: 0 })
      const ether = new MemoryLan()
      await meet([ether.at('127.0.0.1'), ether.at('127.0.0.1')], listening)
    })

  it('meet by real multicast', async () => {
    using _ = limited({
      ...{ beaconAgainMs: 100, beaconIntervalMs: 200, beaconJitterMs: 0, lanPort: await freeUdpPort() },
    })
    const loopback = { address: '127.0.0.1', cidr: '127.0.0.1/8', scope: 'lo' }
    const network = { ...machineLan, interfaces: () => [loopback] }
    await meet([network, network], http)
  })

  it('do not meet if one has its LAN off, or nothing in common with the other', async () => {
    using _ = limited({ beaconAgainMs: 20, beaconIntervalMs: 20, beaconJitterMs: 0 })
    const ether = new MemoryLan()
    await using alice = await createNode({ ...http, lan: ether.at('127.0.0.1') })
    await using off = await createNode({ ...http })
    await using stranger = await createNode({ ...http, lan: ether.at('127.0.0.1') })
    await stranger.listen()
    const tree = await give(alice, off)
    await ether.heard(ether.said.length + 20)
    assert.equal(off.store.tree(tree)?.count, 2)
    assert.deepEqual([...stranger.peers.list(), ...off.peers.list(), ...stranger.connections()], [])
  })
})
