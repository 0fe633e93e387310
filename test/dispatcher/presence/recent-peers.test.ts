/** A peer that was live a short while ago is dialled every few seconds, however long it has been cut off. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { RecentPeers } from '../../../src/dispatcher/presence/recent-peers.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { assertSame } from '../../kit/peers.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'
import { Lab, type LabNode } from '../lab.ts'

let lab: Lab
beforeEach(() => {
  lab = new Lab()
})
afterEach(() => lab.close())

/** Returns two nodes that are equal in a tree. The first has the link, and, if `both`, the other one without an address. */
async function pair(both = false): Promise<{ tree: TreeId; a: LabNode; b: LabNode }> {
  const { root } = new TreeBuilder()
  const [a, b] = [await lab.node(root), await lab.node(root)]
  if (both) await b.book.add(a.peer)
  if (both) await b.dispatcher.link(root.id, a.peer)
  await a.link(root.id, b)
  await lab.clock.until(() => a.status(root.id, b).inSync)
  return { tree: root.id, a, b }
}

/** Drops all packets to a node, as a tunnel does: its connections end by a timeout, and no dial is answered. */
function cut(node: LabNode, from: LabNode): void {
  lab.set(node, 'silent')
  for (const connection of from.connections)
    if (connection.peer === node.peer) connection.end(new CausewayError('TIMEOUT', 'It sent nothing.'))
}

/** Returns the times between the starts of dials until a time is over. */
async function gaps(node: LabNode, ms: number): Promise<number[]> {
  const { clock } = lab
  const [end, found] = [clock.monotonic() + ms, [] as number[]]
  while (clock.monotonic() < end) {
    const { dials } = node
    found.push(await clock.until(() => node.dials > dials))
  }
  return found
}

describe('A peer that was live and was cut off', () => {
  it('is equal again within 10 s of the network being back, after 90 s without a reset', async () => {
    for (const cutMs of [90_000, 97_300, 300_000]) {
      const { tree, a, b } = await pair()
      cut(b, a)
      await a.commit(tree, 'while away')
      await b.commit(tree, 'at the other side')
      await lab.clock.advance(cutMs)
      assert.equal(a.status(tree, b).inSync, false)
      lab.set(b, 'up')
      const tookMs = await lab.clock.until(() => a.status(tree, b).inSync)
      assert.ok(tookMs <= 10_000, `${tookMs} ms after ${cutMs} ms`)
      await assertSame(tree, a.store, b.store)
    }
  })

  it('is dialled at least every 8 s for ten minutes, then as rarely as any other', async () => {
    const { a, b } = await pair()
    cut(b, a)
    const early = await gaps(a, limits.recentMs - 10_000)
    assert.ok(Math.max(...early) <= 8_100, `${Math.max(...early)} ms between two dials`)
    const late = await gaps(a, 1_800_000)
    assert.ok(Math.max(...late) > 60_000, 'It is still dialled often.')
  })

  it('is in sync at neither side before it is heard again', async () => {
    const { tree, a, b } = await pair(true)
    assert.deepEqual([a.status(tree, b).inSync, b.status(tree, a).inSync], [true, true])
    const told: boolean[] = []
    b.dispatcher.onStatus(({ inSync }) => told.push(inSync))
    cut(b, a)
    // Ten TIMEOUTs, and then those of a peer that is away for hours.
    for (let minutes = 0; minutes < 20; minutes++) {
      await lab.clock.advance(60_000)
      for (const [node, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const { inSync, heard } = node.status(tree, other)
        assert.deepEqual([inSync, heard], [false, false], `after ${minutes + 1} min`)
      }
    }
    assert.equal(a.status(tree, b).lastError!.code, 'TIMEOUT')
    assert.equal(told.at(-1), false)
    lab.set(b, 'up')
    await lab.clock.until(() => a.status(tree, b).inSync && b.status(tree, a).inSync)
    assert.equal(told.at(-1), true)
  })

  it('is one of the latest: past the bound the others are dialled by their backoff', () => {
    const clock = new VirtualClock()
    const recent = new RecentPeers(clock)
    const peers = Array.from({ length: limits.recentPeers + 1 }, (_, index) => testIdentity(index + 1).peer)
    for (const peer of peers) recent.lost(peer)
    assert.deepEqual(
      [recent.has(peers[0]!), recent.has(peers[1]!), recent.has(peers.at(-1)!)],
      [false, true, true],
    )
  })

  it('is dialled immediately when the machine wakes up or has another network', async () => {
    const { tree, a } = await pair()
    const { peer } = testIdentity(999)
    await a.link(tree, peer)
    await lab.clock.advance(3_600_000)
    for (let round = 0; round < 5; round++) {
      await lab.clock.advance(20)
      const { dials } = a
      a.dispatcher.networkChanged()
      await lab.clock.settle()
      assert.equal(a.dials, dials + 1)
    }
  })

  it('is given time by its round trip', async () => {
    const { a, b } = await pair()
    const [connection] = [...a.connections]
    Object.assign(connection!, { roundTripMs: 1_000 })
    cut(b, a)
    const found = await gaps(a, 300_000)
    assert.ok(Math.min(...found.slice(3)) >= 16_000 - 100, `${Math.min(...found)} ms`)
  })
})
