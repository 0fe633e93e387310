/**
 * Joining as a library: a program approves requests as their events arrive, and the nodes that asked get their trees.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeEvents } from '../../../src/node/options.ts'
import { formatTicket, parseTicket } from '../../../src/peer/ticket.ts'

const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]

let [alice, bob]: Node[] = []
beforeEach(async () => {
  alice = await createNode({ http: { host: '127.0.0.1', port: 0 } })
  bob = await createNode()
  await alice.listen()
})
afterEach(() => Promise.all([alice!.close(0), bob!.close(0)]))

/** Resolves when a node has `count` entries of a tree. */
function holds(node: Node, tree: TreeId, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if ((node.store.tree(tree)?.count ?? 0) < count) return
      node.off('entries', look)
      resolve()
    }
    node.on('entries', look)
    look()
  })
}

/** Resolves with Bob's next standing that has this status. */
async function standing(status: string): Promise<NodeEvents['join'][0]> {
  for (;;) {
    const [standing] = (await once(bob!, 'join')) as NodeEvents['join']
    if (standing.status === status) return standing
  }
}

describe('Joining', () => {
  it('is granted by a program that knows the peer', async () => {
    const tree = await alice!.createTree('private')
    await alice!.peers.add(bob!.peer, { name: 'Bob' })
    alice!.on('request', async ({ id, peer, message }) => {
      assert.deepEqual([peer, message], [bob!.peer, 'It is Bob'])
      await alice!.requests.approve(id)
    })
    const { status, request } = await bob!.join(alice!.createTicket(tree), { message: 'It is Bob' })
    assert.equal(status, 'pending')
    assert.match(request, /^[0-9a-f]{32}$/)
    await holds(bob!, tree, 2)
    const key = (await bob!.policy(tree))!.key(bob!.peer)
    assert.deepEqual([key?.permission, key?.name], [Permission.READ, 'Bob'])
    const [link] = bob!.status()
    assert.equal(link!.parked, '')
  })

  it('keeps its message when it is asked again without one', async () => {
    const tree = await alice!.createTree('private')
    const ticket = alice!.createTicket(tree)
    await bob!.join(ticket, { message: 'It is Bob' })
    await bob!.join(ticket)
    assert.deepEqual(
      alice!.requests.list().map(({ message }) => message),
      ['It is Bob'],
    )
    await bob!.join(ticket, { message: 'Still Bob' })
    assert.equal(alice!.requests.list()[0]!.message, 'Still Bob')
  })

  it('reads a public tree immediately, and writes once that is granted', async () => {
    const tree = await alice!.createTree('public', PublicAccess.READ)
    const first = await bob!.join(alice!.createTicket(tree), { permission: Permission.WRITE })
    assert.equal(first.status, 'pending')
    await holds(bob!, tree, 1)
    await assert.rejects(bob!.commit(tree, say('too early')), { code: 'FORBIDDEN' })
    const granted = standing('granted')
    await alice!.requests.approve(first.request)
    assert.equal((await granted).permission, Permission.WRITE)
    await holds(bob!, tree, 2)
    await bob!.commit(tree, say('from Bob'))
    await holds(alice!, tree, 3)
  })

  it('uses an invitation once', async () => {
    const tree = await alice!.createTree('private')
    const ticket = await alice!.invite(tree, Permission.WRITE)
    const { status, permission } = await bob!.join(ticket)
    assert.deepEqual([status, permission], ['granted', Permission.WRITE])
    await holds(bob!, tree, 2)
    await using carol = await createNode()
    const second = await carol.join(ticket)
    assert.deepEqual([second.status, second.reason !== ''], ['pending', true])
  })

  it('finds the peer to ask if the ticket does not name its issuer', async () => {
    const tree = await alice!.createTree('private')
    const { addresses } = parseTicket(alice!.createTicket(tree))
    assert.equal((await bob!.join(formatTicket({ tree, addresses }))).peer, alice!.peer)
    assert.deepEqual(
      alice!.requests.list().map(({ peer }) => peer),
      [bob!.peer],
    )
  })
})
