/** What a page looks up in the index: an entry is looked up only if it may be stored. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMemory } from '../../../src/store/database/open.ts'
import { DagStore } from '../../../src/store/store.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import { fill } from '../../kit/peers.ts'

/** Counts the keys that are read one by one from now on. */
function reads({ db }: DagStore): { count: number } {
  const counted = { count: 0 }
  const getMany = db.getMany.bind(db)
  Object.assign(db, {
    getMany: (...args: Parameters<typeof getMany>) => {
      counted.count += args[0].length
      return getMany(...args)
    },
  })
  return counted
}

describe('new entries', () => {
  const builder = new TreeBuilder({ seed: 'reach' })
  const { root } = builder
  const low = builder.add([root])
  const high = builder.add([low])
  const [beside, higher, lower] = [builder.add([low]), builder.add([high]), builder.add([root])]

  it('are known to be new without a read, above the tree and at its greatest height', async () => {
    const store = await DagStore.open(await openMemory())
    await fill(store, [root, low, high])
    const counted = reads(store)
    assert.deepEqual(await store.unknown(root.id, [beside, higher]), [beside, higher])
    assert.equal(counted.count, 0)
    const { added } = await store.append(root.id, [beside, higher])
    assert.deepEqual(added, [beside, higher])
    assert.equal(counted.count, 0)
    assert.deepEqual(await store.unknown(root.id, [lower]), [lower])
    assert.equal(counted.count, 1)
    await store.close()
  })

  it('are distinguished from stored ones, wherever these are in the tree', async () => {
    const store = await DagStore.open(await openMemory())
    await fill(store, [root, low, high, beside])
    assert.deepEqual(await store.unknown(root.id, [root, low, high, beside, higher, lower]), [higher, lower])
    const { added, known } = await store.append(root.id, [low, high, beside, lower])
    assert.deepEqual([added, known], [[lower], 3])
    assert.deepEqual(await store.unknown(root.id, [lower]), [])
    await store.close()
  })
})
