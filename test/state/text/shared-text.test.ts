/** Texts that are open for editing: on one node, on two over sockets, and what becomes of a document that must change. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type * as Y from 'yjs'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { grant, policyChange, revoke, write } from '../../kit/policy.ts'
import { Editor, openTextStore, textChange, textKey } from '../../kit/texts.ts'
import { until } from '../../kit/until.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [alice, bob] = [testIdentity(1), testIdentity(2)]
const textOf = (doc: Y.Doc) => doc.getText('text')
const countOf = (node: Node, tree: TreeId) => node.store.tree(tree)!.count

describe('a text that is open', () => {
  it('is edited by two, each at a node of its own, linked by sockets', async () => {
    const http = { host: '127.0.0.1', port: 0 }
    await using a = await createNode({ http })
    await using b = await createNode({ http })
    await a.listen()
    const tree = await a.createTree('shared', PublicAccess.WRITE)
    await b.link(a.createTicket(tree))
    await until('the tree is at both', () => b.store.tree(tree) !== undefined)
    await using left = await a.stores.text(tree, 'notes', 'body')
    await using right = await b.stores.text(tree, 'notes', 'body')
    textOf(left.doc).insert(0, 'Hello world')
    await left.flush()
    await until('the first edit is there', () => right.toString() === 'Hello world')
    textOf(right.doc).insert(5, ' big')
    textOf(left.doc).delete(0, 1)
    textOf(left.doc).insert(0, 'J')
    await Promise.all([left.flush(), right.flush()])
    await until('both have all', () => left.toString() === 'Jello big world')
    await until('both have all', () => right.toString() === 'Jello big world')
    assert.equal(await b.stores.readText(tree, 'notes', 'body'), 'Jello big world')
    const shown = await a.stores.open(tree, 'notes').get('body')
    assert.equal(shown?.value, 'Jello big world')
    assert.equal(shown.type, 'text/plain')
  })

  it('writes what was edited when the node closes, and reads its own writes by their tokens', async () => {
    const node = await createNode()
    const tree = await node.createTree('t')
    const text = await node.stores.text(tree, 'notes', 'body')
    textOf(text.doc).insert(0, 'one')
    const at = await text.flush()
    assert.equal(at.length, 1)
    assert.deepEqual(await text.flush(), [], 'nothing is left')
    assert.equal(await node.stores.readText(tree, 'notes', 'body', { at }), 'one')
    textOf(text.doc).insert(3, ' two')
    const count = countOf(node, tree)
    let after = 0
    node.on('entries', () => {
      after = countOf(node, tree)
    })
    await node.close()
    assert.equal(after, count + 1)
  })

  it('writes edits after some silence, or some time after the first of them', async () => {
    const clock = new VirtualClock()
    await using node = await createNode({ clock, background: false })
    const tree = await node.createTree('t')
    const opening = node.stores.text(tree, 'notes', 'body')
    const text = (await clock.runUntil(opening))!
    const before = countOf(node, tree)
    const entries = () => countOf(node, tree) - before
    textOf(text.doc).insert(0, 'a')
    await clock.advance(limits.textQuietMs - 1)
    textOf(text.doc).insert(0, 'b')
    await clock.advance(limits.textQuietMs - 1)
    assert.equal(entries(), 0)
    await clock.advance(1)
    await until('the edits are written', () => entries() === 1)
    // Somebody types without a pause.
    const step = limits.textQuietMs / 2
    for (let ms = 0; ms < limits.textDelayMs; ms += step) {
      assert.equal(entries(), 1)
      textOf(text.doc).insert(0, 'c')
      await clock.advance(ms + step < limits.textDelayMs ? step : step - 1)
    }
    assert.equal(entries(), 1)
    await clock.advance(1)
    await until('the long run is written', () => entries() === 2)
    textOf(text.doc).insert(0, 'd')
    await clock.runUntil(text.close())
    assert.equal(entries(), 3)
    textOf(text.doc).insert(0, 'e')
    await clock.advance(limits.textDelayMs)
    assert.equal(entries(), 3, 'it is closed')
  })

  it('writes a long edit in parts, none of which is too large', async () => {
    await using node = await createNode()
    const tree = await node.createTree('t')
    await using text = await node.stores.text(tree, 'notes', 'body')
    // Every character takes 3 bytes, or 4 and two units, so that parts end within a pair.
    const long = `x${'☃'.repeat(30_000)}${'🌍'.repeat(30_000)}`
    textOf(text.doc).insert(0, long)
    const at = await text.flush()
    assert.ok(at.length >= 4, `${at.length}`)
    assert.equal(await node.stores.readText(tree, 'notes', 'body'), long)
    const other = await node.stores.text(tree, 'notes', 'other')
    await assert.rejects(
      async () => {
        textOf(other.doc).insertEmbed(0, { large: 'x'.repeat(limits.textUpdateBytes) })
        await other.flush()
      },
      { code: 'LIMIT_EXCEEDED' },
    )
    await assert.rejects(other.close(), { code: 'LIMIT_EXCEEDED' })
  })

  it('drops what is no edit of its text, and goes on with a new document', async () => {
    await using node = await createNode()
    const tree = await node.createTree('t')
    await using text = await node.stores.text(tree, 'notes', 'body')
    textOf(text.doc).insert(0, 'kept')
    await text.flush()
    const former = text.doc
    former.getMap('other').set('a', 1)
    const reset = new Promise<void>((resolve) => text.once('reset', () => resolve()))
    await assert.rejects(text.flush(), { code: 'INVALID_ARGUMENT' })
    await reset
    assert.notEqual(text.doc, former)
    textOf(text.doc).insert(4, ' on')
    await text.flush()
    assert.equal(await node.stores.readText(tree, 'notes', 'body'), 'kept on')
  })

  it('keeps edits that cannot be written, and says why', async () => {
    await using a = await createNode({ http: { host: '127.0.0.1', port: 0 } })
    await using b = await createNode()
    await a.listen()
    const tree = await a.createTree('read', PublicAccess.READ)
    await b.sync(undefined, a.createTicket(tree))
    const text = await b.stores.text(tree, 'notes', 'body')
    textOf(text.doc).insert(0, 'mine')
    await assert.rejects(text.flush(), { code: 'FORBIDDEN' })
    await a.setPublicAccess(tree, PublicAccess.WRITE)
    await b.sync(tree, a.addresses()[0]!)
    await text.close()
    assert.equal(await b.stores.readText(tree, 'notes', 'body'), 'mine')
  })

  it('goes on when the view of its tree is counted anew', async () => {
    const tree = new TreeBuilder()
    const a = new Editor(alice)
    for (let count = 0; count < 5; count++)
      tree.add([tree.last], { author: alice, changes: a.changes((text) => text.insert(count, `${count}`)) })
    await using store = await openTextStore(tree.entries)
    await using text = await store.texts.open(tree.root.id, textKey)
    text.on('problem', (error) => assert.fail(String(error)))
    assert.equal(text.toString(), '01234')
    let resets = 0
    text.on('reset', () => resets++)
    await store.views.rebuild(tree.root.id)
    // It may pause before it reads all of the text again, on a timer that keeps no process alive.
    await until('the text is counted anew', () => resets === 1)
    assert.equal(text.toString(), '01234')
    const added = tree.add([tree.last], {
      author: alice,
      changes: a.changes((other) => other.insert(5, '5')),
    })
    await store.add([added])
    await until('the next edit is there', () => text.toString() === '012345')
  })

  it('gets a new document when entries become void, or clash', async () => {
    const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE })
    tree.add([tree.root], { changes: policyChange([grant(alice, write), grant(bob, write)]) })
    const granted = tree.last
    const [a, b] = [new Editor(alice), new Editor(bob)]
    const typed = a.edit((text) => text.insert(0, 'abc'))
    const one = tree.add([granted], { author: alice, changes: [textChange(a.session, typed)] })
    const two = tree.add([one], { author: alice, changes: a.changes((text) => text.delete(0, 2)) })
    const three = tree.add([two], {
      author: bob,
      changes: b.take(typed).changes((text) => text.insert(3, '!')),
    })
    await using store = await openTextStore(tree.entries)
    await using text = await store.texts.open(tree.root.id, textKey)
    let resets = 0
    text.on('reset', () => resets++)
    assert.equal(text.toString(), 'c!')
    await store.add([tree.add([three, one], { changes: policyChange([revoke(alice, one)]) })])
    await store.read(tree.root.id)
    await until('the deletion is undone', () => text.toString() === 'abc!')
    assert.equal(resets, 1)
    const clash = new Editor(bob).edit((other) => other.insert(0, '?'))
    await store.add([tree.add([granted], { author: bob, changes: [textChange(b.session, clash)] })])
    await store.read(tree.root.id)
    await until('the earlier one counts', () => /^(\?abc|abc\?)$/.test(text.toString()))
    assert.equal(resets, 2)
  })
})
