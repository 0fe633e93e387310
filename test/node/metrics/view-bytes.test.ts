/** The size of views on the disk: it grows with their keys once LevelDB has written tables, and memory has none. */
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { it } from 'node:test'
import { viewBytes } from '../../../src/node/metrics/view-bytes.ts'
import { createNode } from '../../../src/node/node.ts'
import { tempFolder } from '../../kit/peers.ts'

it('views on the disk are counted, and those in memory are not', async () => {
  await using folder = await tempFolder()
  const data = join(folder.path, 'node')
  const fill = async (options: Parameters<typeof createNode>[0]) => {
    const node = await createNode({ ...options, background: false })
    const store = node.stores.open(await node.createTree('notes'), 'keys')
    for (let n = 0; n < 20; n++) await store.put(`key ${n}`, Buffer.from(`${n} `.repeat(100)))
    await store.get('key 1')
    return node
  }
  await using inMemory = await fill({})
  assert.equal(await viewBytes(inMemory.store.db), 0)
  await (await fill({ data })).close()
  // The opening writes what was in the log into a table.
  await using again = await createNode({ data, background: false })
  const bytes = await viewBytes(again.store.db)
  assert.ok(bytes > 500, `${bytes} bytes`)
})
