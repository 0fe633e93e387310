/**
 * A link that begins to push has its mark on the disk with that very change, whatever is being written beside it: a node
 * that is killed afterwards still knows that the peer may lack entries.
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

/** A node that takes a tree from a peer, which is away, and gives it nothing; no mark is left. */
async function taking() {
  const node = await new Lab().node(built.root)
  await node.link(tree, peer, { push: false })
  await node.outbox.settle(tree, peer, 1)
  await node.clock.advance(limits.outboxSettleMs)
  assert.equal((await onDisk(node.db)).mark, undefined)
  return node
}

/** The link and its mark as a process that opens the database now finds them. */
async function onDisk(db: Database) {
  const links = await Links.open(db)
  const outbox = await Outbox.open(db, await DagStore.open(db), links, new VirtualClock())
  return { link: links.get(tree, peer), mark: outbox.mark(tree, peer) }
}

/** Holds the next batch up: `reached` resolves when it is about to be written, `release` lets it be. */
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

/** The parts of the store that each batch from now on writes to, such as `!links!`. */
function recordBatches(db: Database): string[][] {
  const batches: string[][] = []
  const batch = db.batch.bind(db) as (...args: unknown[]) => unknown
  const recorded = (...args: [{ sublevel?: { prefix: string } }[]]) => {
    batches.push(args[0].map(({ sublevel }) => sublevel?.prefix ?? ''))
    return batch(...args)
  }
  Object.assign(db, { batch: recorded })
  return batches
}

describe('A link that begins to push', () => {
  it('while a page is being written has its mark on the disk', async () => {
    await using node = await taking()
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

  it('has its mark on the disk without a page, too', async () => {
    await using node = await taking()
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
