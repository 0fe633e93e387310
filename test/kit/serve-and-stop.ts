/**
 * Runs and stops two nodes without process.exit at the end, so that a test sees whether anything keeps the process
 * alive.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { idToBytes } from '../../src/dag/id.ts'
import { createNode } from '../../src/node/node.ts'
import { ServingNode } from './serving-node.ts'

const serving = await ServingNode.start()
const tree = await serving.node.createTree('a', PublicAccess.WRITE)
const { trees, sync } = await serving.dial('grpc')
const watching = trees.watchTree({ tree: idToBytes(tree) })[Symbol.asyncIterator]()
await watching.next()
for await (const _ of sync.syncTree({ tree: idToBytes(tree) }));
await fetch(`${serving.address}/nothing`).then((response) => response.text())
const node = await createNode()
await node.sync(tree, serving.address)
await node.close()
const closing = serving.node.close()
while (!(await watching.next()).done);
await closing
await serving[Symbol.asyncDispose]()
process.stdout.write('synced and closed\n')
