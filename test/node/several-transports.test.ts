/**
 * One node on HTTP and QUIC: both serve at the same time with the same answers, and a ticket names the addresses that
 * listen now. A ticket works as long as one of its addresses does.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { parseTicket } from '../../src/peer/ticket.ts'
import { assertFields } from '../kit/assert-fields.ts'

const quic = { bind: '127.0.0.1:0', relay: 'off' } as const
const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]

describe('A node on HTTP and QUIC', () => {
  let serving: Node
  let tree: TreeId
  before(async () => {
    serving = await createNode({ http: { host: '127.0.0.1', port: 0 }, quic: { ...quic, listen: true } })
    await serving.listen()
    tree = await serving.createTree('shared', PublicAccess.WRITE)
  })
  after(() => serving.close())
  const addressesIn = (ticket: string) => parseTicket(ticket).addresses
  const schemes = (addresses: readonly string[]) => addresses.map((address) => address.split(':')[0])

  it('serves both at the same time, with the same answers', async () => {
    for (let count = 0; count < 20; count++) await serving.commit(tree, say(`${count}`))
    const [http, iroh] = serving.addresses()
    await using a = await createNode({ quic })
    await using b = await createNode({ quic })
    const [overHttp, overQuic] = await Promise.all([a.sync(tree, http!), b.sync(tree, iroh!)])
    const told = ({ received, statuses, redundant, equal, peer, tipsDigest }: typeof overHttp) => ({
      ...{ received, statuses, redundant, equal, peer, tipsDigest },
    })
    assert.deepEqual(told(overHttp), told(overQuic))
    assertFields(overHttp, { received: 21, equal: true, peer: serving.peer })
    assert.deepEqual([overHttp.address, overQuic.address], [http, iroh])
    // What each of the two writes then reaches the other through the node between them.
    await Promise.all([a.commit(tree, say('a')), b.commit(tree, say('b'))])
    await Promise.all([a.sync(tree, http!), b.sync(tree, iroh!)])
    await Promise.all([a.sync(tree, http!), b.sync(tree, iroh!)])
    assert.deepEqual(await a.tips(tree), await b.tips(tree))
    assert.equal(serving.store.tree(tree)!.count, 23)
  })

  it('stops and starts each transport by name, as the next ticket shows', async () => {
    const ticket = serving.createTicket(tree)
    assert.deepEqual(schemes(addressesIn(ticket)), ['http', 'iroh'])
    await serving.transports.stop('http')
    assert.deepEqual(schemes(addressesIn(serving.createTicket(tree))), ['iroh'])
    // An old ticket still works, by the address that is left.
    await using asking = await createNode({ quic })
    const { equal, address } = await asking.sync(undefined, ticket)
    assert.deepEqual([equal, schemes([address])], [true, ['iroh']])
    await serving.transports.start('http')
    const moved = addressesIn(serving.createTicket(tree))
    assert.deepEqual(schemes(moved), ['http', 'iroh'])
    assert.notEqual(moved[0], addressesIn(ticket)[0], 'another free port')
    await serving.transports.stop('iroh')
    await using other = await createNode({ quic })
    assert.equal((await other.sync(undefined, serving.createTicket(tree))).address, moved[0])
    await serving.transports.start('iroh')
    assert.deepEqual(schemes(addressesIn(serving.createTicket(tree))), ['http', 'iroh'])
  })
})
