/** A tree as people see it, also where its root is lost: it is listed as damaged, and hides no other tree. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import * as layout from '../../src/store/database/layout.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { treeDetails } from '../../src/store/details.ts'
import { DagStore } from '../../src/store/store.ts'
import { shapes } from '../kit/entries.ts'
import { fill } from '../kit/peers.ts'

const entries = shapes.linear(5, { seed: 'details' })
const tree = entries[0]!.id

describe('the details of a tree', () => {
  it('say that a tree is damaged whose root is lost after its policy was read', async () => {
    const db = await openMemory()
    await fill(await DagStore.open(db), entries)
    const store = await DagStore.open(db)
    assert.equal((await treeDetails(store, tree))?.damage, '')
    await db.del(layout.indexKey(tree))
    const details = (await treeDetails(store, tree))!
    assert.match(details.damage, /root/)
    assert.deepEqual([details.name, details.publicAccess], ['', PublicAccess.NONE])
    assert.equal(await treeDetails(store, '00'.repeat(32) as typeof tree), undefined)
    await store.close()
  })
})
