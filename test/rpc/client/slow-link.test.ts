/**
 * A slow link is not a dead one: pages that take long to arrive never count as silence, in either direction, and a link
 * that dies in the middle is still noticed in time. Runs in virtual time, on the simulated network's bandwidth.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { prng, TreeBuilder } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'
import { Cluster, verifyOnTheSpot } from '../../sim/cluster.ts'

describe('A slow link', () => {
  const random = prng(5)
  const builder = new TreeBuilder()
  const payload = () => Uint8Array.from({ length: 16_384 }, () => random() * 256)
  while (builder.entries.length < 100) builder.add([builder.last], { payload: payload() })
  const entries = builder.entries
  const tree = builder.root.id
  let restore = () => {}
  before(() => {
    restore = verifyOnTheSpot()
  })
  after(() => restore())

  async function pair(bytesPerSecond: number) {
    const cluster = new Cluster(1, 2)
    const [asking, serving] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]]
    await Promise.all([asking.start(), serving.start()])
    cluster.network.setLink('n0', 'n1', { bytesPerSecond, delayMs: 50 })
    return {
      cluster,
      asking: asking.node!,
      serving: serving.node!,
      stop: () => Promise.all([asking.stop(), serving.stop()]),
    }
  }

  for (const bytesPerSecond of [100_000, 20_000, 5_000])
    for (const direction of ['pull', 'push'] as const)
      it(`of ${bytesPerSecond} bytes a second carries a ${direction}`, async () => {
        const { cluster, asking, serving, stop } = await pair(bytesPerSecond)
        await fill((direction === 'pull' ? serving : asking).store, entries)
        if (direction === 'push') await fill(serving.store, entries.slice(0, 1))
        const result = await cluster.clock.runUntil(asking.sync(tree, 'memory:n1'))
        assert.equal(result!.equal, true)
        assert.ok(cluster.clock.monotonic() > 1_600_000 / bytesPerSecond, 'the link was slow')
        await stop()
      })

  for (const direction of ['pull', 'push'] as const)
    it(`carries a ${direction} of an entry of nearly the largest size`, async () => {
      const { cluster, asking, serving, stop } = await pair(direction === 'pull' ? 10_000 : 20_000)
      const large = new TreeBuilder({ seed: 'large' })
      large.add([large.root], { payload: new Uint8Array(limits.entryBodyBytes - 1_000) })
      await fill((direction === 'pull' ? serving : asking).store, large.entries)
      if (direction === 'push') await fill(serving.store, [large.root])
      const result = await cluster.clock.runUntil(asking.sync(large.root.id, 'memory:n1'))
      assert.equal(result!.equal, true)
      await stop()
    })

  for (const direction of ['pull', 'push'] as const)
    it(`that dies in the middle of a ${direction} gives TIMEOUT`, async () => {
      const { cluster, asking, serving, stop } = await pair(20_000)
      await fill((direction === 'pull' ? serving : asking).store, entries)
      if (direction === 'push') await fill(serving.store, entries.slice(0, 1))
      let diedAtMs = 0
      const onProgress = ({ received, sent }: { received: number; sent: number }) => {
        if (received + sent < 20 || diedAtMs > 0) return
        diedAtMs = cluster.clock.monotonic()
        cluster.network.partition([['n0'], ['n1']])
      }
      await assert.rejects(
        cluster.clock.runUntil(asking.sync(tree, 'memory:n1', { onProgress })),
        (error: CausewayError) => error.code === 'TIMEOUT',
      )
      const waitedMs = cluster.clock.monotonic() - diedAtMs
      assert.ok(waitedMs < limits.unaryTimeoutMs + limits.pingIntervalMs, `${waitedMs} ms`)
      cluster.network.heal()
      assert.equal((await cluster.clock.runUntil(asking.sync(tree, 'memory:n1')))!.equal, true)
      await stop()
    })
})
