/** Causeway over HTTP, as built by the bench. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { payload } from './side.mjs'

const built = (file) => import(pathToFileURL(join(process.env.BENCH_BUILD, file)).href)
await built('src/cli/heap.js')
const { createNode } = await built('src/node/node.js')
const { PublicAccess } = await built('gen/causeway/v1/entry_pb.js')

export async function open(folder, role) {
  const serving = role === 'serving'
  const http = serving ? { http: { host: '127.0.0.1', port: 0 } } : {}
  const node = await createNode({ data: folder, ...http })
  let tree
  if (serving) {
    await node.listen()
    tree = await node.createTree('bench', PublicAccess.WRITE)
  }
  const add = (bytes) => node.commit(tree, [{ store: 'log', kind: 'add', payload: bytes }])
  return {
    info: { tree },
    meet(info) {
      tree ??= info.tree
    },
    async fill(count) {
      for (let index = 0; index < count; index += 100)
        await Promise.all(Array.from({ length: Math.min(100, count - index) }, () => add(payload())))
    },
    serve: () => node.addresses()[0],
    connect: (address) => node.sync(tree, address).then(() => undefined),
    disconnect() {},
    async follow(address) {
      const { peer } = await node.addPeer(undefined, { addresses: [address] })
      await node.link({ tree, peer })
    },
    add,
    /** Without the root. */
    count: () => (node.store.tree(tree)?.count ?? 1) - 1,
    onEntry(listener) {
      node.on('entries', (_tree, entries) => {
        for (const { body } of entries) for (const change of body.changes) listener(change.payload)
      })
    },
  }
}
