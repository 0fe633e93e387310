/**
 * A receiver killed with SIGKILL in the middle of a bootstrap, at moments drawn by turns over the bytes that the server
 * sends and over those that the receiver's store has written: its store verifies, and finishing brings exactly the
 * rest. KILL_RUNS says how often, SEED where from.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { idToBytes } from '../../src/dag/id.ts'
import { limits } from '../../src/limits.ts'
import { createNode } from '../../src/node.ts'
import { formatTicket } from '../../src/peer/ticket.ts'
import { Sandbox } from '../kit/command.ts'
import { prng, shapes } from '../kit/entries.ts'
import { ServingNode } from '../kit/serving-node.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

const runs = Number(process.env.KILL_RUNS ?? 4)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Bytes of the files in a folder; 0 where there is none yet. */
async function folderSize(folder: string): Promise<number> {
  const files = await readdir(folder).catch(() => [])
  const sizes = files.map((file) =>
    stat(join(folder, file)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

describe(`A receiver killed at ${runs} moments (SEED=${seed})`, () => {
  const random = prng(seed)
  const all = shapes.random(2500, 20, prng(1))
  const tree = all[0]!.id
  let serving: ServingNode
  let totalBytes: number
  let totalStored: number
  before(async () => {
    serving = await ServingNode.start()
    const { trees } = await serving.dial()
    for (let at = 0; at < all.length; at += 500) {
      const entries = all.slice(at, at + 500).map(({ signed }) => signed)
      await trees.submitEntries({ tree: idToBytes(tree), entries })
    }
    await using proxy = await TcpProxy.start(serving.hostPort)
    await using box = await Sandbox.create()
    await using node = await createNode({ data: box.folder('whole') })
    await node.sync(tree, proxy.address)
    totalBytes = proxy.fromServer
    totalStored = await folderSize(join(box.folder('whole'), 'store'))
  })
  after(() => serving[Symbol.asyncDispose]())

  const counts: number[] = []
  for (let run = 0; run < runs; run++)
    it(`has a sound store, and needs only the rest (${run + 1})`, async () => {
      await using box = await Sandbox.create()
      await using proxy = await TcpProxy.start(serving.hostPort)
      const [of, what] = run % 2 ? [totalBytes, 'sent'] : [totalStored, 'stored']
      const moment = Math.ceil(random() * of)
      const ticket = formatTicket({ tree, peer: serving.node.peer, addresses: [proxy.address] })
      const child = box.spawn('receiver', ['sync', ticket])
      const closed = once(child, 'close')
      if (what === 'sent')
        proxy.onBytes = (bytes) => {
          if (bytes >= moment) child.kill('SIGKILL')
        }
      else {
        const store = join(box.folder('receiver'), 'store')
        while (child.exitCode === null && (await folderSize(store)) < moment);
        child.kill('SIGKILL')
      }
      await closed
      const [code, signal] = [child.exitCode, child.signalCode]
      // At the very end the process may be done before the signal.
      assert.ok(signal === 'SIGKILL' || code === 0, `${code} ${signal}`)

      await using node = await createNode({ data: box.folder('receiver') })
      const kept = node.store.tree(tree)?.count ?? 0
      counts.push(kept)
      if (kept > 0) assert.deepEqual(await node.verify(tree), { checked: kept, problems: [] })
      const rest = await node.sync(undefined, ticket)
      const facts = `killed at ${moment} of ${of} bytes ${what} with ${kept} of ${all.length} entries`
      assert.deepEqual([rest.received, rest.equal], [all.length - kept, true], facts)
      assert.ok(rest.redundant <= limits.sessionPagesInFlight * limits.pageEntries, facts)
      assert.deepEqual(await node.tips(tree), await serving.node.tips(tree))
    })

  it('was killed in the middle at least once', (test) => {
    test.diagnostic(`entries kept: ${counts.join(', ')} of ${all.length}`)
    if (runs >= 6)
      assert.ok(
        counts.some((count) => count < all.length),
        counts.join(', '),
      )
  })
})
