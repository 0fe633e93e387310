/**
 * SyncService as peers see it, over every transport and protocol: the header and its pages, SendEntries with its counts
 * and refusals, and requests out of bounds.
 */
import { strict as assert } from 'node:assert'
import { getEventListeners } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { SyncStatus, type SyncTreeResponse } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { sha256Hex } from '../../../src/dag/crypto.ts'
import { idOf, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createRemote } from '../../../src/rpc/client/remote.ts'
import { readCompactPage } from '../../../src/rpc/compact/read-page.ts'
import { writeCompactPage } from '../../../src/rpc/compact/write-page.ts'
import { shapes, TreeBuilder, tipsOf } from '../../kit/entries.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { type Caller, protocols, ServingNode, transports } from '../../kit/serving-node.ts'

const noSuchTree = new Uint8Array(32).fill(7)
const signedOf = (entries: readonly VerifiedEntry[]) => entries.map(({ signed }) => signed)
const digestOf = (entries: readonly VerifiedEntry[]) =>
  new Uint8Array(hexToBytes(sha256Hex(...tipsOf(entries).map((id) => idToBytes(id)))))

async function readAll(messages: AsyncIterable<SyncTreeResponse>) {
  const parts: SyncTreeResponse['part'][] = []
  for await (const { part } of messages) parts.push(part)
  const [header, ...pages] = parts
  assert.ok(header?.case === 'header')
  const entries = pages.flatMap((part) => {
    assert.ok(part.case === 'page')
    return part.value.entries
  })
  const more = pages.some((part) => part.case === 'page' && part.value.more)
  return { header: header.value, pages: pages.length, entries, more }
}

for (const transport of transports)
  for (const protocol of protocols)
    describe(`SyncService over ${transport.name} with ${protocol}`, () => {
      let serving: ServingNode
      let sync: Caller['sync']
      let trees: Caller['trees']
      const all = shapes.twoBranches(600, { seed: 1 })
      const tree = idToBytes(all[0]!.id)
      before(async () => {
        serving = await ServingNode.start(transport)
        ;({ sync, trees } = await serving.dial(protocol))
        for (let at = 0; at < all.length; at += 500)
          await trees.submitEntries({ tree, entries: signedOf(all.slice(at, at + 500)) })
      })
      after(async () => {
        assert.deepEqual(serving.problems, [])
        await serving[Symbol.asyncDispose]()
      })

      it('streams everything to a peer that has nothing, parents first', async () => {
        const { header, entries, pages } = await readAll(sync.syncTree({ tree }))
        assert.equal(header.status, SyncStatus.DELTA)
        assert.equal(header.count, BigInt(all.length))
        assert.deepEqual(header.tipsDigest, digestOf(all))
        assert.equal(header.entries, BigInt(all.length))
        assert.equal(entries.length, all.length)
        assert.ok(pages >= Math.ceil(all.length / limits.pageEntries))
        const seen = new Set<string>()
        const byBody = new Map(all.map((entry) => [Buffer.from(entry.signed.body).toString('hex'), entry]))
        for (const { body } of entries) {
          const entry = byBody.get(Buffer.from(body).toString('hex'))!
          for (const parent of entry.body.parents) assert.ok(seen.has(parent))
          seen.add(entry.id)
        }
      })

      it('streams the difference, and nothing if both are equal', async () => {
        const some = all.slice(0, -10)
        const request = {
          tree,
          tips: tipsOf(some).map((id) => idToBytes(id)),
          tipsDigest: digestOf(some),
          count: BigInt(some.length),
        }
        const { header, entries } = await readAll(sync.syncTree(request))
        assert.equal(entries.length, 10)
        assert.deepEqual([...header.common], [0b11])
        const equal = await readAll(
          sync.syncTree({ tree, tipsDigest: digestOf(all), count: BigInt(all.length) }),
        )
        assert.equal(equal.header.status, SyncStatus.EQUAL)
        assert.equal(equal.pages, 0)
      })

      it('keeps to the budget, and reports that there is more', async () => {
        const { entries, more } = await readAll(sync.syncTree({ tree, budgetBytes: 1n }))
        assert.ok(more && entries.length < all.length)
        const whole = await readAll(sync.syncTree({ tree, budgetBytes: 2n ** 40n }))
        assert.equal(whole.more, false)
      })

      it('refuses requests out of bounds', async () => {
        await fails(sync.syncTree({ tree: noSuchTree }), 'UNKNOWN_TREE', 'NotFound')
        await fails(sync.syncTree({}), 'INVALID_ARGUMENT', 'InvalidArgument')
        await fails(sync.syncTree({ tree: tree.subarray(1) }), 'INVALID_ARGUMENT', 'InvalidArgument')
        const tips = Array<Uint8Array>(limits.requestTips).fill(noSuchTree)
        await readAll(sync.syncTree({ tree, tips, budgetBytes: 1n }))
        await fails(sync.syncTree({ tree, tips: [...tips, noSuchTree] }), 'LIMIT_EXCEEDED', 'InvalidArgument')
        await fails(
          sync.syncTree({ tree, tips: [new Uint8Array(33)] }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
        await fails(
          sync.syncTree({ tree, tipsDigest: new Uint8Array(16) }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
        await fails(sync.syncTree({ tree, count: 2n ** 53n }), 'INVALID_ARGUMENT', 'InvalidArgument')
      })

      it('stores pages, and returns counts and digest', async () => {
        const shape = shapes.linear(20, { seed: `send ${transport.name} ${protocol}` })
        const id = idToBytes(shape[0]!.id)
        await fails(sync.sendEntries({ tree: id, entries: signedOf(shape) }), 'UNKNOWN_TREE', 'NotFound')
        await trees.submitEntries({ tree: id, entries: signedOf(shape.slice(0, 5)) })
        const sent = await sync.sendEntries({ tree: id, entries: signedOf(shape.slice(3)) })
        assert.deepEqual([sent.added, sent.known, sent.count], [16, 2, 21n])
        assert.deepEqual(sent.tipsDigest, digestOf(shape))
        const empty = await sync.sendEntries({ tree: id, entries: [] })
        assert.deepEqual([empty.added, empty.known, empty.count], [0, 0, 21n])
      })

      it('sends and takes compact pages if the caller asks for them, and plain ones otherwise', async () => {
        const plain = await readAll(sync.syncTree({ tree }))
        assert.equal(plain.header.compact, false)
        const entries: string[] = []
        for await (const { part } of sync.syncTree({ tree, compact: true }))
          if (part.case === 'header') assert.equal(part.value.compact, true)
          else if (part.case === 'page') {
            assert.equal(part.value.entries.length, 0)
            entries.push(...readCompactPage(all[0]!.id, part.value.compact).map(idOf))
          }
        assert.deepEqual(entries, plain.entries.map(idOf))
        const compact = writeCompactPage(all[0]!.id, signedOf(all.slice(1, 9)))
        assert.equal((await sync.sendEntries({ tree, compact })).known, 8)
        const both = { tree, compact, entries: signedOf(all.slice(1, 2)) }
        await fails(sync.sendEntries(both), 'PROTOCOL', 'Internal')
        await fails(sync.sendEntries({ tree, compact: compact.subarray(0, -1) }), 'PROTOCOL', 'Internal')
      })

      it('bounds a page by entries and by bytes', async () => {
        const first = all[1]!.signed
        const known = Array(limits.pageEntries).fill(first)
        assert.equal((await sync.sendEntries({ tree, entries: known })).known, limits.pageEntries)
        const page = { tree, entries: [...known, first] }
        await fails(sync.sendEntries(page), 'LIMIT_EXCEEDED', 'InvalidArgument')
        await fails(trees.submitEntries(page), 'LIMIT_EXCEEDED', 'InvalidArgument')
        const large = new TreeBuilder({ seed: `pages ${transport.name} ${protocol}` })
        const overhead = large.add([large.root], { payload: '' }).signed.body.length + 64 + 3
        const half = limits.pageBytes / 2 - overhead
        const pair = [0, 1].map((extra) =>
          large.add([large.root], { payload: new Uint8Array(half + extra), createdAtMs: 1 }),
        )
        const id = idToBytes(large.root.id)
        await trees.submitEntries({ tree: id, entries: [large.root.signed] })
        const bytes = signedOf(pair).reduce((sum, { body }) => sum + body.length + 64, 0)
        assert.ok(bytes <= limits.pageBytes + 16 && bytes > limits.pageBytes - 64, String(bytes))
        const over = [
          large.add([large.root], { payload: new Uint8Array(half + 64) }),
          large.add([large.root], { payload: new Uint8Array(half + 64), createdAtMs: 2 }),
        ]
        await fails(
          sync.sendEntries({ tree: id, entries: signedOf(over) }),
          'LIMIT_EXCEEDED',
          'InvalidArgument',
        )
        // One entry may be larger than a page.
        const single = large.add([large.root], { payload: new Uint8Array(limits.pageBytes * 3) })
        assert.equal((await sync.sendEntries({ tree: id, entries: signedOf([single]) })).added, 1)
        assert.equal((await trees.getTree({ tree: id })).tree!.count, 2n)
      })

      it('ends an answer whose pages are not read', async () => {
        const { connection } = await serving.dial(protocol)
        const caller = new AbortController()
        const { pages } = await createRemote(connection, systemClock).syncTree(
          { tree: all[0]!.id, tips: [], tipsDigest: '', count: 0 },
          { signal: caller.signal },
        )
        assert.equal(getEventListeners(caller.signal, 'abort').length, 1)
        await pages[Symbol.asyncIterator]().return!()
        assert.equal(getEventListeners(caller.signal, 'abort').length, 0)
      })

      it('watches a bounded number of trees, at least one', async () => {
        await fails(sync.watch({}), 'INVALID_ARGUMENT', 'InvalidArgument')
        const many = Array.from({ length: limits.watchTrees + 1 }, (_, index) => ({
          tree: new Uint8Array(32).fill(index % 256),
        }))
        await fails(sync.watch({ trees: many }), 'LIMIT_EXCEEDED', 'InvalidArgument')
      })
    })
