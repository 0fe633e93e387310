/** What texts do, on whatever node they lie: they are edited, followed, read and listed. Every `StoreCalls` with texts runs it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type * as Y from 'yjs'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { limited } from '../../kit/limited.ts'
import { until } from '../../kit/until.ts'
import type { CheckedStores } from '../api/contract.ts'

const textOf = (doc: Y.Doc) => doc.getText('text')

export function textsContract(name: string, start: () => Promise<CheckedStores>): void {
  describe(name, () => {
    it('are edited by two, who see what the other types', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      await using left = await stores.text(tree, 'notes', 'body')
      await using right = await stores.text(tree, 'notes', 'body')
      for (const text of [left, right]) text.on('problem', (error) => assert.fail(String(error)))
      for (const text of [left, right]) text.on('reset', () => assert.fail('It needs no new document.'))
      textOf(left.doc).insert(0, 'Hello world')
      const at = await left.flush()
      assert.equal(at.length, 1)
      assert.equal(await stores.readText(tree, 'notes', 'body', { at }), 'Hello world')
      await until('the first edit is there', () => right.toString() === 'Hello world')
      textOf(right.doc).insert(5, ' big')
      textOf(left.doc).delete(0, 1)
      textOf(left.doc).insert(0, 'J')
      await Promise.all([left.flush(), right.flush()])
      const whole = 'Jello big world'
      await until('both have all', () => left.toString() === whole && right.toString() === whole)
      assert.deepEqual(await left.flush(), [], 'nothing is left')
      assert.equal((await stores.open(tree, 'notes').get('body'))?.value, whole)
    })

    it('are undefined for a key that has none, and begin empty', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      assert.equal(await stores.readText(tree, 'notes', 'none'), undefined)
      await using text = await stores.text(tree, 'notes', 'none')
      assert.equal(text.toString(), '')
    })

    it('have their last edits written when they are closed', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const text = await stores.text(tree, 'notes', 'body')
      textOf(text.doc).insert(0, 'one')
      const [id] = await text.close()
      assert.equal(await stores.readText(tree, 'notes', 'body', { at: [id!] }), 'one')
      textOf(text.doc).insert(0, 'lost')
      assert.deepEqual(await text.close(), [id], 'it is closed')
      assert.equal(await stores.readText(tree, 'notes', 'body'), 'one')
    })

    it('take long edits in parts, and come in pieces', async () => {
      using _ = limited({ textPieceBytes: 1_000 })
      await using checked = await start()
      const { stores, tree } = checked
      const text = await stores.text(tree, 'notes', 'body')
      const long = `x${'☃'.repeat(30_000)}${'🌍'.repeat(30_000)}`
      textOf(text.doc).insert(0, long)
      const at = await text.flush()
      assert.ok(at.length >= 4, `${at.length}`)
      assert.equal(await stores.readText(tree, 'notes', 'body', { at }), long)
      textOf(text.doc).insertEmbed(0, { large: 'x'.repeat(limits.textUpdateBytes) })
      await assert.rejects(text.close(), { code: 'LIMIT_EXCEEDED' })
    })

    it('drop what is no edit of theirs, and go on with a new document', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      await using text = await stores.text(tree, 'notes', 'body')
      textOf(text.doc).insert(0, 'kept')
      await text.flush()
      const former = text.doc
      former.getMap('other').set('a', 1)
      const reset = new Promise<Y.Doc>((resolve) => text.once('reset', resolve))
      await assert.rejects(text.flush(), { code: 'INVALID_ARGUMENT' })
      assert.notEqual(await reset, former)
      textOf(text.doc).insert(4, ' on')
      const at = await text.flush()
      assert.equal(await stores.readText(tree, 'notes', 'body', { at }), 'kept on')
    })

    it('say what is wrong with an argument', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const long = 'k'.repeat(limits.stateKeyBytes + 1)
      const missing = 'ab'.repeat(32) as TreeId
      const calls: readonly [code: string, tree: TreeId, key: string][] = [
        ['INVALID_ARGUMENT', tree, ''],
        ['LIMIT_EXCEEDED', tree, long],
        ['UNKNOWN_TREE', missing, 'body'],
      ]
      for (const [code, of, key] of calls) {
        await assert.rejects(stores.text(of, 'notes', key), { code })
        await assert.rejects(stores.readText(of, 'notes', key), { code })
      }
    })
  })
}
