/**
 * A remote that falls silent in the middle of a session: its process was stopped, or its cable pulled. The session ends
 * with TIMEOUT within the time of two pings, and the entries received so far stay.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { prng, shapes } from '../../kit/entries.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { TcpProxy } from '../../kit/tcp-proxy.ts'

describe('A cable that is pulled', () => {
  const all = shapes.random(3000, 10, prng(2))
  const tree = all[0]!.id
  const factor = 20

  for (const share of [0, 0.3])
    it(`after ${share * 100} % of the bytes ends the session with TIMEOUT`, async () => {
      await using serving = await ServingNode.start()
      const { trees } = await serving.dial()
      for (let at = 0; at < all.length; at += 500) {
        const entries = all.slice(at, at + 500).map(({ signed }) => signed)
        await trees.submitEntries({ tree: idToBytes(tree), entries })
      }
      await using proxy = await TcpProxy.start(serving.hostPort)
      await using node = await createNode({ clock: new HastyClock(factor) })
      // Of the entries as they are stored; they cross in less.
      const bytes = serving.node.store.tree(tree)!.bytes
      let stalledAt = 0
      // The handshake is over after a few hundred bytes.
      proxy.onBytes = (seen) => {
        if (seen < Math.max(600, share * bytes) || stalledAt > 0) return
        stalledAt = performance.now()
        proxy.stall()
      }
      await assert.rejects(node.sync(tree, proxy.address), (error: CausewayError) => {
        assert.equal(error.code, 'TIMEOUT', String(error))
        return true
      })
      const waited = (performance.now() - stalledAt) * factor
      // Twice the bound, because the machine may be busy with other tests.
      assert.ok(waited < 2 * (limits.pingIntervalMs + limits.pingTimeoutMs), `${waited} ms`)
      proxy.stall = () => {}
      const rest = await node.sync(tree, serving.address)
      assert.equal(rest.equal, true)
    })
})
