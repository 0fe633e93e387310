/** A view whose rows are damaged, or whose batch fails, still comes to what the definition says. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { put } from '../../conformance/vectors/state-case.ts'
import { systemClock } from '../../src/base/clock.ts'
import { StateReader } from '../../src/state/reads.ts'
import { keyBytes, keyRow } from '../../src/state/rows.ts'
import { Views } from '../../src/state/view.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { interceptWrites } from '../kit/database.ts'
import { TreeBuilder } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { tempFolder } from '../kit/peers.ts'
import { expectDefined } from '../kit/state-shown.ts'

async function open(folder: string) {
  const store = await DagStore.open(await openFolder(folder))
  return { store, views: await Views.open(store, systemClock), [Symbol.asyncDispose]: () => store.close() }
}

describe('a view', () => {
  for (const [how, statePageChanges] of [
    ['in its own batch', 100],
    ['behind the DAG', 0],
  ] as const) {
    it(`finds a key anew whose row is damaged, when a page is counted ${how}`, async () => {
      using _ = limited({ statePageChanges })
      await using folder = await tempFolder()
      const tree = new TreeBuilder()
      const keys = ['a', 'b', 'c'].map((key) => ({ store: 'notes', key }))
      {
        await using node = await open(folder.path)
        for (const { key } of keys) tree.add(undefined, { changes: [put(key, '1')] })
        await node.store.append(tree.root.id, tree.entries)
        await node.views.count(tree.root.id)
        const number = node.store.treeNumber(tree.root.id)
        for (const key of keys.slice(0, 2))
          await node.store.db.put(keyRow(number, keyBytes(key)), Buffer.from('damaged'))
      }
      await using node = await open(folder.path)
      const { store, views } = node
      const reader = new StateReader(views)
      await assert.rejects(reader.get(tree.root.id, [keys[0]!]), { code: 'STORE_CORRUPT' })
      const page = keys.map(({ key }) => tree.add(undefined, { changes: [put(key, '2')] }))
      await store.append(tree.root.id, page)
      await expectDefined(views, tree.root.id, tree.entries, how)
      const items = await reader.get(tree.root.id, keys)
      assert.deepEqual(
        items.map(({ conflictCount }) => conflictCount),
        [1, 1, 1],
      )
    })

    it(`counts once what a failed batch has stored all the same, when a page is counted ${how}`, async () => {
      using _ = limited({ statePageChanges })
      await using folder = await tempFolder()
      await using node = await open(folder.path)
      const { store, views } = node
      const tree = new TreeBuilder()
      await store.append(tree.root.id, [tree.root])
      for (let turn = 0; turn < 3; turn++) {
        tree.add(undefined, { changes: [put('a', `${turn}`)] })
        const stop = interceptWrites(store, async (write) => {
          await write()
          throw new Error('No answer.')
        })
        // The page fails, or what counts it.
        await store.append(tree.root.id, [tree.last]).catch(() => {})
        await views.count(tree.root.id).catch(() => {})
        stop()
        tree.add(undefined, { changes: [put('a', `${turn} again`)] })
        await store.append(tree.root.id, [tree.entries.at(-2)!, tree.last])
      }
      await expectDefined(views, tree.root.id, tree.entries, how)
    })
  }
})
