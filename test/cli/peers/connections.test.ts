/** `causeway connections`: what it prints about a running node's connections over QUIC. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { Sandbox } from '../../kit/command.ts'

interface Listed {
  readonly peer: string
  readonly transport: string
  readonly path: string
  readonly bytesReceived: number
  readonly inbound: boolean
}

it('causeway connections lists the peer, transport and path of each connection', async () => {
  await using box = await Sandbox.create()
  const list = async () => (await box.json<{ connections: Listed[] }>('a', ['connections'])).connections
  await box.json('a', ['id'])
  assert.deepEqual(await list(), [])
  assert.match((await box.run('a', ['connections'])).stdout, /^No open connections: no node is running/)
  const { ready } = await box.serve('a', '--quic', '127.0.0.1:0', '--relay', 'off')
  const own = (connections: readonly Listed[]) => connections.filter(({ transport }) => transport === 'iroh')
  const identity = createIdentity()
  await using node = await createNode({ identity, quic: { bind: '127.0.0.1:0', relay: 'off' } })
  const iroh = ready.addresses.find((address) => address.startsWith('iroh:'))!
  await using open = new RpcConnection(await node.transports.dial(iroh), { clock: systemClock })
  await open.client(SyncService).handshake({ version: 2, nonce: new Uint8Array(32) })
  const [connection] = own(await list())
  assert.deepEqual(
    [connection!.peer, connection!.transport, connection!.path, connection!.inbound],
    [identity.peer, 'iroh', 'direct', true],
  )
  assert.ok(connection!.bytesReceived > 0)
  const plain = await box.run('a', ['connections'])
  assert.match(plain.stdout, new RegExp(`from ${identity.peer} at \\S+:\\d+ over iroh \\(direct, `))
})
