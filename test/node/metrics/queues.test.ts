/** Metrics of what waits: queues of the node, entries that peers lack, and peers that are dialled again. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { limited } from '../../kit/limited.ts'

const local = { host: '127.0.0.1', port: 0 }
const change = { store: 'notes', kind: '', payload: new Uint8Array([1]) }

/** Returns what reads a metric of a node by its name and labels. */
async function reader(node: Node): Promise<(name: string) => Promise<number>> {
  const admin = await node.listenAdmin(local)
  return async (name) => {
    const text = await (await fetch(`${admin}/metrics`)).text()
    const row = text.split('\n').find((line) => line.startsWith(`${name} `))
    assert.ok(row !== undefined, `there is no ${name}`)
    return Number(row.slice(name.length + 1))
  }
}

/** Asks for a metric, again and again, until it has this value. The test's own time bound ends it. */
async function reaches(read: () => Promise<number>, value: number): Promise<void> {
  while ((await read()) !== value);
}

it('count the commits and pages that wait for the turn of their tree', async () => {
  using _ = limited({ metricsIntervalMs: 0 })
  await using node = await createNode({})
  const metric = await reader(node)
  const tree = await node.createTree('notes')
  let release = () => {}
  const held = node.store.between(tree, () => new Promise<void>((resolve) => (release = resolve)))
  const commits = [1, 2, 3, 4].map(() => node.commit(tree, [change]))
  // The first of them is a page, which waits for the tree; the others wait for that page.
  await reaches(() => metric('causeway_queue_length{queue="pages"}'), 1)
  assert.equal(await metric('causeway_queue_length{queue="commits"}'), 3)
  release()
  await Promise.all([held, ...commits])
  assert.equal(await metric('causeway_queue_length{queue="pages"}'), 0)
  assert.equal(await metric('causeway_queue_length{queue="commits"}'), 0)
  for (const queue of ['signatures', 'sessions', 'dials', 'strangers'])
    assert.equal(await metric(`causeway_queue_length{queue="${queue}"}`), 0)
})

it('count the entries that an absent peer lacks, and the peer itself', async () => {
  using _ = limited({ metricsIntervalMs: 0 })
  await using node = await createNode({})
  const metric = await reader(node)
  const tree = await node.createTree('notes')
  await using other = await createNode({ http: local })
  await other.listen()
  const { peer } = await node.addPeer(undefined, { addresses: other.addresses() })
  await node.grant(tree, peer, Permission.WRITE)
  await other.addPeer(node.peer, {})
  await other.link({ tree, peer: node.peer })
  await node.link({ tree, peer })
  assert.deepEqual(await node.flush(), [])
  assert.equal(await metric('causeway_outbox_entries'), 0)
  assert.equal(await metric('causeway_peers_waiting'), 0)
  await other.close(0)
  for (let count = 0; count < 3; count++) await node.commit(tree, [change])
  await reaches(() => metric('causeway_peers_waiting'), 1)
  assert.equal(await metric('causeway_outbox_entries'), 3)
})
