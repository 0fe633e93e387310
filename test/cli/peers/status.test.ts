/** What `status` says beside the links. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { signRecord } from '../../../src/find/record.ts'
import { createNode } from '../../../src/node/node.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { Sandbox } from '../../kit/command.ts'
import { testIdentity } from '../../kit/entries.ts'

it('says that another node runs with this key, once records of both have overtaken each other', async () => {
  await using sandbox = await Sandbox.create()
  const [identity, member] = [testIdentity(51), testIdentity(52)]
  const http = { host: '127.0.0.1', port: 0 }
  await using node = await createNode({ data: sandbox.folder('a'), identity, http, lan: false })
  await node.listen()
  await node.listenControl()
  const tree = await node.createTree('shared')
  await node.grant(tree, member.peer, Permission.READ)
  const status = async () => (await sandbox.run('a', ['status'])).stdout
  assert.doesNotMatch(await status(), /Another node/)

  const connection = new RpcConnection(await createHttpTransport().dial(node.addresses()[0]!), {
    clock: systemClock,
  })
  connection.prove((binding) => makeToken(member, node.peer, systemClock, { binding }))
  for (let turn = 1; turn <= limits.recordTwinTimes; turn++) {
    const sequence = Date.now() + turn * 60_000
    const twin = signRecord(identity, { sequence, ttlSeconds: 60, near: true, addresses: [] })
    await connection.client(SyncService).exchangeAddresses({ tree: idToBytes(tree), news: [twin] })
  }
  connection.close()
  assert.match(await status(), /^Another node runs with this node's key/m)
  const { problems } = await sandbox.json<{ problems: number }>('a', ['status'])
  assert.equal(problems, 1)
})
