/** A node in a folder of its own, as docs/library.md begins. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode } from 'causeway-sync'
import { TreeService } from 'causeway-sync/proto'

const data = await mkdtemp(join(tmpdir(), 'causeway-package-'))
const node = await createNode({ data, http: { host: '127.0.0.1', port: 0 } })
try {
  const { started } = await node.listen()
  const tree = await node.createTree('notes')
  const notes = node.stores.open(tree, 'notes')
  const at = await notes.put('title', 'Hello', { durable: true })
  const title = await notes.get('title', { at })
  console.log(`${title.value} on ${started.join()}, ${TreeService.typeName}`)
} finally {
  await node.close()
  await rm(data, { recursive: true })
}
