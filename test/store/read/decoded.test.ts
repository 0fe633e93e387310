/** Entries as programs read them: decoded, by id, or those of some stores. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode } from '../../../src/node/node.ts'
import { findEntry, type ReadEntriesOptions, readEntries } from '../../../src/store/read/decoded.ts'

const change = (store: string, text: string) => ({ store, kind: '', payload: Buffer.from(text) })

describe('Entries that are read', async () => {
  const node = await createNode()
  const tree = await node.createTree('notes', PublicAccess.READ)
  for (const [store, text] of [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ] as const)
    await node.commit(tree, [change(store, text)])
  const read = async (options?: ReadEntriesOptions) => {
    const texts: string[] = []
    for await (const { body } of readEntries(node.store, tree, options))
      texts.push(
        body.changes
          .map(({ store, payload }) => (store === '_policy' ? store : Buffer.from(payload).toString()))
          .join(),
      )
    return texts
  }

  it('are all, of some stores, or the newest first', async () => {
    assert.deepEqual(await read(), ['_policy', '1', '2', '3'])
    assert.deepEqual(await read({ stores: ['a'] }), ['1', '3'])
    assert.deepEqual(await read({ stores: ['a', 'b'], newestFirst: true }), ['3', '2', '1'])
    assert.deepEqual(await read({ stores: ['none'] }), [])
  })

  it('end with the signal, and are not those of an unknown tree', async () => {
    await assert.rejects(read({ signal: AbortSignal.abort() }), { code: 'CANCELLED' })
    const unknown = readEntries(node.store, 'ab'.repeat(32) as typeof tree)
    await assert.rejects(unknown.next(), { code: 'UNKNOWN_TREE' })
  })

  it('are found by their ids', async () => {
    const { id } = await node.commit(tree, [change('a', '4')])
    const found = await findEntry(node.store, id)
    assert.deepEqual(
      [found?.id, found?.tree, found?.isVoid, found?.body.author],
      [id, tree, false, node.peer],
    )
    assert.equal(await findEntry(node.store, 'ab'.repeat(32) as typeof id), undefined)
    await node.close()
  })

  it('of a repair or a link that is cancelled, no more are read', async () => {
    await using other = await createNode()
    const mine = await other.createTree('notes')
    const repairing = other.repair(mine, { signal: AbortSignal.abort() })
    await assert.rejects(repairing.next(), { code: 'CANCELLED' })
    const ticket = 'http://127.0.0.1:1'
    await assert.rejects(other.addPeer(undefined, { addresses: [ticket] }, AbortSignal.abort()), {
      code: 'CANCELLED',
    })
  })
})
