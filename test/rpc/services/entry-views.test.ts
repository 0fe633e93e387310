/**
 * What a call shows of entries: one copy of each unless both are asked for, and only entries of the stores that were
 * asked for, with bounded work for a page that finds nothing, and without a word of what is for other stores.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { toBinary } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import {
  type Entry,
  EntryView,
  ListEntriesResponseSchema,
  TreeService,
} from '../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { decodeBody } from '../../../src/dag/body.ts'
import { entryBytes } from '../../../src/dag/entry.ts'
import { formatId, idToBytes } from '../../../src/dag/id.ts'
import { shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { type Caller, ServingNode } from '../../kit/serving-node.ts'

/** A tree of entries that change one of three stores by turns; each fifth also changes `both`. */
const builder = new TreeBuilder({ seed: 'views' })
for (let index = 0; index < 60; index++) {
  const payload = new Uint8Array([index])
  const store = ['a', 'b', 'c'][index % 3]!
  const changes = [
    { store, kind: '', payload },
    ...(index % 5 === 0 ? [{ store: 'both', kind: '', payload }] : []),
  ]
  builder.add(undefined, { changes })
}
const { entries: all, root } = builder
const tree = idToBytes(root.id)
const cidsOf = (...stores: string[]) =>
  all
    .filter(({ body }) => body.changes.some(({ store }) => stores.includes(store)))
    .map(({ id }) => formatId(id))

let serving: ServingNode
let trees: Caller['trees']
before(async () => {
  serving = await ServingNode.start(undefined, { background: false })
  trees = (await serving.dial()).trees
  await trees.submitEntries({ tree, entries: all.map(({ signed }) => signed) })
})
after(async () => {
  assert.deepEqual(serving.problems, [])
  await serving[Symbol.asyncDispose]()
})

/** Reads a list to its end. */
async function list(request: Parameters<typeof trees.listEntries>[0]) {
  const pages: Entry[][] = []
  let pageToken = ''
  do {
    const page = await trees.listEntries({ tree, ...request, pageToken })
    pages.push(page.entries)
    pageToken = page.nextPageToken
    assert.ok(pages.length < 1_000)
  } while (pageToken !== '')
  return { pages, cids: pages.flat().map(({ cid }) => cid) }
}

describe('The view of an entry', () => {
  const shown: [EntryView | undefined, boolean, boolean][] = [
    [undefined, true, false],
    [EntryView.SIGNED, true, false],
    [EntryView.BODY, false, true],
    [EntryView.BOTH, true, true],
  ]
  const calls: Record<string, (view: { view?: EntryView }) => Promise<Entry>> = {
    ListEntries: async (view) => (await trees.listEntries({ tree, pageSize: 1, ...view })).entries[0]!,
    GetEntries: async (view) => (await trees.getEntries({ ids: [tree], ...view })).entries[0]!,
    async WatchTree(view) {
      for await (const { entries } of trees.watchTree({ tree, ...view })) return entries[0]!
      assert.fail()
    },
    async Commit(view) {
      const own = await trees.createTree({ name: 'own' })
      const changes = [{ store: 'log' }]
      return (await trees.commit({ tree: own.tree!.id, changes, ...view })).entry!
    },
  }
  for (const [name, call] of Object.entries(calls))
    it(`has what was asked for in ${name}`, async () => {
      for (const [view, signed, body] of shown) {
        const entry = await call(view === undefined ? {} : { view })
        assert.deepEqual([entry.signed !== undefined, entry.body !== undefined], [signed, body], `${view}`)
        if (signed && body) assert.equal(Number(entry.body!.height), decodeBody(entry.signed!.body).height)
      }
      await fails(call({ view: 9 as EntryView }), 'INVALID_ARGUMENT', 'InvalidArgument')
    })

  it('sends the bytes of a large entry once', async () => {
    const large = new TreeBuilder({ seed: 'large' })
    large.add(undefined, { payload: new Uint8Array(900_000) })
    const id = idToBytes(large.root.id)
    for (const { signed } of large.entries) await trees.submitEntries({ tree: id, entries: [signed] })
    const bytes = async (view: EntryView) => {
      const page = await trees.listEntries({ tree: id, newestFirst: true, pageSize: 1, view })
      return toBinary(ListEntriesResponseSchema, page).length
    }
    const size = entryBytes(large.last.signed)
    for (const view of [EntryView.UNSPECIFIED, EntryView.BODY]) assert.ok((await bytes(view)) < size + 1_000)
    assert.ok((await bytes(EntryView.BOTH)) > 2 * size - 1_000)
  })
})

describe('ListEntries of some stores', () => {
  it('has the entries with a change in one of them, in both directions, in pages of any size', async () => {
    for (const stores of [['a'], ['both'], ['a', 'both', 'nothing'], ['_policy'], ['nothing']])
      for (const newestFirst of [false, true])
        for (const pageSize of [1, 7, 100]) {
          const expected = newestFirst ? cidsOf(...stores).reverse() : cidsOf(...stores)
          const { cids, pages } = await list({ stores, newestFirst, pageSize })
          assert.deepEqual(cids, expected)
          for (const page of pages.slice(0, -1)) assert.equal(page.length, pageSize)
        }
  })

  it('reads a bounded number of entries, or of bytes, for a page that finds nothing', async () => {
    for (const bounds of [{ searchedEntries: 8 }, { searchedBytes: 8 * 250 }]) {
      using _ = limited({ ...bounds, pageEntries: 4 })
      const { pages, cids } = await list({ stores: ['nothing'] })
      assert.deepEqual(cids, [])
      assert.ok(pages.length >= 6 && pages.length <= 16, `${pages.length} pages`)
      assert.deepEqual((await list({ stores: ['both'], pageSize: 3 })).cids, cidsOf('both'))
    }
  })

  it('ends a page before it becomes too large', async () => {
    using _ = limited({ listedBytes: 2 * entryBytes(all[10]!.signed) })
    const { pages, cids } = await list({ stores: ['a', 'b', 'c'] })
    assert.deepEqual(cids, cidsOf('a', 'b', 'c'))
    assert.ok(pages.every(({ length }) => length <= 2))
  })

  it('refuses too many names, and names that no store has', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`)
    await trees.listEntries({ tree, stores: names(limits.filteredStores) })
    const tooMany = { tree, stores: names(limits.filteredStores + 1) }
    await fails(trees.listEntries(tooMany), 'LIMIT_EXCEEDED', 'InvalidArgument')
    await fails(trees.watchTree(tooMany), 'LIMIT_EXCEEDED', 'InvalidArgument')
    await trees.listEntries({ tree, stores: ['ä'.repeat(limits.storeNameBytes / 2)] })
    for (const name of ['', 'ä'.repeat(limits.storeNameBytes / 2 + 1)])
      await fails(trees.listEntries({ tree, stores: [name] }), 'INVALID_ARGUMENT', 'InvalidArgument')
  })
})

describe('WatchTree of some stores', () => {
  it('has their entries, each with the number of its arrival', async () => {
    const cids: string[] = []
    const sequences: number[] = []
    for await (const message of trees.watchTree({ tree, stores: ['b'] })) {
      assert.equal(message.entries.length, message.sequences.length)
      cids.push(...message.entries.map(({ cid }) => cid))
      sequences.push(...message.sequences.map(Number))
      if (cids.length >= cidsOf('b').length) break
    }
    assert.deepEqual(cids, cidsOf('b'))
    assert.deepEqual(
      sequences,
      cids.map((cid) => 1 + all.findIndex(({ id }) => formatId(id) === cid)),
    )
  })

  it('is silent about others, tells of the policy, and resumes behind what passed in silence', async () => {
    using _ = limited({ signOfLifeMs: 20 })
    const { node } = serving
    const id = await node.createTree('watched')
    const commit = (store: string) => node.commit(id, [{ store, kind: '', payload: new Uint8Array(0) }])
    const call = new AbortController()
    const asked = { tree: idToBytes(id), stores: ['mine'], afterSequence: 1n }
    const watch = trees.watchTree(asked, { signal: call.signal })[Symbol.asyncIterator]()
    for (let index = 0; index < 5; index++) await commit('other')
    const sign = (await watch.next()).value!
    // The first message is a sign of life, and says how far the watch has come.
    assert.deepEqual([sign.entries.length, sign.policyChanged, sign.sequence], [0, false, 6n])
    const mine = await commit('mine')
    let next = (await watch.next()).value!
    while (next.entries.length === 0) next = (await watch.next()).value!
    assert.deepEqual([next.entries[0]!.cid, next.sequences], [formatId(mine.id), [7n]])
    await node.grant(id, testIdentity(5).peer, Permission.READ)
    next = (await watch.next()).value!
    while (!next.policyChanged) next = (await watch.next()).value!
    assert.deepEqual([next.entries.length, next.sequence], [0, 8n])
    call.abort()
  })

  it('gives signs of life while it passes over many', async () => {
    using _ = limited({ signOfLifeMs: 0, watchEntries: 10 })
    const call = new AbortController()
    const watch = trees.watchTree({ tree, stores: ['nothing'] }, { signal: call.signal })
    for await (const { entries, sequence } of watch) {
      assert.deepEqual([entries.length, sequence], [0, 10n])
      break
    }
    call.abort()
  })

  it('ends when its caller leaves, also while it passes over many', async () => {
    using _ = limited({ watchEntries: 1 })
    const own = shapes.linear(60, { seed: 'left' })
    const id = own[0]!.id
    await trees.submitEntries({ tree: idToBytes(id), entries: own.map(({ signed }) => signed) })
    const { store } = serving.node
    const call = new AbortController()
    let reads = 0
    const arrivals = store.arrivals.bind(store)
    store.arrivals = (of, ...rest) => {
      if (of === id && ++reads === 2) call.abort()
      return arrivals(of, ...rest)
    }
    try {
      // Without a network, since a database in memory would have read everything before the news came.
      const calls = createClient(TreeService, serving.node.rpc())
      // After the root, which is news of the policy.
      const asked = { tree: idToBytes(id), stores: ['nothing'], afterSequence: 1n }
      const watch = calls.watchTree(asked, { signal: call.signal })
      await assert.rejects(watch[Symbol.asyncIterator]().next())
      for (let count = 0; count < 50; count++) await calls.getTree({ tree })
      assert.ok(reads <= 3, `${reads} reads`)
    } finally {
      store.arrivals = arrivals
    }
  })
})
