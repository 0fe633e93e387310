/**
 * Quotas: a page past a bound is refused as a whole, with the bound named, whoever sends it. Stored entries stay, and
 * with more room the page is stored. Authors are counted across restarts, and many of them share one account.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { entryBytes, type VerifiedEntry } from '../../src/dag/entry.ts'
import { idToBytes } from '../../src/dag/id.ts'
import { createNode } from '../../src/node/node.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { Quota, type QuotaOptions } from '../../src/store/quota.ts'
import { DagStore } from '../../src/store/store.ts'
import { Ingest } from '../../src/sync/ingest.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { signedOf } from '../kit/peers.ts'
import { fails } from '../kit/rpc-errors.ts'
import { ServingNode } from '../kit/serving-node.ts'

const [self, anna, ben] = [testIdentity(1), testIdentity(2), testIdentity(3)]

async function open(options: QuotaOptions, db?: Database) {
  const database = db ?? (await openMemory())
  const store = await DagStore.open(database)
  await Quota.open(database, store, self.peer, options)
  return {
    store,
    database,
    append: (entries: readonly VerifiedEntry[]) => store.append(entries[0]!.tree, entries),
  }
}

const bytesOf = (entries: readonly VerifiedEntry[]) =>
  entries.reduce((sum, { signed }) => sum + entryBytes(signed), 0)

const full = (data: Record<string, unknown>) => (error: CausewayError) => {
  assert.equal(error.code, 'RESOURCE_EXHAUSTED')
  assert.equal(error.data.retryAfterMs, limits.quotaRetryMs)
  for (const [key, value] of Object.entries(data)) assert.equal(error.data[key], value)
  return true
}

describe('A quota', () => {
  it('bounds a tree to the byte, and keeps stored entries', async () => {
    const builder = new TreeBuilder({ author: self })
    for (let count = 0; count < 5; count++) builder.add([builder.entries.at(-1)!], { author: self })
    const all = builder.entries
    const { store, append, database } = await open({ treeBytes: bytesOf(all) - 1 })
    await append(all.slice(0, 4))
    await assert.rejects(append(all.slice(4)), full({ tree: all[0]!.id, maxBytes: bytesOf(all) - 1 }))
    assert.equal(store.tree(all[0]!.id)!.count, 4)
    // A part of the page fits.
    await append(all.slice(4, 5))
    await assert.rejects(append(all.slice(5)), full({}))
    const { append: later, store: larger } = await open({ treeBytes: bytesOf(all) }, database)
    await later(all)
    assert.equal(larger.tree(all[0]!.id)!.count, all.length)
  })

  it('bounds all trees together, and creates no tree that does not fit', async () => {
    const [one, two] = ['one', 'two'].map((seed) => new TreeBuilder({ seed, author: self }).entries)
    const { store, append } = await open({ nodeBytes: bytesOf([...one!, ...two!]) - 1 })
    await append(one!)
    await assert.rejects(append(two!), full({}))
    assert.equal(store.tree(two![0]!.id), undefined)
    assert.equal(store.trees().length, 1)
  })

  it('bounds each author except this node, across restarts too', async () => {
    const builder = new TreeBuilder({ author: self })
    const [a1, a2, b1, own] = [anna, anna, ben, self].map((author, index) =>
      builder.add([builder.root], { author, payload: `entry ${index}` }),
    ) as [VerifiedEntry, VerifiedEntry, VerifiedEntry, VerifiedEntry]
    const authorBytes = bytesOf([a1])
    const { append, database } = await open({ authorBytes })
    await append([builder.root])
    await append([a1, b1, own])
    await assert.rejects(append([a2]), full({ author: anna.peer }))
    await append([a1])
    const again = await open({ authorBytes }, database)
    await assert.rejects(again.append([a2]), full({ author: anna.peer }))
    // Another tree has its own account.
    const other = new TreeBuilder({ seed: 'other', author: self })
    await again.append([other.root, other.add([other.root], { author: anna, payload: 'entry 0' })])
  })

  it('counts authors past a bound in one account', async () => {
    const bound = limits.quotaAuthors
    // Strangers get half of the accounts; one is that of all strangers in the tree.
    Object.assign(limits, { quotaAuthors: 6 })
    try {
      const builder = new TreeBuilder({ author: self })
      const entries = Array.from({ length: 8 }, (_, index) =>
        builder.add([builder.root], { author: testIdentity(10 + index), payload: 'same' }),
      )
      const { append } = await open({ authorBytes: 3 * bytesOf(entries.slice(0, 1)) })
      await append([builder.root, ...entries.slice(0, 5)])
      await assert.rejects(append(entries.slice(5)), full({ author: 'further strangers' }))
    } finally {
      Object.assign(limits, { quotaAuthors: bound })
    }
  })

  it('keeps the account that was written if another tree takes the last place meanwhile', async () => {
    const bound = limits.quotaAuthors
    Object.assign(limits, { quotaAuthors: 4 })
    try {
      const [a, b] = [new TreeBuilder({ author: self }), new TreeBuilder({ author: self, seed: 'other' })]
      const byAnna = a.add([a.root], { author: anna, payload: 'same' })
      const [first, second] = [1, 2].map((payload) => b.add([b.root], { author: ben, payload: `${payload}` }))
      const { append } = await open({ authorBytes: bytesOf([first!, second!]) - 1 })
      await Promise.all([append([a.root, byAnna]), append([b.root, first!])])
      await assert.rejects(append([second!]), full({ author: ben.peer }))
    } finally {
      Object.assign(limits, { quotaAuthors: bound })
    }
  })

  it('refuses pages from peers and commits of this node alike', async () => {
    const builder = new TreeBuilder({ author: anna })
    const entries = [builder.root, builder.add(), builder.add()]
    const { store } = await open({ treeBytes: 300 })
    await assert.rejects(new Ingest(store).page(builder.root.id, signedOf(entries)), full({}))
    await using node = await createNode({ quota: { treeBytes: 1000 } })
    const tree = await node.createTree('small')
    const commit = (size: number) =>
      node.commit(tree, [{ store: 'log', kind: '', payload: new Uint8Array(size) }])
    await commit(100)
    await assert.rejects(commit(1000), full({ tree }))
    await commit(100)
  })

  it('reports a refusal over the wire to the caller', async () => {
    await using serving = await ServingNode.start(undefined, { quota: { authorBytes: 1000 } })
    const builder = new TreeBuilder()
    const { sync, trees } = await serving.dial()
    await trees.submitEntries({ tree: idToBytes(builder.root.id), entries: [builder.root.signed] })
    const big = builder.add([builder.root], { payload: new Uint8Array(2000) })
    const request = { tree: idToBytes(builder.root.id), entries: [big.signed] }
    const { retryAfterMs, message } = await fails(
      sync.sendEntries(request),
      'RESOURCE_EXHAUSTED',
      'ResourceExhausted',
    )
    assert.equal(retryAfterMs, limits.quotaRetryMs)
    assert.match(message, /--max-author/)
  })
})
