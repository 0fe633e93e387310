/**
 * The process that crash.test.ts kills. With `put` it puts blobs of a tree as fast as it can; with `get` it fetches those
 * of a node at an address. It prints a line after each chunk or two, and one for each blob.
 */
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { pieces, seededBytes } from '../../kit/blobs.ts'
import { testIdentity } from '../../kit/entries.ts'

const [, , what, folder, tree, ticket] = process.argv as [
  string,
  string,
  'put' | 'get',
  string,
  string,
  string,
]
const node = await createNode({ data: folder, identity: testIdentity(7) })
const files = node.stores.open(tree as TreeId, 'files')
const say = (text: string) => process.stdout.write(`${text}\n`)

if (what === 'put')
  for (let seed = 1; ; seed++) {
    const at = await files.putStream(`k${seed}`, pieces(seededBytes(1_500_000, seed)), {
      durable: true,
      onProgress: () => say('chunk'),
    })
    say(`put k${seed} ${at[0]}`)
  }
await node.link(ticket)
for (;;) {
  await node.flush()
  const found = await files.getStream('large')
  if (found === undefined) continue
  for await (const _ of found.stream) say('chunk')
  say('whole')
}
