/** The window of an answer: a page on a short path, more on a long one, and never more than the bound. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { RpcConnection, windowFor } from '../../../src/rpc/client/connection.ts'
import { prng, TreeBuilder } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'
import { until } from '../../kit/until.ts'
import { Cluster, verifyOnTheSpot } from '../../sim/cluster.ts'

describe('The window of an answer', () => {
  let restore = () => {}
  before(() => {
    restore = verifyOnTheSpot()
  })
  after(() => restore())

  it('grows with the round trip, within its bounds', () => {
    assert.equal(windowFor(0), limits.streamWindowBytes)
    assert.equal(windowFor(25), (25 * limits.streamBytesPerSecond) / 1_000)
    assert.equal(windowFor(10_000), limits.streamWindowMaxBytes)
  })

  for (const [name, tookMs, expected] of [
    ['stays small for a remote that is slow to answer once', [50, 1], limits.streamWindowBytes],
    ['follows the shortest of a few pings', [90, 50, 70], limits.streamWindowMaxBytes],
  ] as const)
    it(name, async () => {
      const server = http2.createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const accepted = once(server, 'session')
      const stream = connect((server.address() as AddressInfo).port, '127.0.0.1')
      // Asked at the start and the end of each ping.
      const times = tookMs.flatMap((ms) => [0, ms])
      const clock = { ...systemClock, monotonic: () => times.shift() ?? 0 }
      await using connection = new RpcConnection({ stream, remoteAddress: 'test' }, { clock })
      const [session] = (await accepted) as [http2.ServerHttp2Session]
      await until('all pings are back', () => times.length === 0)
      // What was said before this has arrived with it.
      await new Promise((resolve) => session.ping(resolve))
      assert.equal(session.remoteSettings.initialWindowSize, expected)
      connection.close()
      server.close()
    })

  it('lets a far remote send several pages in one round trip', async () => {
    const roundTripMs = 200
    const random = prng(7)
    const builder = new TreeBuilder()
    const payload = () => Uint8Array.from({ length: 65_536 }, () => random() * 256)
    while (builder.entries.length < 64) builder.add([builder.last], { payload: payload() })
    const pages = (64 * 65_536) / limits.pageBytes
    const cluster = new Cluster(1, 2)
    const [asking, serving] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]]
    await Promise.all([asking.start(), serving.start()])
    cluster.network.setLink('n0', 'n1', { delayMs: roundTripMs / 2 })
    await fill(serving.node!.store, builder.entries)
    const startedMs = cluster.clock.monotonic()
    const result = await cluster.clock.runUntil(asking.node!.sync(builder.root.id, 'memory:n1'))
    assert.equal(result!.equal, true)
    const roundTrips = (cluster.clock.monotonic() - startedMs) / roundTripMs
    assert.ok(roundTrips < pages, `${roundTrips} round trips for ${pages} pages`)
    await Promise.all([asking.stop(), serving.stop()])
  })
})
