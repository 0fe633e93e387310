/**
 * A large tree that several links of one node fetch together, over real sockets: the first peer is slow, and a second one
 * becomes known while its entries come. Either may be cut at any time.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { formatTicket } from '../../src/peer/ticket.ts'
import { writeCompactPage } from '../../src/rpc/compact/write-page.ts'
import { shapes } from '../kit/entries.ts'
import { fill } from '../kit/peers.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

/** The ids of this one make chunks of which none has more than a sixth of the tree. */
const entries = shapes.linear(limits.gatherEntries + 2000, { seed: 5 })
const tree = entries[0]!.tree as TreeId
/** The bytes of the tree in compact pages. */
const total = Array.from({ length: Math.ceil(entries.length / 1024) }, (_, page) =>
  writeCompactPage(
    tree,
    entries.slice(1024 * page, 1024 * (page + 1)).map(({ signed }) => signed),
  ),
).reduce((sum, { length }) => sum + length, 0)
/** Slow enough that the second peer has a share, however slow this machine is. */
const slowly = { bytesPerSecond: total / 3 }

async function serve(): Promise<Node> {
  const node = await createNode({ http: { host: '127.0.0.1', port: 0 }, background: false })
  await fill(node.store, entries)
  await node.listen()
  return node
}

const [first, second] = [await serve(), await serve()]
after(() => Promise.all([first.close(0), second.close(0)]))

/** A newcomer that gets the tree from a slow peer, and knows a quick one once a third of it has come. */
async function scene() {
  const newcomer = await createNode()
  const { hostname: host, port } = new URL(first.addresses()[0]!)
  const slow = await TcpProxy.start({ host, port: Number(port) }, slowly)
  const quick = await TcpProxy.before(second)
  let introduced: Promise<unknown> | undefined
  slow.onBytes = (bytes) => {
    if (bytes > total / 3)
      introduced ??= newcomer
        .addPeer(second.peer, { addresses: [quick.address] })
        .then(() => newcomer.link({ tree, peer: second.peer }))
  }
  const complete = new Promise<void>((resolve) => {
    newcomer.on('entries', () => {
      if (newcomer.store.tree(tree)?.count === entries.length) resolve()
    })
  })
  return {
    ...{ newcomer, slow, quick, complete },
    /** Bytes that crossed, in shares of the tree. */
    crossed: () => (slow.fromServer + quick.fromServer) / total,
    async begin() {
      await newcomer.link(formatTicket({ tree, peer: first.peer, addresses: [slow.address] }))
      return introduced
    },
    async [Symbol.asyncDispose]() {
      await introduced
      await newcomer.close(0)
      for (const proxy of [slow, quick]) await proxy[Symbol.asyncDispose]()
    },
  }
}

describe('the links of a node that lacks a large tree', () => {
  it('fetch it together: a peer that is linked while a slow one sends takes over most of the rest', async () => {
    await using all = await scene()
    await all.begin()
    await all.complete
    assert.ok(all.slow.fromServer > total / 10, `${all.slow.fromServer}`)
    assert.ok(all.quick.fromServer > total / 10, `${all.quick.fromServer}`)
    // Beside the entries: the outline, and at most the chunk that both were asked for.
    assert.ok(all.crossed() < 1.3, `${all.crossed()}`)
    assert.deepEqual(await all.newcomer.tips(tree), await first.tips(tree))
  })

  for (const [name, cut] of [
    ['the slow one', 'slow'],
    ['the quick one', 'quick'],
  ] as const)
    for (const [how, share] of [
      ['is cut', 0.1],
      ['is gone', 0.3],
    ] as const)
      it(`have all of it at the end, if ${name} ${how} after ${100 * share} % came from the quick one`, async () => {
        await using all = await scene()
        all.quick.onBytes = (bytes) => {
          if (bytes < share * total) return
          all.quick.onBytes = () => {}
          if (how === 'is cut') all[cut].cut()
          else void all[cut][Symbol.asyncDispose]()
        }
        await all.begin()
        await all.complete
        assert.ok(all.crossed() < 1.6, `${all.crossed()}`)
        assert.deepEqual(await all.newcomer.tips(tree), await first.tips(tree))
      })
})
