/** A node gets another key, as docs/operating.md says: nothing is lost, and the new key has the rights of the old one. */
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { readArchive } from '../../../src/node/backup/read.ts'
import { restoreData } from '../../../src/node/backup/restore.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { testIdentity } from '../../kit/entries.ts'
import { assertSame, tempFolder } from '../../kit/peers.ts'
import { code } from '../../store/expect.ts'

const change = (text: string) => [{ store: 'log', kind: 'add', payload: Buffer.from(text) }]
const listening = { http: { host: '127.0.0.1', port: 0 }, background: false }

async function* bytesOf(node: Node): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of node.backup()) yield bytes
}

it('a node that is restored without its key takes the place of the old one', async () => {
  await using folder = await tempFolder()
  await using old = await createNode({ identity: testIdentity(0), ...listening })
  const tree = await old.createTree('notes')
  await old.commit(tree, change('by the old key'))
  await old.listen()
  const data = join(folder.path, 'new')
  const { peer } = await restoreData(data, bytesOf(old))
  assert.notEqual(peer, old.peer)
  await using fresh = await createNode({ data, ...listening })
  await assert.rejects(fresh.commit(tree, change('too early')), code('FORBIDDEN'))
  // Written after the backup; the grant brings it along.
  await old.commit(tree, change('later'))
  await old.grant(tree, peer, Permission.ADMIN, 'new key')
  await fresh.sync(tree, old.addresses()[0]!)
  await assertSame(tree, fresh.store, old.store)
  await fresh.revoke(tree, old.peer)
  await fresh.commit(tree, change('by the new key'))
  // The thief of the old key, or the old node that somebody starts again, writes what is void.
  const late = await old.commit(tree, change('by whoever has the old key'))
  await fresh.store.append(tree, [late])
  const shown: string[] = []
  for await (const page of fresh.entries(tree)) for (const { id } of page) shown.push(id)
  assert.equal(shown.includes(late.id), false)
  // Everything that the old key wrote before stands: the root, two entries and the grant, then what the new key wrote.
  assert.equal(shown.length, 6)
  const archived: string[] = []
  for await (const part of readArchive(bytesOf(fresh))) if ('causeway' in part) archived.push(part.node)
  assert.deepEqual(archived, [peer])
})
