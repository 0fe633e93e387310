/**
 * Texts on a remote node, over real sockets: what texts do anywhere, and beside that connections that are lost, rights that
 * are taken away, edits that would count for nothing, and a remote that lies.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type * as Y from 'yjs'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { connectStores } from '../../../src/node/dialling/connect-stores.ts'
import { createNode } from '../../../src/node/node.ts'
import { readTextFeed } from '../../../src/rpc/client/texts/text-feed.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { read, write } from '../../kit/policy.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { TcpProxy } from '../../kit/tcp-proxy.ts'
import { Editor, textKey } from '../../kit/texts.ts'
import { until } from '../../kit/until.ts'
import { textsContract } from '../../state/text/contract.ts'

const [alice, bob] = [testIdentity(1), testIdentity(2)]
const textOf = (doc: Y.Doc) => doc.getText('text')

/** Starts a node with a private tree that Alice and Bob may write to. */
async function serveTree() {
  const serving = await ServingNode.start()
  const { node } = serving
  const tree = await node.createTree('t')
  for (const { peer } of [alice, bob]) await node.grant(tree, peer, write)
  const address = node.addresses()[0]!
  return { serving, node, tree, address, [Symbol.asyncDispose]: () => serving[Symbol.asyncDispose]() }
}

textsContract('Texts on a remote node', async () => {
  const served = await serveTree()
  const stores = connectStores(served.address, alice)
  return {
    ...{ stores, tree: served.tree },
    async [Symbol.asyncDispose]() {
      await stores[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
})

describe('A text on a remote node', () => {
  it('is edited by two members with their own keys, and by the node itself', async () => {
    await using served = await serveTree()
    const { node, tree, address } = served
    await using ofAlice = connectStores(address, alice)
    await using ofBob = connectStores(address, bob)
    const texts = await Promise.all([ofAlice, ofBob, node.stores].map((each) => each.text(tree, 'n', 'k')))
    for (const [index, text] of texts.entries()) {
      textOf(text.doc).insert(0, `${index}`)
      await text.flush()
      await until('all have it', () => texts.every((each) => each.toString().length === index + 1))
    }
    assert.deepEqual([...new Set(texts.map(String))], ['210'])
    const authors = new Set<string>()
    for await (const { author } of node.stores.open(tree, 'n').history('k')) authors.add(author)
    assert.deepEqual(authors, new Set([alice.peer, bob.peer, node.peer]))
    for (const text of texts) await text.close()
  })

  it('goes on in the same document after its connection was lost, with what was edited meanwhile', async () => {
    using _ = limited({ watchRetryMs: 0 })
    await using served = await serveTree()
    const { node, tree } = served
    await using proxy = await TcpProxy.before(node)
    await using stores = connectStores(proxy.address, alice)
    await using text = await stores.text(tree, 'n', 'k')
    text.on('reset', () => assert.fail('It needs no new document.'))
    const problems: string[] = []
    text.on('problem', ({ code }) => problems.push(code))
    await using other = await node.stores.text(tree, 'n', 'k')
    textOf(text.doc).insert(0, 'before ')
    await text.flush()
    await until('it is told', () => other.toString() === 'before ')
    proxy.cut()
    textOf(other.doc).insert(7, 'there ')
    await other.flush()
    textOf(text.doc).insert(7, 'here ')
    await until('both have all', () => text.toString().includes('there') && other.toString().includes('here'))
    await until('they are the same', () => text.toString() === other.toString())
    assert.ok(problems.length > 0)
  })

  it('gets a new document when the entries of an author become void', async () => {
    await using served = await serveTree()
    const { node, tree, address } = served
    // An admin elsewhere, who revokes Bob without having seen what he typed.
    await using admin = await createNode()
    await node.grant(tree, admin.peer, Permission.ADMIN)
    await admin.sync(tree, address)
    await using ofAlice = connectStores(address, alice)
    await using ofBob = connectStores(address, bob)
    const typed = await ofBob.text(tree, 'n', 'k')
    textOf(typed.doc).insert(0, 'bad')
    await typed.close()
    await using text = await ofAlice.text(tree, 'n', 'k')
    assert.equal(text.toString(), 'bad')
    textOf(text.doc).insert(3, ' good')
    await text.flush()
    const reset = new Promise<Y.Doc>((resolve) => text.once('reset', resolve))
    await admin.revoke(tree, bob.peer)
    await admin.sync(tree, address)
    assert.equal(textOf(await reset).toString(), ' good')
    textOf(text.doc).insert(0, 'all')
    await text.flush()
    assert.equal(await node.stores.readText(tree, 'n', 'k'), 'all good')
  })

  it('is shown to readers, who cannot write it, and is followed no more once they may not read', async () => {
    await using served = await serveTree()
    const { node, tree, address } = served
    const reader = testIdentity(3)
    await node.grant(tree, reader.peer, read)
    await node.stores.open(tree, 'n').put('other', 1)
    await using stores = connectStores(address, reader)
    const text = await stores.text(tree, 'n', 'k')
    const problems: string[] = []
    text.on('problem', ({ code }) => problems.push(code))
    textOf(text.doc).insert(0, 'mine')
    await assert.rejects(text.flush(), { code: 'FORBIDDEN' })
    await node.revoke(tree, reader.peer)
    await until('it is told', () => problems.includes('UNKNOWN_TREE'))
    await assert.rejects(text.close())
    await using strange = connectStores(address, testIdentity(4))
    await assert.rejects(strange.text(tree, 'n', 'k'), { code: 'UNKNOWN_TREE' })
  })

  it('is refused if it would take too much to compose', async () => {
    await using served = await serveTree()
    const { node, tree, address } = served
    await using own = await node.stores.text(tree, 'n', 'k')
    textOf(own.doc).insert(0, 'x'.repeat(1_000))
    await own.flush()
    await using stores = connectStores(address, alice)
    using _ = limited({ textFollowedBytes: 999 })
    await assert.rejects(stores.text(tree, 'n', 'k'), { code: 'LIMIT_EXCEEDED' })
    await assert.rejects(stores.readText(tree, 'n', 'k'), { code: 'LIMIT_EXCEEDED' })
  })

  it('takes no edit that would count for nothing', async () => {
    await using served = await serveTree()
    const { serving, node, tree } = served
    const calls = (await serving.dial()).connection.client(StoreService)
    const editor = new Editor(alice)
    const update = editor.edit((text) => text.insert(0, 'a'))
    const request = (session: Uint8Array, edit: Uint8Array) => ({
      tree: idToBytes(tree),
      changes: [{ key: textKey, what: { case: 'edit' as const, value: { session, update: edit } } }],
    })
    const bad: readonly [session: Uint8Array, update: Uint8Array, code: string][] = [
      [new Uint8Array(16).fill(9), update, 'INVALID_ARGUMENT'],
      [editor.session, Uint8Array.of(1, 2, 3), 'INVALID_ARGUMENT'],
      [editor.session, new Uint8Array(0), 'INVALID_ARGUMENT'],
      [editor.session.subarray(1), update, 'INVALID_ARGUMENT'],
      [editor.session, new Uint8Array(limits.textUpdateBytes + 1), 'LIMIT_EXCEEDED'],
    ]
    const before = node.store.tree(tree)!.count
    for (const [session, edit, code] of bad) {
      const author = Buffer.from(alice.peer, 'hex')
      for (const call of [
        calls.write(request(session, edit)),
        calls.prepareWrite({ ...request(session, edit), author }),
      ])
        assert.equal((await failureOf(call)).code, code)
    }
    assert.equal(node.store.tree(tree)!.count, before)
    const { body } = await calls.prepareWrite({
      ...request(editor.session, update),
      author: Buffer.from(alice.peer, 'hex'),
    })
    assert.ok(body.length > 0)
  })

  it('is not taken from a remote that begins in the middle, or sends more than a text can have', async () => {
    const piece = { update: Uint8Array.of(0, 0), complete: true, whole: false }
    const told = async (...messages: (typeof piece)[]) => {
      const all: unknown[] = []
      for await (const { isWhole } of readTextFeed(
        (async function* () {
          yield* messages
        })(),
      ))
        all.push(isWhole)
      return all
    }
    await assert.rejects(told(piece), { code: 'PROTOCOL' })
    assert.deepEqual(await told({ ...piece, whole: true }, piece, { ...piece, update: new Uint8Array(0) }), [
      ...[true, false, false],
    ])
    using _ = limited({ textFollowedBytes: 10 })
    const large = { update: new Uint8Array(7), complete: false, whole: true }
    await assert.rejects(told(large, large, large), { code: 'PROTOCOL' })
  })
})

describe('Keys that have only a text', () => {
  it('are listed with the others where a caller asks for them', async () => {
    await using served = await serveTree()
    const { serving, node, tree } = served
    const calls = (await serving.dial()).connection.client(StoreService)
    const notes = node.stores.open(tree, 'notes')
    for (const key of ['b', 'd', 'f']) await notes.put(key, key)
    await notes.put('deleted', 1)
    await notes.delete('deleted')
    for (const key of ['a', 'c', 'd', 'e', 'g']) {
      await using text = await node.stores.text(tree, 'notes', key)
      textOf(text.doc).insert(0, key)
    }
    await using only = await node.stores.text(tree, 'only', 'text')
    textOf(only.doc).insert(0, 'x')
    await only.flush()
    const of = { tree: idToBytes(tree), store: 'notes' }
    const list = async (pageSize: number, texts: boolean, prefix = '') => {
      const keys: string[] = []
      let pageToken = ''
      do {
        const page = await calls.list({ ...of, pageSize, pageToken, texts, prefix })
        assert.ok(page.items.length <= pageSize)
        for (const { key, text, value } of page.items)
          keys.push(`${key!.key}${text ? '*' : ''}${value ? '' : '-'}`)
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      return keys.join(' ')
    }
    assert.equal(await list(100, false), 'b d f')
    for (const size of [1, 2, 3, 7, 100])
      assert.equal(await list(size, true), 'a*- b c*- d e*- f g*-', `${size}`)
    assert.equal(await list(100, true, 'c'), 'c*-')
    using _ = limited({ stateScanRows: 2 })
    assert.equal(await list(100, true), 'a*- b c*- d e*- f g*-')
    assert.deepEqual((await calls.listStores({ tree: of.tree })).stores, ['notes'])
    assert.deepEqual((await calls.listStores({ tree: of.tree, texts: true })).stores, ['notes', 'only'])
    const { items } = await calls.get({ tree: of.tree, keys: [{ store: 'notes', key: 'a' }] })
    assert.deepEqual([items[0]!.text, Buffer.from(items[0]!.value!.value).toString()], [true, 'a'])
  })
})
