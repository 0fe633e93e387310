/**
 * Automatic links between real nodes: only with peers that a tree's policy names, once, within limits, and never
 * against the operator's will.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { Dispatcher } from '../../../src/dispatcher/dispatcher.ts'
import { AutoLink } from '../../../src/node/joining/auto-link.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeEvents } from '../../../src/node/options.ts'
import { PeerBook } from '../../../src/peer/book.ts'
import { defaultSettings, Links } from '../../../src/peer/links.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { Records } from '../../../src/store/database/records.ts'
import type { DagStore } from '../../../src/store/store.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const treeOf = (index: number) => `e${index.toString(16).padStart(63, '0')}` as TreeId
const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]

describe('A tree that is served to a peer', () => {
  let [alice, bob]: Node[] = []
  let tree: TreeId
  let ticket: string
  const begin = async (options = {}) => {
    alice = await createNode({ http: { host: '127.0.0.1', port: 0 }, ...options })
    await alice.listen()
    tree = await alice.createTree('shared')
    ticket = alice.createTicket(tree)
  }
  beforeEach(async () => {
    bob = await createNode()
  })
  afterEach(() => Promise.all([alice!.close(0), bob!.close(0)]))

  it('is linked with the peer once its policy names it, and waits for the peer without failing', async () => {
    await begin()
    await alice!.setPublicAccess(tree, PublicAccess.READ)
    await bob!.sync(tree, ticket)
    assert.deepEqual([alice!.status(), alice!.peers.list()], [[], []])
    await alice!.grant(tree, bob!.peer, Permission.READ, 'Bob')
    await bob!.sync(tree, ticket)
    const [link] = alice!.status()
    assert.deepEqual([link?.tree, link?.peer, link?.attempts, link?.nextAttemptMs], [tree, bob!.peer, 0, 0])
    assert.match(link!.parked, /waits for the peer to contact us/)
    const [entry] = alice!.peers.list()
    assert.deepEqual([entry?.peer, entry?.name, entry?.addresses], [bob!.peer, 'Bob', []])
    // The second sync ends equal, which the link learns from the call.
    await bob!.sync(tree, ticket)
    assert.equal(alice!.status()[0]!.inSync, true)
    await alice!.commit(tree, say('news'))
    assert.equal(alice!.status()[0]!.inSync, false)
    assert.deepEqual(
      (await alice!.flush()).map(({ peer }) => peer),
      [bob!.peer],
    )
  })

  it('stays marked as automatic until somebody sets the link', async () => {
    const database = await openMemory()
    const isAutomatic = async () => (await Links.open(database)).get(tree, bob!.peer)!.automatic
    await begin({ database })
    await alice!.grant(tree, bob!.peer, Permission.READ)
    await bob!.sync(tree, ticket)
    assert.equal(await isAutomatic(), true)
    await alice!.link({ tree, peer: bob!.peer })
    assert.equal(await isAutomatic(), undefined)
  })

  it('reaches the peer by the watch of the peer', async () => {
    await begin()
    await alice!.grant(tree, bob!.peer, Permission.READ)
    await bob!.link(ticket)
    while ((bob!.store.tree(tree)?.count ?? 0) < 2) await once(bob!, 'entries')
    const [link] = alice!.status()
    assert.equal(link?.peer, bob!.peer)
    const { id } = await alice!.commit(tree, say('news'))
    for (;;) {
      const [, added] = (await once(bob!, 'entries')) as NodeEvents['entries']
      if (added.some((entry) => entry.id === id)) break
    }
    assert.equal(alice!.status()[0]!.attempts, 0)
  })

  it('is not linked automatically again after `unlink` or `removePeer`', async () => {
    await begin()
    await alice!.grant(tree, bob!.peer, Permission.WRITE)
    await bob!.sync(tree, ticket)
    assert.equal(await alice!.unlink(tree, bob!.peer), true)
    await bob!.sync(tree, ticket)
    assert.deepEqual(alice!.status(), [])
    await alice!.link({ tree, peer: bob!.peer })
    await alice!.removePeer(bob!.peer)
    await bob!.sync(tree, ticket)
    assert.deepEqual([alice!.status(), alice!.peers.list()], [[], []])
    await alice!.addPeer(bob!.peer, {})
    await bob!.sync(tree, ticket)
    assert.equal(alice!.status().length, 1)
  })

  it('is not linked if automatic links are turned off', async () => {
    await begin({ autoLink: false })
    await alice!.grant(tree, bob!.peer, Permission.READ)
    await bob!.sync(tree, ticket)
    assert.deepEqual([alice!.status(), alice!.peers.list()], [[], []])
  })
})

describe('Automatic links', () => {
  const tree = treeOf(1)
  const peer = testIdentity(1).peer

  /** Builds it as a node does, but with a dispatcher that only records the links. */
  async function open() {
    const db = await openMemory()
    const [book, links] = await Promise.all([PeerBook.open(db, new VirtualClock()), Links.open(db)])
    const linked: TreeId[] = []
    const room = { neighbour: true, dropped: 0 }
    const problems: unknown[] = []
    const autoLink = new AutoLink({
      ...{ self: testIdentity(9).peer, book, links, apps: { has: () => false } },
      store: { tree: () => ({}), policy: async () => undefined } as unknown as DagStore,
      rights: {
        isNamed: async (_: TreeId, who) => who !== testIdentity(2).peer,
      } as AutoLink['parts']['rights'],
      dispatcher: {
        linkIf: async (made: TreeId) => void linked.push(made),
        mesh: { hasRoom: () => room.neighbour },
        dropPassive: async (from: TreeId) => {
          room.dropped++
          const [passive] = links.ofTree(from)
          await links.drop(passive!)
        },
      } as unknown as Dispatcher,
      onError: (error) => problems.push(error),
    })
    return { db, book, links, autoLink, linked, problems, room }
  }

  it('are made for named peers only, and not for blocked peers or this node itself', async () => {
    const { book, autoLink, linked } = await open()
    await autoLink.onServed(tree, testIdentity(9).peer)
    await autoLink.onServed(tree, testIdentity(2).peer)
    assert.deepEqual([book.size, linked], [0, []])
    await book.add(peer)
    await book.block(peer, true)
    await autoLink.onServed(tree, peer)
    assert.deepEqual(linked, [])
    await book.block(peer, false)
    await autoLink.onServed(tree, peer)
    assert.deepEqual(linked, [tree])
  })

  it('leave half of the links and of the peer book to the operator', async () => {
    const { book, links, autoLink, linked, problems } = await open()
    const [full, roomy] = [limits.links / 2, limits.links / 2 - 1]
    let [links_, peers] = [full, 0]
    Object.defineProperty(links, 'size', { get: () => links_ })
    Object.defineProperty(book, 'size', { get: () => peers })
    await autoLink.onServed(tree, peer)
    links_ = roomy
    peers = limits.peers / 2
    await autoLink.onServed(tree, peer)
    assert.deepEqual([book.get(peer), linked, problems], [undefined, [], []])
    peers--
    await autoLink.onServed(tree, peer)
    assert.deepEqual([book.get(peer)?.uninvited, linked], [true, [tree]])
  })

  it('of one tree are as many as are of use; a peer that asks to be a neighbour takes the place of another', async () => {
    const { links, autoLink, linked, room } = await open()
    for (let index = 0; index < limits.automaticLinks; index++)
      await links.set(tree, testIdentity(100 + index).peer, defaultSettings, { automatic: true })
    await autoLink.onServed(tree, peer)
    assert.deepEqual(linked, [])
    room.neighbour = false
    await autoLink.onAsked(tree, peer, false)
    assert.deepEqual([linked, room.dropped], [[], 0])
    room.neighbour = true
    await autoLink.onAsked(tree, peer, false)
    assert.deepEqual([linked, room.dropped], [[tree], 1])
    // Links of people do not count.
    await links.set(tree, testIdentity(100).peer, defaultSettings)
    await links.set(tree, testIdentity(101).peer, defaultSettings)
    await autoLink.onServed(tree, peer)
    assert.deepEqual([linked, room.dropped], [[tree, tree], 1])
    assert.equal(links.wasEnded(tree, testIdentity(100).peer), false)
  })

  it('stay removed across a restart, and the oldest of too many removals are forgotten', async () => {
    const { db, links } = await open()
    const settings = {
      onCommit: true,
      intervalSeconds: 0,
      pull: true,
      push: true,
      paused: false,
      blobs: false,
    }
    await links.remove(await links.set(tree, peer, settings))
    await links.removePeer(testIdentity(2).peer)
    await db.close()
    await db.open()
    const again = await Links.open(db)
    assert.deepEqual(
      [
        again.wasEnded(tree, peer),
        again.wasEnded(treeOf(2), testIdentity(2).peer),
        again.wasEnded(treeOf(2), peer),
      ],
      [true, true, false],
    )
    const ended = await Records.open<{ order: number }>(db, 'ended-links')
    await db.batch(
      Array.from({ length: limits.links - 2 }, (_, index) => ended.put(`${index}`, { order: index + 3 })),
    )
    const full = await Links.open(db)
    await full.removePeer(testIdentity(3).peer)
    assert.deepEqual(
      [
        full.wasEnded(tree, peer),
        full.wasEnded(tree, testIdentity(2).peer),
        full.wasEnded(tree, testIdentity(3).peer),
      ],
      [false, true, true],
    )
  })
})
