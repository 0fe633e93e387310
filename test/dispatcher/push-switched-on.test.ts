/**
 * When a link starts to push, its mark is on disk with the same change, whatever else is being written. A node that is
 * killed afterwards still knows that the peer may lack entries.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { Outbox } from '../../src/dispatcher/outbox.ts'
import { Links } from '../../src/peer/links.ts'
import type { Database } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'
import { Lab } from './lab.ts'

const { peer } = testIdentity(9)
const built = new TreeBuilder()
const [first] = built.chain(built.root, 1)
const tree = built.root.id

/** Returns a node with a pull-only link to a peer that is away. The link has no mark. */
async function pullOnly() {
  const node = await new Lab().node(built.root)
  await node.link(tree, peer, { push: false })
  await node.outbox.settle(tree, peer, 1)
  await node.clock.advance(limits.outboxSettleMs)
  assert.equal((await onDisk(node.db)).mark, undefined)
  return node
}

/** Returns the link and the mark that a new process would find. */
async function onDisk(db: Database) {
  const links = await Links.open(db)
  const outbox = await Outbox.open(db, await DagStore.open(db), links, new VirtualClock())
  return { link: links.get(tree, peer), mark: outbox.mark(tree, peer) }
}

/** Holds up the next batch: `reached` resolves when it is about to be written, `release` lets it go on. */
function holdNextBatch(db: Database) {
  const batch = db.batch.bind(db) as (...args: unknown[]) => Promise<void>
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const reached = new Promise<void>((resolve) => {
    Object.assign(db, {
      batch: async (...args: unknown[]) => {
        Object.assign(db, { batch })
        resolve()
        await released
        return batch(...args)
      },
    })
  })
  return { reached, release }
}

/** Records which parts of the store each later batch writes to, such as `!links!`. */
function recordBatches(db: Database): string[][] {
  const batches: string[][] = []
  const batch = db.batch.bind(db) as (...args: unknown[]) => unknown
  const recorded = (...args: [{ key: Buffer }[]]) => {
    batches.push(args[0].map(({ key }) => /^![a-z-]+!/.exec(String(key))?.[0] ?? ''))
    return batch(...args)
  }
  Object.assign(db, { batch: recorded })
  return batches
}

describe('a link that starts to push', () => {
  it('while a page is being written has its mark on disk', async () => {
    await using node = await pullOnly()
    const held = holdNextBatch(node.db)
    const appending = node.store.append(tree, [first!])
    await held.reached
    const linking = node.link(tree, peer, { push: true })
    await node.clock.settle()
    held.release()
    await Promise.all([appending, linking])
    const { link, mark } = await onDisk(node.db)
    assert.equal(link?.settings.push, true)
    assert.deepEqual(mark, node.outbox.mark(tree, peer))
    assert.equal(mark?.from, 0)
  })

  it('has its mark on disk even without a page', async () => {
    await using node = await pullOnly()
    await node.link(tree, peer, { push: true })
    assert.equal((await onDisk(node.db)).mark?.from, 0)
  })

  it('gets the mark in the batch that makes or changes the link', async () => {
    await using node = await new Lab().node(built.root)
    const batches = recordBatches(node.db)
    await node.link(tree, peer, { push: false })
    await node.outbox.settle(tree, peer, 1)
    await node.link(tree, peer, { push: true })
    const linking = batches.filter((parts) => parts.includes('!links!'))
    assert.equal(linking.length, 2)
    for (const parts of linking) assert.ok(parts.includes('!outbox!'), `${parts}`)
  })
})
