/**
 * A node in a separate process that serves a tree of large entries, for tests that kill and stop it. Its arguments are
 * `http` or `quic` and the seed of its key in hex; it prints its address.
 */
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode } from '../../src/node/node.ts'
import { largeTree } from './large-tree.ts'
import { transports } from './serving-node.ts'

const [name, seed] = process.argv.slice(2)
const transport = transports.find((each) => each.name === name)!
const node = await createNode({
  ...transport.serve(),
  identity: createIdentity(Buffer.from(seed!, 'hex')),
})
const entries = largeTree()
for (let at = 0; at < entries.length; at += 16)
  await node.store.append(entries[0]!.tree, entries.slice(at, at + 16))
await node.listen()
process.send!(node.addresses()[0]!)
process.once('disconnect', () => process.exit())
