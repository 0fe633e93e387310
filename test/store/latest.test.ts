/** The latest arrivals in memory are exactly those that the disk would return, within their bounds, or none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { Latest } from '../../src/store/latest.ts'
import { DagStore } from '../../src/store/store.ts'
import { serveWatch } from '../../src/sync/answer/watch.ts'
import { TreeBuilder } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const built = new TreeBuilder()
built.chain(built.root, 2 * limits.inlineEntries)
const { entries, root } = built
const signed = (from: number, upTo: number) => entries.slice(from, upTo).map((entry) => entry.signed)

test('returns what came between two arrivals, and nothing if some of it is not in memory', () => {
  const latest = new Latest()
  latest.add(root.id, entries.slice(0, 3), 3)
  latest.add(root.id, entries.slice(3, 5), 5)
  assert.deepEqual(latest.between(root.id, 1, 4), signed(1, 4).map(copy))
  assert.equal(latest.between(root.id, 1, 6), undefined)
  // A gap: arrivals before it are dropped.
  latest.add(root.id, entries.slice(7, 9), 9)
  assert.equal(latest.between(root.id, 4, 9), undefined)
  assert.deepEqual(latest.between(root.id, 7, 9), signed(7, 9).map(copy))
  // More than one message carries.
  latest.add(root.id, entries.slice(9, 10 + limits.inlineEntries), 10 + limits.inlineEntries)
  assert.equal(latest.between(root.id, 8 + limits.inlineEntries, 10 + limits.inlineEntries), undefined)
  latest.add(root.id, entries.slice(0, 1), 1)
  latest.clear()
  assert.equal(latest.between(root.id, 0, 1), undefined)
})

test('keeps copies of as many entries of a tree as one message carries', () => {
  const latest = new Latest()
  for (const [index, entry] of entries.entries()) latest.add(root.id, [entry], index + 1)
  const { length } = entries
  let kept = 0
  while (latest.between(root.id, length - kept - 1, length) !== undefined) kept++
  const bytes = (count: number) =>
    signed(length - count, length).reduce((sum, { body }) => sum + body.length + 64, 0)
  assert.ok(kept > 0 && kept <= limits.inlineEntries && bytes(kept) <= limits.inlineBytes)
  assert.ok(kept === limits.inlineEntries || bytes(kept + 1) > limits.inlineBytes)
  const [last] = latest.between(root.id, length - 1, length)!
  assert.equal(last!.body.buffer.byteLength, entries.at(-1)!.signed.body.length)
})

test('keeps a bounded number of trees, those written to last', () => {
  const latest = new Latest()
  const trees = Array.from({ length: limits.latestTrees + 1 }, (_, seed) => new TreeBuilder({ seed }).root)
  for (const tree of trees) latest.add(tree.id, [tree], 1)
  assert.equal(latest.between(trees[0]!.id, 0, 1), undefined)
  for (const tree of trees.slice(1)) assert.equal(latest.between(tree.id, 0, 1)!.length, 1)
})

test('a watcher that keeps up is served without a read', async () => {
  const store = await DagStore.open(await openMemory())
  await store.append(root.id, [root])
  const stop = new AbortController()
  const from = { tree: root.id, cursor: 1, tipsDigest: '' }
  const watch = serveWatch(
    { store, clock: new VirtualClock(), mayRead: async () => true },
    [from],
    stop.signal,
  )
  await watch.next()
  await watch.next()
  const { db } = store
  const reads: string[] = []
  for (const name of ['get', 'getMany', 'iterator'] as const) {
    const read = db[name].bind(db) as (...args: unknown[]) => unknown
    const counted = (...args: unknown[]) => {
      reads.push(name)
      return read(...args)
    }
    Object.assign(db, { [name]: counted })
  }
  await store.append(root.id, entries.slice(1, 3))
  const { value } = await watch.next()
  assert.deepEqual(value!.entries, signed(1, 3).map(copy))
  assert.deepEqual(reads, [])
  stop.abort()
  await watch.return(undefined)
  await store.close()
})

function copy({ body, signature }: { body: Uint8Array; signature: Uint8Array }) {
  return { body: new Uint8Array(body), signature: new Uint8Array(signature) }
}
