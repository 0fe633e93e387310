/**
 * WatchTree: every arrival once and in order, resumable from any sequence, with signs of life during silence, and an
 * end when the caller leaves or the node stops.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import type { WatchTreeResponse } from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { formatId, idToBytes } from '../../../src/dag/id.ts'
import { shapes, TreeBuilder } from '../../kit/entries.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { type Caller, protocols, ServingNode, transports } from '../../kit/serving-node.ts'

/** Reads until so many entries have come. */
async function take(messages: AsyncIterable<WatchTreeResponse>, count: number) {
  const cids: string[] = []
  let sequence = 0n
  for await (const message of messages) {
    cids.push(...message.entries.map(({ cid }) => cid))
    sequence = message.sequence
    if (cids.length >= count) break
  }
  return { cids, sequence }
}

for (const transport of transports)
  for (const protocol of protocols)
    describe(`WatchTree over ${transport.name} with ${protocol}`, () => {
      let serving: ServingNode
      let trees: Caller['trees']
      before(async () => {
        serving = await ServingNode.start(transport)
        trees = (await serving.dial(protocol)).trees
      })
      after(() => serving[Symbol.asyncDispose]())

      it('streams the entries that exist, then new ones, and resumes after any sequence', async () => {
        const all = shapes.twoBranches(300)
        const tree = idToBytes(all[0]!.id)
        await trees.submitEntries({ tree, entries: all.slice(0, 400).map(({ signed }) => signed) })
        const call = new AbortController()
        const watching = take(trees.watchTree({ tree }, { signal: call.signal }), all.length)
        await trees.submitEntries({ tree, entries: all.slice(400).map(({ signed }) => signed) })
        const { cids, sequence } = await watching
        assert.deepEqual(
          cids,
          all.map(({ id }) => formatId(id)),
        )
        assert.equal(sequence, BigInt(all.length))
        for (const seen of [1, 255, 256, 257, 599]) {
          const rest = await take(
            trees.watchTree({ tree, afterSequence: BigInt(seen) }, { signal: call.signal }),
            all.length - seen,
          )
          assert.deepEqual(rest.cids, cids.slice(seen))
        }
        call.abort()
      })

      it('refuses unknown trees and impossible sequences', async () => {
        await fails(trees.watchTree({ tree: new Uint8Array(32) }), 'UNKNOWN_TREE', 'NotFound')
        const { tree } = await trees.createTree({ name: 'a' })
        await fails(
          trees.watchTree({ tree: tree!.id, afterSequence: 2n ** 64n - 1n }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
      })
    })

describe('WatchTree', () => {
  it('keeps messages small when entries are large', async () => {
    await using serving = await ServingNode.start()
    const { trees } = await serving.dial()
    const tree = new TreeBuilder()
    const payload = new Uint8Array(limits.pageBytes / 2)
    for (let count = 0; count < 8; count++) tree.add([tree.root], { payload, createdAtMs: count })
    const id = idToBytes(tree.root.id)
    for (const { signed } of tree.entries) await trees.submitEntries({ tree: id, entries: [signed] })
    let seen = 0
    for await (const { entries } of trees.watchTree({ tree: id })) {
      assert.ok(entries.length <= 2)
      seen += entries.length
      if (seen === 9) break
    }
  })

  it('sends signs of life, and leaves no listener behind', async () => {
    const clock = new HastyClock(100)
    await using serving = await ServingNode.start(undefined, { clock })
    const { trees, connection } = await serving.dial()
    const { tree } = await trees.createTree({ name: 'quiet' })
    let signs = 0
    for await (const { entries, sequence } of trees.watchTree({ tree: tree!.id })) {
      assert.equal(sequence, 1n)
      if (entries.length === 0 && ++signs === 3) break
    }
    connection.close()
  })

  it('ends immediately when the node stops', async () => {
    const serving = await ServingNode.start()
    const { trees } = await serving.dial()
    const { tree } = await trees.createTree({ name: 'watched' })
    const messages = trees.watchTree({ tree: tree!.id })[Symbol.asyncIterator]()
    await messages.next()
    const end = messages.next()
    const started = performance.now()
    await serving.node.close()
    assert.equal((await end).done, true)
    assert.ok(performance.now() - started < limits.drainTimeoutMs / 2)
    await serving[Symbol.asyncDispose]()
  })
})
