/** A text as others see it who have no Yjs: the value of a key without one of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { StateReader } from '../../../src/state/reads.ts'
import { Texts } from '../../../src/state/text/texts.ts'
import { loadYjs } from '../../../src/state/text/yjs.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { policyChange, revoke } from '../../kit/policy.ts'
import { Editor, openTextStore, textKey } from '../../kit/texts.ts'

describe('a text that is got', () => {
  it('is the value of its key, in text/plain, unless something was put', async () => {
    await using node = await createNode()
    const tree = await node.createTree('t')
    await using text = await node.stores.text(tree, textKey.store, textKey.key)
    text.doc.getText('text').insert(0, 'Grüße')
    const [first] = await text.flush()
    const client = createClient(StoreService, node.rpc())
    const get = async () => {
      const { items } = await client.get({
        tree: idToBytes(tree),
        keys: [textKey, { store: 'notes', key: 'no' }],
      })
      assert.equal(items[1]!.value, undefined)
      return items[0]!
    }
    const { value, conflictCount } = await get()
    assert.deepEqual(Buffer.from(value!.entry), Buffer.from(idToBytes(first!)))
    assert.deepEqual(
      [value!.type, Buffer.from(value!.value).toString(), conflictCount],
      ['text/plain', 'Grüße', 0],
    )
    const notes = node.stores.open(tree, textKey.store)
    await notes.put(textKey.key, 'put')
    assert.equal((await notes.get(textKey.key))!.value, 'put')
    text.doc.getText('text').insert(5, '!')
    await text.flush()
    assert.equal((await notes.get(textKey.key))!.value, 'put')
    await notes.delete(textKey.key)
    assert.equal((await notes.get(textKey.key))!.value, 'Grüße!')
  })

  it('is absent if all of its updates are void', async () => {
    const alice = testIdentity(1)
    const tree = new TreeBuilder()
    const changes = new Editor(alice).changes((text) => text.insert(0, 'a'))
    const one = tree.add([tree.root], { author: alice, changes })
    await using store = await openTextStore(tree.entries)
    const show = async () => {
      await store.views.count(tree.root.id)
      const items = await new StateReader(store.views).get(tree.root.id, [textKey])
      return (await store.texts.show(tree.root.id, items))[0]!.version
    }
    assert.equal((await show())!.id, one.id)
    await store.add([tree.add([one], { changes: policyChange([revoke(alice)]) })])
    assert.equal(await show(), undefined)
  })

  it('says what to install where Yjs is missing, and only for a key that has a text', async () => {
    const tree = new TreeBuilder()
    tree.add([tree.root], { changes: new Editor(testIdentity(0)).changes((text) => text.insert(0, 'a')) })
    await using store = await openTextStore(tree.entries)
    await store.views.count(tree.root.id)
    const missing = () => loadYjs(() => Promise.reject(new Error('Cannot find package')))
    const parts = { writer: undefined as never, clock: systemClock, author: testIdentity(0).peer }
    const texts = new Texts(store.views, parts, missing)
    const absent = { version: undefined, conflicts: [], conflictCount: 0 }
    const other = { store: 'notes', key: 'other', ...absent }
    assert.deepEqual(await texts.show(tree.root.id, [other]), [other])
    await assert.rejects(texts.show(tree.root.id, [{ ...textKey, ...absent, isText: true }]), {
      code: 'UNIMPLEMENTED',
    })
  })

  it('is no larger than a value, and not made of more than some bytes', async () => {
    await using node = await createNode()
    const tree = await node.createTree('t')
    await using text = await node.stores.text(tree, textKey.store, textKey.key)
    const notes = node.stores.open(tree, textKey.store)
    const content = text.doc.getText('text')
    content.insert(0, 'x'.repeat(limits.stateValueBytes))
    await text.flush()
    assert.equal((await notes.get(textKey.key))!.value, content.toString())
    content.insert(0, 'y')
    await text.flush()
    await assert.rejects(notes.get(textKey.key), { code: 'LIMIT_EXCEEDED' })
    assert.equal(await node.stores.readText(tree, textKey.store, textKey.key), content.toString())
    content.delete(0, 65_000)
    await text.flush()
    assert.equal((await notes.get(textKey.key))!.value, content.toString())
    // Short as it is now, all that was ever inserted is read.
    using _ = limited({ textShownBytes: limits.stateValueBytes - 1 })
    await assert.rejects(notes.get(textKey.key), { code: 'LIMIT_EXCEEDED' })
    assert.ok((await node.stores.readText(tree, textKey.store, textKey.key))!.length < 1_000)
  })

  it('is refused beside others if all of them together are too much for one call', async () => {
    await using node = await createNode()
    const tree = await node.createTree('t')
    await using text = await node.stores.text(tree, textKey.store, textKey.key)
    text.doc.getText('text').insert(0, 'x'.repeat(1_000))
    await text.flush()
    using _ = limited({ textShownBytes: 2_500 })
    const client = createClient(StoreService, node.rpc())
    const get = (count: number) =>
      client.get({ tree: idToBytes(tree), keys: Array.from({ length: count }, () => textKey) })
    assert.equal((await get(2)).items[1]!.value!.value.length, 1_000)
    await assert.rejects(get(3), /more than 2500 bytes together: get fewer of them at once/)
  })
})
