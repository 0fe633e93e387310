/**
 * A first sync by a ticket that names several peers, over the network: a new node takes a part from each. A peer that
 * cannot be reached or is lost is reported and costs only time. If few entries are missing, one peer is asked alone.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { formatTicket } from '../../src/peer/ticket.ts'
import { shapes, testIdentity } from '../kit/entries.ts'
import { fill } from '../kit/peers.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

const entries = shapes.linear(limits.gatherEntries + 1000)
const tree = entries[0]!.tree

async function start(count: number): Promise<Node> {
  const node = await createNode({ http: { host: '127.0.0.1', port: 0 }, background: false })
  if (count > 0) await fill(node.store, entries.slice(0, count))
  await node.listen()
  return node
}

const named = (node: Node, addresses: readonly string[] = node.addresses()) => ({
  peer: node.peer,
  addresses,
})
const nowhere = { peer: testIdentity(9).peer, addresses: ['http://127.0.0.1:1'] }

describe('a first sync by a ticket', () => {
  it('takes entries from all peers that it names, and reports those that cannot be reached', async () => {
    await using a = await start(entries.length)
    await using b = await start(entries.length)
    await using proxy = await TcpProxy.before(b)
    await using newcomer = await start(0)
    const ticket = formatTicket({ tree, ...named(a), others: [named(b, [proxy.address]), nowhere] })
    const result = await newcomer.sync(undefined, ticket)
    assert.deepEqual([result.equal, result.received, result.redundant], [true, entries.length, 0])
    const by = new Map(result.sources.map((source) => [source.peer, source]))
    for (const node of [a, b]) {
      assert.notEqual(by.get(node.peer)!.entries, 0)
      assert.equal(by.get(node.peer)!.error, undefined)
    }
    assert.equal(by.get(nowhere.peer)!.error?.code, 'UNREACHABLE')
    assert.deepEqual(await newcomer.tips(tree), await a.tips(tree))
  })

  it('continues with the other peers if one is lost, even the issuer', async () => {
    await using a = await start(entries.length)
    await using b = await start(entries.length)
    await using beforeA = await TcpProxy.before(a)
    await using beforeB = await TcpProxy.before(b)
    let gone = false
    beforeA.onBytes = beforeB.onBytes = () => {
      if (beforeA.fromServer < 100_000) return
      // However fast this peer is, the other one has sent a part before this one is lost.
      beforeA.stall()
      if (beforeB.fromServer < 50_000) return
      gone = true
      void beforeA[Symbol.asyncDispose]()
    }
    await using newcomer = await start(0)
    const ticket = formatTicket({
      ...{ tree, ...named(a, [beforeA.address]) },
      others: [named(b, [beforeB.address])],
    })
    const result = await newcomer.sync(undefined, ticket)
    assert.equal(gone, true)
    assert.equal(result.equal, true)
    assert.equal(newcomer.store.tree(tree)!.count, entries.length)
    assert.equal(result.peer, b.peer)
    assert.notEqual(result.sources.find(({ peer }) => peer === a.peer)!.error, undefined)
  })

  it('asks one peer alone if few entries are missing, and another if the issuer cannot be reached', async () => {
    await using a = await start(entries.length)
    await using behind = await start(2000)
    const ticket = formatTicket({ tree, ...nowhere, others: [named(a)] })
    const result = await behind.sync(undefined, ticket)
    assert.deepEqual([result.equal, result.peer, result.sources], [true, a.peer, []])
  })

  it('is offered by a ticket that also names linked peers with the tree', async () => {
    await using a = await start(100)
    await using b = await start(0)
    await b.sync(undefined, a.createTicket(tree as TreeId))
    await b.link(a.createTicket(tree as TreeId))
    assert.equal(b.createTicket(tree as TreeId), formatTicket({ tree, ...named(b) }))
    await b.flush({ timeoutMs: 10_000 })
    const withPeers = b.createTicket(tree as TreeId, { withPeers: true })
    assert.equal(withPeers, formatTicket({ tree, ...named(b), others: [named(a)] }))
  })

  it('is offered by a ticket that everybody can read, however long the addresses are', async () => {
    await using a = await start(100)
    await using b = await start(0)
    const long = Array.from(
      { length: limits.dialAddresses - 1 },
      (_, n) => `http://127.0.0.1:1/${'ü'.repeat(limits.addressBytes - 25)}${n}`,
    )
    await b.sync(undefined, a.createTicket(tree as TreeId))
    await b.addPeer(a.peer, { addresses: [...a.addresses(), ...long] })
    await b.link({ tree, peer: a.peer })
    await b.flush({ timeoutMs: 10_000 })
    const ticket = b.createTicket(tree as TreeId, { withPeers: true })
    assert.equal(ticket, formatTicket({ tree, ...named(b) }))
  })
})
