/**
 * Backups that build on each other: a later one has only what came since, and a restore of the chain gives the node as it
 * was at the last one, or an error and nothing.
 */
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { BackupHead } from '../../../src/node/backup/notes.ts'
import { readArchive } from '../../../src/node/backup/read.ts'
import { type BackupSource, checkBackup, restoreData } from '../../../src/node/backup/restore.ts'
import { readSince } from '../../../src/node/backup/since.ts'
import { keyBlock } from '../../../src/node/backup/write.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { below, prng, testIdentity } from '../../kit/entries.ts'
import { assertSame, tempFolder } from '../../kit/peers.ts'
import { code } from '../../store/expect.ts'

const { seed } = testIdentity(0)
const change = (text: string) => [{ store: 'log', kind: 'add', payload: Buffer.from(text) }]

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
}

const openNode = () => createNode({ identity: testIdentity(0), background: false })
const files = (...backups: readonly Buffer[]) => backups.map((bytes) => () => stream(bytes))

async function commits(node: Node, tree: TreeId, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await node.commit(tree, change(`entry ${n}`))
}

/** Writes a backup with the key, which builds on another one if it is given. */
async function backup(node: Node, before?: Buffer): Promise<Buffer> {
  const since = before && (await readSince(stream(before)))
  const parts: Uint8Array[] = []
  for await (const { bytes } of node.backup({ withKey: true, since })) {
    parts.push(bytes)
    if (parts.length === 1) parts.push(keyBlock(seed))
  }
  return Buffer.concat(parts)
}

async function headOf(bytes: Buffer): Promise<BackupHead> {
  for await (const part of readArchive(stream(bytes))) if ('causeway' in part) return part
  return assert.fail('no head')
}

/** Asserts that a restore gives the trees of a node. */
async function assertRestores(source: BackupSource, node: Node): Promise<void> {
  await using folder = await tempFolder()
  const data = join(folder.path, 'restored')
  const { peer, entries } = await restoreData(data, source)
  assert.equal(peer, node.peer)
  await using again = await createNode({ data, background: false })
  const trees = (await node.trees()).map(({ tree }) => tree)
  assert.deepEqual(
    (await again.trees()).map(({ tree }) => tree),
    trees,
  )
  let count = 0
  for (const tree of trees) {
    count += node.store.tree(tree)!.count
    await assertSame(tree, again.store, node.store)
    assert.deepEqual((await again.verify(tree)).problems, [])
  }
  assert.equal(entries, count)
  assert.deepEqual(again.peers.list(), node.peers.list())
}

describe('A chain of backups', () => {
  it('has in each only what came since, and restores the node as it was at the last', async () => {
    await using node = await openNode()
    const [kept, removed] = [await node.createTree('kept'), await node.createTree('removed')]
    for (const tree of [kept, removed]) await commits(node, tree, 20)
    const whole = await backup(node)
    await commits(node, kept, 3)
    await commits(node, await node.createTree('new'), 2)
    const second = await backup(node, whole)
    await node.removeTree(removed)
    await node.addPeer(testIdentity(1).peer, { name: 'friend', addresses: ['http://127.0.0.1:9'] })
    await commits(node, kept, 1)
    const third = await backup(node, second)
    const counts = await Promise.all(
      [whole, second, third].map(async (each) => (await headOf(each)).entryCount),
    )
    assert.deepEqual(counts, [42, 3 + 3, 1])
    await assertRestores(files(whole, second, third), node)
    assert.equal((await checkBackup(files(whole, second, third))).trees, 2)
  })

  it('restores the node whatever happened between its backups', async (test) => {
    const first = Date.now() % 100_000
    test.diagnostic(`seed ${first}`)
    for (let run = 0; run < 3; run++) {
      const random = prng(first + run)
      await using node = await openNode()
      const backups: Buffer[] = []
      for (let step = 0; step < 12; step++) {
        const trees = node.store.trees()
        const { tree } = trees[below(random, Math.max(1, trees.length))] ?? {}
        const kind = below(random, 8)
        if (tree === undefined || kind === 0) await node.createTree(`tree ${step}`)
        else if (kind === 1) await node.removeTree(tree)
        else if (kind === 2)
          // Numbers the tree's arrivals anew.
          await node.store.repairs.rebuild(tree, () => {})
        else await commits(node, tree, below(random, 5))
        if (below(random, 3) === 0) backups.push(await backup(node, backups.at(-1)))
      }
      backups.push(await backup(node, backups.at(-1)))
      await assertRestores(files(...backups), node)
    }
  })

  it('has the chunks that were put since', async () => {
    await using node = await openNode()
    const tree = await node.createTree('files')
    const put = (key: string) =>
      node.stores.open(tree, 'files').putStream(key, stream(Buffer.alloc(limits.blobChunkBytes + 10, key)))
    await put('a')
    const whole = await backup(node)
    const small = await backup(node, whole)
    await put('b')
    const later = await backup(node, small)
    assert.ok(later.length > limits.blobChunkBytes)
    await using folder = await tempFolder()
    const data = join(folder.path, 'restored')
    await restoreData(data, files(whole, small, later))
    await using again = await createNode({ data, background: false })
    for (const key of ['a', 'b']) {
      let size = 0
      const { stream: blob } = (await again.stores.open(tree, 'files').getStream(key))!
      for await (const part of blob) size += part.length
      assert.equal(size, limits.blobChunkBytes + 10)
    }
  })

  it('ends with a store that was restored: the next backup is whole', async () => {
    await using node = await openNode()
    await commits(node, await node.createTree('notes'), 5)
    const whole = await backup(node)
    await using folder = await tempFolder()
    const data = join(folder.path, 'restored')
    await restoreData(data, stream(whole))
    await using again = await createNode({ data, background: false })
    const next = await backup(again, whole)
    const { since, entryCount } = await headOf(next)
    assert.deepEqual([since, entryCount], [undefined, 6])
  })

  it('is refused if a backup is missing, in another order or cut, and leaves no store', async () => {
    await using node = await openNode()
    const tree = await node.createTree('notes')
    const whole = await backup(node)
    await commits(node, tree, 2)
    const second = await backup(node, whole)
    await commits(node, tree, 2)
    const third = await backup(node, second)
    const cut = whole.subarray(0, whole.length - 2)
    const cases: [BackupSource, string][] = [
      [files(whole, third), 'INVALID_ARGUMENT'],
      [files(second, third), 'INVALID_ARGUMENT'],
      [files(second, whole), 'INVALID_ARGUMENT'],
      [stream(second), 'INVALID_ARGUMENT'],
      [files(cut, second), 'STORE_CORRUPT'],
      [files(whole, second.subarray(0, second.length - 2)), 'STORE_CORRUPT'],
    ]
    await using folder = await tempFolder()
    const data = join(folder.path, 'restored')
    for (const [source, expected] of cases) {
      await assert.rejects(restoreData(data, source), code(expected as 'STORE_CORRUPT'))
      assert.equal(existsSync(join(data, 'store')), false)
    }
    await assert.rejects(readSince(stream(cut)), code('STORE_CORRUPT'))
  })
})
