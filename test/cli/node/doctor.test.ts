/** `causeway doctor` with and without a running node, and offers that outlive a kill of the process that accepted them. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { formatId } from '../../../src/dag/id.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import type { Finding } from '../../../src/rpc/services/doctor-service.ts'
import { Sandbox } from '../../kit/command.ts'
import { until } from '../../kit/until.ts'

interface Report {
  readonly healthy: boolean
  readonly findings: readonly Finding[]
}

async function doctor(box: Sandbox, data: string) {
  const { code, stdout } = await box.run(data, ['doctor', '--json'])
  const { healthy, findings } = JSON.parse(stdout) as Report
  assert.equal(healthy, code === 0)
  return { healthy, found: (topic: string) => findings.find((each) => each.topic === topic) }
}

it('causeway doctor looks at the folder and the ports while no node runs, and at the node while one does', async () => {
  await using box = await Sandbox.create()
  const none = await doctor(box, 'nowhere')
  assert.match(none.found('folder')!.message, /has no node yet/)
  await box.json('a', ['id'])
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address() as AddressInfo
  await writeFile(join(box.folder('a'), 'ports.json'), JSON.stringify({ http: port }))
  const taken = await doctor(box, 'a')
  assert.match(taken.found('listening')!.message, /^No node runs on/)
  assert.deepEqual([taken.healthy, taken.found('ports')!.severity], [false, 'problem'])
  assert.match(taken.found('ports')!.message, new RegExp(`^TCP port ${port} is in use`))
  blocker.close()
  await once(blocker, 'close')
  const free = await doctor(box, 'a')
  assert.deepEqual([free.healthy, free.found('ports')!.severity], [true, 'fine'])
  const { ready } = await box.serve('a')
  const running = await doctor(box, 'a')
  assert.equal(running.found('listening')!.message, `HTTP is served at ${ready.addresses[0]}.`)
  assert.equal(running.found('ports'), undefined)
  const { code, stdout } = await box.run('a', ['doctor'])
  assert.equal(code, 0)
  assert.match(stdout, /^ok {7}listening {4}HTTP is served at/)
})

it('an offer that was accepted brings its tree after a kill that came before the first session', async () => {
  await using box = await Sandbox.create()
  const { child, ready, closed } = await box.serve('server')
  const server = ready.peer as PeerId
  await using laptop = await createNode({})
  const tree = await laptop.createTree('\u001b[31m<b>shared</b>')
  await laptop.grant(tree, server, Permission.READ)
  await laptop.addPeer(server, { addresses: ready.addresses })
  await laptop.link({ tree, peer: server })
  await until('it is offered', () => /was offered/.test(laptop.status()[0]!.parked))
  const listed = await box.run('server', ['offers'])
  assert.ok(listed.stdout.includes('“[31m<b>shared</b>”') && !listed.stdout.includes('\u001b'))
  assert.match((await box.run('server', ['status'])).stdout, /1 offer of trees: see `causeway offers`/)
  assert.equal((await box.run('server', ['accept'])).code, 2)
  await laptop.blockPeer(server)
  const { offers } = await box.json<{ offers: { tree: string }[] }>('server', ['accept', formatId(tree)])
  assert.deepEqual(
    offers.map((each) => each.tree),
    [formatId(tree)],
  )
  child.kill('SIGKILL')
  await closed
  await box.serve('server', '--http', new URL(ready.addresses[0]!).host)
  await laptop.blockPeer(server, false)
  await until('the tree is there', () => laptop.status()[0]!.inSync)
  const { trees } = await box.json<{ trees: { tree: string }[] }>('server', ['tree', 'list'])
  assert.equal(trees.length, 1)
})
