/** Signals of the library: what has not begun is cancelled and not done, what has begun is done. */
import { strict as assert } from 'node:assert'
import { getEventListeners } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { restoreData } from '../../src/node/backup/restore.ts'
import { connectStores } from '../../src/node/dialling/connect-stores.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { testIdentity } from '../kit/entries.ts'
import { tempFolder } from '../kit/peers.ts'

const cancelled = { code: 'CANCELLED' }
const change = [{ store: 'notes', kind: '', payload: new Uint8Array([1]) }]

/** Keeps the turn of a tree until it is released, so that what is asked for waits. */
function hold(node: Node, tree: TreeId): () => Promise<void> {
  let release = () => {}
  const held = node.store.between(tree, () => new Promise<void>((resolve) => (release = resolve)))
  return () => {
    release()
    return held
  }
}

async function withTree(use: (node: Node, tree: TreeId) => Promise<void>): Promise<void> {
  await using node = await createNode({})
  await use(node, await node.createTree('notes', PublicAccess.READ))
}

it('a commit is cancelled while it waits, and written once it is being written', () =>
  withTree(async (node, tree) => {
    const release = hold(node, tree)
    const signals = Array.from({ length: 4 }, () => new AbortController())
    const commits = signals.map(({ signal }) => node.commit(tree, change, { signal }))
    const [first, second, third, fourth] = commits
    // The first is a page already.
    signals[0]!.abort()
    signals[2]!.abort(new Error('enough'))
    await assert.rejects(third!, (error: Error & { code: string }) => {
      assert.deepEqual([error.code, (error.cause as Error).message], ['CANCELLED', 'enough'])
      return true
    })
    await release()
    const written = await Promise.all([first, second, fourth])
    assert.equal(new Set(written.map((entry) => entry!.id)).size, 3)
    assert.equal(node.store.tree(tree)!.count, 4)
    for (const { signal } of signals) assert.equal(getEventListeners(signal, 'abort').length, 0)
    await assert.rejects(node.commit(tree, change, { signal: AbortSignal.abort() }), cancelled)
    assert.equal(node.store.tree(tree)!.count, 4)
  }))

it('so are puts and writes of several keys', () =>
  withTree(async (node, tree) => {
    const store = node.stores.open(tree, 'notes')
    await store.put('seen', 1)
    const release = hold(node, tree)
    const [early, late] = [new AbortController(), new AbortController()]
    const first = store.put('first', 1, { signal: late.signal })
    // Now the first is a page.
    while (node.store.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = store.put('second', 2, { signal: early.signal })
    const third = node.stores.write(tree, (batch) => batch.delete('notes', 'seen'), { signal: early.signal })
    await new Promise((resolve) => setImmediate(resolve))
    early.abort()
    late.abort()
    await assert.rejects(second, cancelled)
    await assert.rejects(third, cancelled)
    await release()
    const at = await first
    assert.equal((await store.get('first', { at }))?.value, 1)
    assert.equal(await store.get('second'), undefined)
    assert.equal((await store.get('seen'))?.value, 1)
  }))

it('a write to a remote node is cancelled before its entry is sent', async () => {
  await using node = await createNode({ http: { host: '127.0.0.1', port: 0 } })
  await node.listen()
  const tree = await node.createTree('notes')
  const identity = testIdentity(5)
  await node.grant(tree, identity.peer, Permission.WRITE)
  await using stores = connectStores(node.addresses()[0]!, identity)
  const store = stores.open(tree, 'notes')
  const abort = new AbortController()
  const first = store.put('key', 1)
  // Writes of one key wait for each other.
  const second = store.put('key', 2, { signal: abort.signal })
  abort.abort()
  await assert.rejects(second, cancelled)
  const at = await first
  assert.equal((await store.get('key', { at }))?.value, 1)
  await assert.rejects(store.put('key', 3, { signal: abort.signal }), cancelled)
  assert.equal(node.store.tree(tree)!.count, 3)
})

it('a text that is being opened is not opened', () =>
  withTree(async (node, tree) => {
    const abort = new AbortController()
    const opening = node.stores.text(tree, 'notes', 'text', { signal: abort.signal })
    abort.abort()
    await assert.rejects(opening, cancelled)
    const text = await node.stores.text(tree, 'notes', 'text', { signal: new AbortController().signal })
    await text.close()
  }))

it('a tree stays if its removal is cancelled before it begins', () =>
  withTree(async (node, tree) => {
    const release = hold(node, tree)
    const abort = new AbortController()
    const removal = node.removeTree(tree, { signal: abort.signal })
    abort.abort()
    await release()
    await assert.rejects(removal, cancelled)
    assert.equal(node.store.tree(tree)?.count, 1)
    assert.equal(await node.removeTree(tree, { signal: new AbortController().signal }), 1)
    assert.equal(node.store.tree(tree), undefined)
  }))

it('a backup ends where it is, and no restore takes it; a restore leaves nothing', () =>
  withTree(async (node, tree) => {
    for (let count = 0; count < 5; count++) await node.commit(tree, change)
    const abort = new AbortController()
    const parts: Uint8Array[] = []
    await assert.rejects(async () => {
      for await (const { bytes, entries } of node.backup({ signal: abort.signal })) {
        parts.push(bytes)
        if (entries > 0) abort.abort()
      }
    }, cancelled)
    assert.ok(parts.length > 1)
    await using folder = await tempFolder()
    const restored = join(folder.path, 'restored')
    const source = async function* (of: readonly Uint8Array[]) {
      yield* of
    }
    await assert.rejects(restoreData(restored, source(parts)), { code: 'STORE_CORRUPT' })
    const whole: Uint8Array[] = []
    for await (const { bytes } of node.backup()) whole.push(bytes)
    const ended = new AbortController()
    const options = { signal: ended.signal, onProgress: () => ended.abort() }
    await assert.rejects(restoreData(restored, source(whole), options), cancelled)
    assert.deepEqual(await readdir(restored).catch(() => []), [])
    const { entries } = await restoreData(restored, source(whole), { signal: new AbortController().signal })
    assert.equal(entries, 6)
  }))
