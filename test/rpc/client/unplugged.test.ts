/**
 * A remote whose process is killed or stopped in the middle of a session, over every transport: the session ends with a
 * typed error within the bound on silence and never hangs, and the next session fetches only the rest.
 */
import { strict as assert } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'
import { largeTree } from '../../kit/large-tree.ts'
import { testModule } from '../../kit/project.ts'

const factor = 5
/** The longest silence, of pings over HTTP or of the connection over QUIC, and the next look at it. */
const longestMs = Math.max(
  limits.pingIntervalMs + limits.pingTimeoutMs,
  limits.irohSilenceTimeoutMs + limits.irohSilenceTimeoutMs / 4,
)

describe('A remote process', { concurrency: true }, () => {
  const entries = largeTree()
  const tree = entries[0]!.id
  const children: ChildProcess[] = []
  after(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  async function start(transport: string, seed: string): Promise<{ child: ChildProcess; address: string }> {
    const child = fork(testModule('test/kit/serving-child.ts'), [transport, seed])
    children.push(child)
    const [address] = await once(child, 'message')
    return { child, address: address as string }
  }

  for (const transport of ['HTTP', 'QUIC'])
    it(`over ${transport}`, async () => {
      const seed = randomBytes(32).toString('hex')
      let remote = await start(transport, seed)
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
        await using node = await createNode({
          clock: new HastyClock(factor),
          quic: { bind: '127.0.0.1:0', relay: 'off' },
        })
        let at = 0
        const onProgress = ({ received }: { received: number }) => {
          if (received === 0 || at > 0) return
          remote.child.kill(signal)
          at = performance.now()
        }
        await assert.rejects(node.sync(tree, remote.address, { onProgress }), (error) => {
          assert.ok(error instanceof CausewayError)
          // The kernel tells of a dead process's TCP connections, and of nothing else.
          const expected = signal === 'SIGKILL' && transport === 'HTTP' ? 'DISCONNECTED' : 'TIMEOUT'
          assert.equal(error.code, expected, `${signal}: ${error}`)
          return true
        })
        const waitedMs = (performance.now() - at) * factor
        // Twice the bound, because the machine may be busy with other tests.
        assert.ok(waitedMs < 2 * longestMs, `${signal}: ${waitedMs} ms`)
        const kept = node.store.tree(tree)!.count
        assert.ok(kept > 0 && kept < entries.length, `${signal}: ${kept} entries came before`)
        if (signal === 'SIGSTOP') remote.child.kill('SIGCONT')
        else remote = await start(transport, seed)
        const rest = await node.sync(tree, remote.address)
        assert.deepEqual([rest.received, rest.equal], [entries.length - kept, true], signal)
      }
    })
})
