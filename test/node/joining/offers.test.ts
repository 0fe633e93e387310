/** Real nodes give a tree back to one that has lost its store and kept its key, whoever of them can call the other. */
import { strict as assert } from 'node:assert'
import { afterEach, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { NodeService, type NodeService as Service } from '../../../gen/causeway/v1/node_pb.ts'
import { readEntry, verifyEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeOptions } from '../../../src/node/options.ts'
import { type Database, openMemory } from '../../../src/store/database/open.ts'
import { testIdentity } from '../../kit/entries.ts'
import { assertSame } from '../../kit/peers.ts'
import { until } from '../../kit/until.ts'

const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]
const http = { host: '127.0.0.1', port: 0 }
const identity = testIdentity(70)
const open: Node[] = []

async function newNode(options: NodeOptions, listens = options.http !== undefined): Promise<Node> {
  const node = await createNode(options)
  open.push(node)
  if (listens) await node.listen()
  return node
}

const client = (node: Node) => createClient<typeof Service>(NodeService, node.rpc())
const offersOf = async (node: Node) => (await client(node).listOffers({})).offers
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const parkedAt = (node: Node) => node.status()[0]!.parked

/** Waits until two nodes have the same entries of a tree. */
async function equal(tree: TreeId, a: Node, b: Node): Promise<void> {
  await until('both have the same', () => {
    const [one, other] = [a.store.tree(tree), b.store.tree(tree)]
    return one !== undefined && one.count === other?.count
  })
  await assertSame(tree, a.store, b.store)
}

/** A node that nobody can call, with a tree for the server, and the server without it. */
async function laptopAndServer(database?: Database) {
  const server = await newNode({ identity, http, ...(database && { database }) })
  const laptop = await newNode({})
  const tree = await laptop.createTree('<b>shared</b>')
  await laptop.commit(tree, say('first'))
  await laptop.grant(tree, server.peer, Permission.READ, 'server')
  await laptop.addPeer(server.peer, { addresses: server.addresses() })
  await laptop.link({ tree, peer: server.peer })
  return { server, laptop, tree }
}

describe('A tree that a peer has lost', () => {
  afterEach(() => Promise.all(open.splice(0).map((node) => node.close(0))))

  it('is offered, and brought to a peer that cannot call back once somebody there accepts', async () => {
    const { server, laptop, tree } = await laptopAndServer()
    await until('the offer is there', () => /offered to the peer/.test(parkedAt(laptop)))
    const [offer, ...others] = await offersOf(server)
    assert.deepEqual(others, [])
    assert.equal(offer!.name, '<b>shared</b>')
    assert.equal(offer!.permission, Permission.READ)
    assert.deepEqual([offer!.tree, offer!.peer, offer!.author].map(hex), [tree, laptop.peer, laptop.peer])
    assert.equal(server.store.tree(tree), undefined)
    assert.deepEqual([server.status(), server.peers.list()], [[], []])

    await client(server).acceptOffers({ tree: idToBytes(tree) })
    await equal(tree, laptop, server)
    assert.deepEqual(await offersOf(server), [])
    await until('the link is in sync', () => laptop.status()[0]!.inSync)
    // From now on it is a link as any other.
    await laptop.commit(tree, say('second'))
    await equal(tree, laptop, server)
  })

  it('is fetched by the peer itself if it can call', async () => {
    const server = await newNode({ identity, http })
    const holder = await newNode({ http })
    const tree = await holder.createTree('shared')
    await holder.grant(tree, server.peer, Permission.WRITE)
    await holder.addPeer(server.peer, { addresses: server.addresses() })
    await holder.link({ tree, peer: server.peer })
    await until('the offer is there', () => /causeway accept/.test(parkedAt(holder)))
    const { offers } = await client(server).acceptOffers({ peer: hexToBytes(holder.peer) })
    assert.equal(offers.length, 1)
    const [peer] = server.peers.list()
    assert.deepEqual(
      [peer!.addresses[0]!.address, peer!.addresses[0]!.source],
      [holder.addresses()[0], 'TOLD'],
    )
    await equal(tree, holder, server)
    await until('the holder sees it', () => holder.status()[0]!.inSync)
  })

  it('is taken back without asking where the own key signed the root', async () => {
    const first = await newNode({ identity, http })
    const tree = await first.createTree('mine')
    const holder = await newNode({})
    await first.grant(tree, holder.peer, Permission.WRITE)
    await holder.link(first.createTicket(tree))
    await equal(tree, first, holder)
    const port = Number(new URL(first.addresses()[0]!).port)
    await first.close(0)
    const second = await newNode({ identity, http: { ...http, port } })
    assert.equal(second.store.tree(tree), undefined)
    await holder.commit(tree, say('while it was away'))
    await equal(tree, holder, second)
    assert.deepEqual(await offersOf(second), [])
    await until('the holder sees it', () => holder.status()[0]!.inSync)
  })

  it('does not come back by itself if it was removed, nor after it was declined', async () => {
    const { server, laptop, tree } = await laptopAndServer()
    await until('the offer is there', () => /offered to the peer/.test(parkedAt(laptop)))
    await client(server).declineOffers({ tree: idToBytes(tree) })
    assert.deepEqual(await offersOf(server), [])
    await laptop.link({ tree, peer: server.peer })
    await until('the laptop knows', () => /declined it/.test(parkedAt(laptop)))
    assert.deepEqual([await offersOf(server), server.status()], [[], []])

    const own = await server.createTree('own')
    await server.grant(own, laptop.peer, Permission.WRITE)
    await laptop.link({ tree: own, peer: server.peer })
    await equal(own, server, laptop)
    await server.removeTree(own)
    await laptop.unlink(tree, server.peer)
    await laptop.link({ tree: own, peer: server.peer })
    await laptop.commit(own, say('to a server that removed it'))
    await until('the laptop knows', () => /declined it/.test(parkedAt(laptop)))
    assert.deepEqual([server.store.tree(own), server.status()], [undefined, []])
  })

  it('is told nothing of, who brings it and may not read it', async () => {
    const { server, tree } = await laptopAndServer()
    const own = await server.createTree('own')
    const [root] = await server.store.read(own, [{ id: own, height: 0 }])
    await server.close(0)
    const empty = await newNode({ identity, http })
    // A former reader, who has kept the root of the server's own tree and offers that.
    const stranger = await newNode({})
    await stranger.store.append(own, [await verifyEntry(readEntry(root!.signed))])
    await stranger.addPeer(empty.peer, { addresses: empty.addresses() })
    await stranger.link({ tree: own, peer: empty.peer })
    await until('the root is back', () => empty.store.tree(own) !== undefined)
    await empty.commit(own, say('a secret'))
    const failures = stranger.status()[0]!.attempts
    await until('it has asked again', () => stranger.status()[0]!.attempts > failures + 1)
    assert.deepEqual([stranger.store.tree(own)?.count, stranger.status()[0]!.inSync], [1, false])
    assert.equal(empty.store.tree(tree), undefined)
  })

  it('comes after a crash between accepting and the first session, since the link is durable', async () => {
    const database = await openMemory()
    const { server, laptop, tree } = await laptopAndServer(database)
    await until('the offer is there', () => /offered to the peer/.test(parkedAt(laptop)))
    const port = Number(new URL(server.addresses()[0]!).port)
    // Nobody brings the tree before the server is gone.
    await laptop.blockPeer(server.peer)
    await client(server).acceptOffers({ tree: idToBytes(tree) })
    assert.equal(server.status()[0]!.tree, tree)
    const copy = await copyOf(database)
    await server.close(0)
    const again = await newNode({ identity, http: { ...http, port }, database: copy })
    assert.equal(again.store.tree(tree), undefined)
    await laptop.blockPeer(server.peer, false)
    await equal(tree, laptop, again)
  })
})

/** Returns a database with the same rows, as a disk has them after a kill. */
async function copyOf(database: Database): Promise<Database> {
  const copy = await openMemory()
  const rows = await database
    .iterator<Buffer, Buffer>({ keyEncoding: 'buffer', valueEncoding: 'buffer' })
    .all()
  await copy.batch(
    rows.map(([key, value]) => ({ type: 'put' as const, key, value })),
    { keyEncoding: 'buffer', valueEncoding: 'buffer' } as object,
  )
  return copy
}
