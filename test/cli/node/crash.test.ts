/**
 * A receiver killed with SIGKILL during a bootstrap: its store verifies, and the next sync brings exactly the rest. The
 * moments are drawn over the bytes that the receiver's store has written, because sent bytes may still be in buffers on
 * the way. The tree has forty pages, so that nearly all moments fall between the first stored page and the last.
 * KILL_RUNS sets the number of runs (`npm run test:kills`: 20), and SEED the seed.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { limits } from '../../../src/base/limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { formatTicket } from '../../../src/peer/ticket.ts'
import { Sandbox } from '../../kit/command.ts'
import { below, prng, TreeBuilder } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const runs = Number(process.env.KILL_RUNS ?? 2)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const payloadBytes = 8192

/** Builds a tree of which some thirty entries fill a page. Each entry stands on one of the last few. */
function largeTree(count: number) {
  const random = prng(1)
  const tree = new TreeBuilder()
  for (let index = 1; index < count; index++) {
    const payload = Buffer.alloc(payloadBytes)
    for (let at = 0; at < payloadBytes; at += 4) payload.writeUInt32LE(below(random, 2 ** 32), at)
    tree.add([tree.entries[Math.max(0, index - 1 - below(random, 4))]!], { payload })
  }
  return tree.entries
}

/** Returns the bytes of the files in a folder, or 0 if it does not exist yet. */
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
  const all = largeTree(1_200)
  const tree = all[0]!.id
  let serving: ServingNode
  let totalStored: number
  before(async () => {
    serving = await ServingNode.start()
    await fill(serving.node.store, all, { pageEntries: 100 })
    await using box = await Sandbox.create()
    await using node = await createNode({ data: box.folder('whole') })
    await node.sync(tree, serving.node.addresses()[0]!)
    totalStored = await folderSize(join(box.folder('whole'), 'store'))
  })
  after(() => serving[Symbol.asyncDispose]())

  const counts: number[] = []
  for (let run = 0; run < runs; run++)
    it(`has a valid store and needs only the rest (${run + 1})`, async () => {
      await using box = await Sandbox.create()
      const moment = Math.ceil(random() * totalStored)
      const ticket = formatTicket({ tree, peer: serving.node.peer, addresses: serving.node.addresses() })
      const child = box.spawn('receiver', ['sync', ticket])
      const closed = once(child, 'close')
      const store = join(box.folder('receiver'), 'store')
      while (child.exitCode === null && (await folderSize(store)) < moment) await setTimeout(1)
      child.kill('SIGKILL')
      await closed
      const [code, signal] = [child.exitCode, child.signalCode]
      // Near the end, the process may exit before the signal.
      assert.ok(signal === 'SIGKILL' || code === 0, `${code} ${signal}`)

      await using node = await createNode({ data: box.folder('receiver') })
      const kept = node.store.tree(tree)?.count ?? 0
      counts.push(kept)
      if (kept > 0) assert.deepEqual(await node.verify(tree), { checked: kept, problems: [] })
      const rest = await node.sync(undefined, ticket)
      const facts = `killed at ${moment} of ${totalStored} bytes stored with ${kept} of ${all.length} entries`
      assert.deepEqual([rest.received, rest.equal], [all.length - kept, true], facts)
      assert.ok(rest.redundant <= limits.sessionPagesInFlight * limits.pageEntries, facts)
      assert.deepEqual(await node.tips(tree), await serving.node.tips(tree))
    })

  it('was killed between the first page and the last in most runs', (test) => {
    test.diagnostic(`entries kept: ${counts.join(', ')} of ${all.length}`)
    const inTheMiddle = counts.filter((count) => count > 0 && count < all.length).length
    assert.ok(inTheMiddle >= runs / 2, counts.join(', '))
  })
})
