/** The issuer of a ticket is removed for good, and the members that knew only the issuer go on as a connected mesh. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { limited } from '../../kit/limited.ts'

const http = { host: '127.0.0.1', port: 0 }
const say = (text: string) => [{ store: 'log', kind: '', payload: Buffer.from(text) }]

async function started(): Promise<Node> {
  const node = await createNode({ http })
  await node.listen()
  return node
}

const count = (node: Node, tree: TreeId) => node.store.tree(tree)?.count ?? 0

/** Waits for an event of each node again and again until a condition holds. */
async function until(node: Node, event: 'entries' | 'status', condition: () => boolean): Promise<void> {
  while (!condition()) await once(node, event)
}

describe('Nine members of a tree, of which each knew only the issuer of its ticket,', () => {
  it('form a connected mesh and converge when the issuer is removed for good', async () => {
    using _ = limited({ recordNewsMs: 100 })
    const issuer = await started()
    const members = await Promise.all(Array.from({ length: 9 }, started))
    try {
      const tree = await issuer.createTree('shared')
      for (const { peer } of members) await issuer.grant(tree, peer, Permission.WRITE)
      const ticket = issuer.createTicket(tree)
      await Promise.all(members.map((member) => member.link(ticket)))
      for (const member of members) assert.deepEqual(linked(member, tree), [issuer.peer])
      // Each learns of all the others by the issuer, and links them.
      await Promise.all(
        members.map((member) => until(member, 'status', () => linked(member, tree).length === 9)),
      )
      for (const member of members) await until(member, 'status', () => hearsNeighbours(member, tree, issuer))
      await issuer.close(0)

      await Promise.all(members.map((member, index) => member.commit(tree, say(`after ${index}`))))
      const all = 10 + members.length
      await Promise.all(members.map((member) => until(member, 'entries', () => count(member, tree) === all)))
      const digests = await Promise.all(members.map((member) => member.store.tipsDigest(tree)))
      assert.equal(new Set(digests).size, 1)
      for (const member of members) await member.removePeer(issuer.peer)
      await members[8]!.commit(tree, say('and on'))
      await Promise.all(
        members.map((member) => until(member, 'entries', () => count(member, tree) === all + 1)),
      )
    } finally {
      await Promise.all([issuer, ...members].map((node) => node.close(0)))
    }
  })
})

/** Whether a member hears other members, and all that it has chosen as neighbours. */
function hearsNeighbours(node: Node, tree: TreeId, issuer: Node): boolean {
  const others = node.status().filter((link) => link.tree === tree && link.peer !== issuer.peer)
  const kept = others.filter(({ place }) => place !== 'passive')
  return kept.length > 0 && kept.every(({ heard }) => heard)
}

function linked(node: Node, tree: TreeId): string[] {
  return node.status().flatMap((link) => (link.tree === tree ? [link.peer] : []))
}
