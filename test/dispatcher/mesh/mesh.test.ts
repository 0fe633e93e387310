/** A tree with many members among dispatchers in one process: who is dialled and watched, and what is marked and said. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { owedOf } from '../../../src/dispatcher/mesh/flush.ts'
import type { LinkPlace, LinkStatus } from '../../../src/peer/links.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import { Lab, type LabNode } from '../lab.ts'

/** A lab of so many nodes with the same tree, each of which has met the others. */
async function meeting(size: number, seed = 1): Promise<{ lab: Lab; nodes: LabNode[]; tree: TreeId }> {
  const lab = new Lab(seed)
  const { root } = new TreeBuilder()
  const nodes: LabNode[] = []
  for (let index = 0; index < size; index++) nodes.push(await lab.node(root))
  const tree = root.id
  for (const node of nodes) for (const other of nodes) if (other !== node) await node.meet(tree, other)
  await lab.clock.advance(4 * limits.meshTickMs)
  return { lab, nodes, tree }
}

const withPlace = (node: LabNode, place: LinkPlace) =>
  node.dispatcher.status().filter((link) => link.place === place)

describe('a tree with many members', () => {
  it('has at most 8 neighbours at each; the others are passive: not dialled, not watched and not marked', async () => {
    const { lab, nodes, tree } = await meeting(12)
    for (const node of nodes) {
      const neighbours = withPlace(node, 'neighbour')
      assert.ok(neighbours.length >= limits.neighbours && neighbours.length <= limits.neighboursMax)
      for (const { inSync } of neighbours) assert.ok(inSync)
    }
    const [writer] = nodes as [LabNode]
    const passive = withPlace(writer, 'passive')
    assert.ok(passive.length > 0)
    await writer.commit(tree, 'news')
    for (const { peer } of passive) assert.equal(writer.outbox.mark(tree, peer), undefined)
    for (const link of withPlace(writer, 'passive'))
      assert.deepEqual([link.inSync, link.oldestPendingMs, link.parked], [false, 0, ''])
    const digest = await writer.store.tipsDigest(tree)
    await lab.clock.advance(5_000)
    for (const node of nodes) assert.equal(await node.store.tipsDigest(tree), digest)
    await lab.close()
  })

  it('has all members as neighbours while these are few, as links always were', async () => {
    const { lab, nodes } = await meeting(limits.meshFromMembers - 1)
    for (const node of nodes) {
      assert.equal(withPlace(node, 'kept').length, nodes.length - 1)
      assert.ok(node.dispatcher.status().every(({ inSync }) => inSync))
    }
    await lab.close()
  })

  it('keeps links that people made beside the neighbours, and makes a link theirs when they set it', async () => {
    const { lab, nodes, tree } = await meeting(12)
    const [node] = nodes as [LabNode]
    const { peer } = withPlace(node, 'passive')[0]!
    await node.dispatcher.link(tree, peer)
    await lab.clock.advance(1_000)
    assert.equal(node.status(tree, peer).place, 'kept')
    assert.ok(node.status(tree, peer).inSync)
    await lab.close()
  })

  it('replaces neighbours that are gone', async () => {
    const { lab, nodes, tree } = await meeting(16)
    const gone = nodes.slice(0, 4)
    for (const node of gone) lab.set(node, 'refused')
    for (const node of gone) await node.close(0)
    await lab.clock.advance(limits.neighbourLostMs + 6 * limits.meshTickMs)
    const left = nodes.slice(4)
    for (const node of left) {
      const neighbours = withPlace(node, 'neighbour').map(({ peer }) => peer)
      assert.ok(neighbours.length >= limits.neighbours)
      assert.ok(neighbours.every((peer) => gone.every((each) => each.peer !== peer)))
    }
    await left[0]!.commit(tree, 'to those that are left')
    await lab.clock.advance(5_000)
    const digests = await Promise.all(left.map(({ store }) => store.tipsDigest(tree)))
    assert.equal(new Set(digests).size, 1)
    await lab.close()
  })

  it('keeps all links again when it has few members', async () => {
    const { lab, nodes, tree } = await meeting(10)
    const [node] = nodes as [LabNode]
    for (const { peer } of nodes.slice(7)) await node.dispatcher.unlink(tree, peer)
    assert.equal(withPlace(node, 'kept').length, 6)
    await lab.clock.advance(1_000)
    // The others have no room for all.
    await node.commit(tree, 'to all')
    await lab.clock.advance(5_000)
    assert.ok(withPlace(node, 'kept').every(({ oldestPendingMs }) => oldestPendingMs === 0))
    await lab.close()
  })

  it('hears a peer that has many members, and has no place for it, when it has few members itself', async () => {
    const { lab, nodes, tree } = await meeting(10)
    const [node] = nodes as [LabNode]
    const { peer } = withPlace(node, 'neighbour')[0]!
    const other = lab.nodeOf(peer)!
    // The new watch asks for a place. Nobody can bring this node anything.
    lab.set(node, 'refused')
    await lab.clock.advance(limits.neighbourLostMs / 2)
    assert.equal(node.status(tree, peer).place, 'neighbour')
    for (const each of nodes)
      if (each !== node && each !== other) await node.dispatcher.unlink(tree, each.peer)
    assert.equal(node.status(tree, peer).place, 'kept')
    await lab.clock.advance(1_000)
    // As if it had found nearer ones; it does not know this node as a neighbour from now on.
    other.dispatcher.mesh.refused(tree, node.peer)
    assert.equal(other.status(tree, node.peer).place, 'passive')
    await lab.clock.advance(1_000)
    await other.commit(tree, 'news')
    const digest = await other.store.tipsDigest(tree)
    await lab.clock.advance(2_000)
    assert.equal(await node.store.tipsDigest(tree), digest)
    await lab.close()
  })

  it('is heard of from a member that makes no links by itself, when nobody else is there', async () => {
    const lab = new Lab(1)
    const { root } = new TreeBuilder()
    const nodes: LabNode[] = []
    for (let index = 0; index < 11; index++) nodes.push(await lab.node(root))
    const [node, server, ...gone] = nodes as [LabNode, LabNode, ...LabNode[]]
    for (const each of gone) lab.set(each, 'refused')
    for (const other of [...gone, server]) await node.meet(root.id, other)
    await lab.clock.advance(2 * limits.neighbourAskMs)
    await server.commit(root.id, 'news')
    const digest = await server.store.tipsDigest(root.id)
    await lab.clock.advance(1_000)
    assert.equal(await node.store.tipsDigest(root.id), digest)
    assert.equal(node.status(root.id, server.peer).place, 'neighbour')
    await lab.close()
  })

  it('is compared with a passive member now and then, so that parts that lost each other meet', async () => {
    const { lab, nodes, tree } = await meeting(12)
    const [node] = nodes as [LabNode]
    const passive = new Set(withPlace(node, 'passive').map(({ peer }) => peer))
    const before = node.remotes.length
    await lab.clock.advance(2 * limits.passiveProbeMs)
    assert.ok(node.remotes.length > before, 'Nobody else was dialled.')
    assert.ok(withPlace(node, 'neighbour').length <= limits.neighboursMax)
    assert.ok(passive.size > 0 && node.store.tree(tree) !== undefined)
    await lab.close()
  })

  it('is not flushed while nobody was told, and no member can be dialled', async () => {
    const lab = new Lab(1)
    const { root } = new TreeBuilder()
    const nodes: LabNode[] = []
    for (let index = 0; index < 12; index++) nodes.push(await lab.node(root))
    const [server, ...others] = nodes as [LabNode, ...LabNode[]]
    for (const { peer } of others) {
      await server.book.add(peer)
      await server.dispatcher.linkIf(root.id, peer, () => true)
      await server.dispatcher.confirmEqual(root.id, peer, 1)
    }
    await server.close(0)
    await server.open()
    server.dispatcher.start()
    assert.deepEqual(await server.dispatcher.flush(), [])
    await server.commit(root.id, 'to nobody yet')
    const left = await server.dispatcher.flush()
    assert.equal(left.length, others.length)
    for (const { parked } of left) assert.match(parked, /waits for the peer to contact us/)
    // One that calls is told, and passes it on.
    const [other] = others as [LabNode]
    assert.ok(server.dispatcher.mesh.admit(root.id, other.peer, false))
    await other.meet(root.id, server)
    await lab.clock.advance(2 * limits.confirmMs)
    assert.deepEqual(await server.dispatcher.flush(), [])
    assert.equal(await other.store.tipsDigest(root.id), await server.store.tipsDigest(root.id))
    assert.ok(withPlace(server, 'passive').every(({ oldestPendingMs }) => oldestPendingMs === 0))
    await lab.close()
  })

  it('is flushed when two neighbours were told', async () => {
    const { lab, nodes, tree } = await meeting(12)
    const [node] = nodes as [LabNode]
    const neighbours = withPlace(node, 'neighbour')
    for (const { peer } of neighbours.slice(2)) lab.set(peer, 'stuck')
    await node.commit(tree, 'urgent')
    const flushing = node.dispatcher.flush()
    await lab.clock.runUntil(flushing)
    assert.deepEqual(await flushing, [])
    await lab.close()
  })
})

describe('what flush waits for', () => {
  it('are all links that are kept, and two neighbours of each tree', () => {
    const link = (tree: string, peer: string, place: LinkPlace) =>
      ({ tree, peer, place }) as unknown as LinkStatus
    const all = [
      link('a', 'kept', 'kept'),
      ...['1', '2', '3', '4'].map((peer) => link('a', peer, 'neighbour')),
      link('b', '5', 'neighbour'),
    ]
    const owed = (peers: string[]) =>
      owedOf(all, ({ peer }) => (peers as string[]).includes(peer)).map(({ peer }) => peer)
    assert.deepEqual(owed(['kept', '1', '2']), ['kept'])
    assert.deepEqual(owed(['1', '2', '3']), ['1', '2', '3'], 'One is not enough.')
    assert.deepEqual(owed(['5']), ['5'], 'There is only one.')
    assert.deepEqual(owed([]), [])
  })
})
