/**
 * Backups: what a running node writes is of one moment, and whatever happens to the file, a restore gives the same node
 * or an error and nothing.
 */
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { CarReader } from '@ipld/car/reader'
import fc from 'fast-check'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { formatId, idToBytes } from '../../../src/dag/id.ts'
import { carHeader, noteBlock, readCar } from '../../../src/node/backup/car.ts'
import { encodeNote } from '../../../src/node/backup/notes.ts'
import { readArchive } from '../../../src/node/backup/read.ts'
import { checkBackup, restoreData } from '../../../src/node/backup/restore.ts'
import { keyBlock } from '../../../src/node/backup/write.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { mutations } from '../../kit/arbitrary.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { assertSame, tempFolder } from '../../kit/peers.ts'

const friend = testIdentity(1).peer
const change = (text: string) => [{ store: 'log', kind: 'add', payload: Buffer.from(text) }]
const seed = testIdentity(0).seed

/** Opens a node in memory with two trees, a peer and a link. */
async function filled(entries = 20): Promise<Node> {
  const node = await createNode({ identity: testIdentity(0), background: false })
  for (const name of ['notes', 'plans']) {
    const tree = await node.createTree(name)
    const root = await node.tips(tree)
    for (let n = 0; n < entries; n++)
      await node.commit(tree, change(`${name} ${n}`), n % 3 === 0 ? { parents: root } : {})
    await node.grant(tree, friend, Permission.WRITE)
  }
  await node.addPeer(friend, { name: 'friend', addresses: ['http://127.0.0.1:9'] })
  await node.link({ tree: node.store.trees()[0]!.tree, peer: friend })
  return node
}

/** Returns a backup's bytes, with the key if it is given. */
async function bytesOf(node: Node, options: Parameters<Node['backup']>[0] = {}): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const { bytes } of node.backup(options)) {
    parts.push(bytes)
    if (parts.length === 1 && options.withKey) parts.push(keyBlock(seed))
  }
  return Buffer.concat(parts)
}

async function* stream(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function failure(doing: Promise<unknown>): Promise<CausewayError> {
  const error = await doing.then(
    () => assert.fail('It worked.'),
    (thrown) => thrown,
  )
  assert.ok(error instanceof CausewayError, String(error))
  return error
}

describe('A backup', () => {
  it('restores the node with its trees, peers and links, and marks what the peer may lack', async () => {
    await using folder = await tempFolder()
    await using node = await filled()
    const data = join(folder.path, 'restored')
    const result = await restoreData(data, stream(await bytesOf(node, { withKey: true })))
    assert.deepEqual([result.peer, result.from, result.trees, result.entries], [node.peer, node.peer, 2, 44])
    assert.deepEqual((await readdir(data)).sort(), ['identity.key', 'store'])
    await using again = await createNode({ data, background: false })
    assert.equal(again.peer, node.peer)
    for (const { tree } of await node.trees()) {
      await assertSame(tree, again.store, node.store)
      assert.deepEqual((await again.verify(tree)).problems, [])
      // Cursors of watches count by arrivals, so these are the same too.
      assert.deepEqual(await again.store.arrivals(tree, 0, 100), await node.store.arrivals(tree, 0, 100))
    }
    assert.deepEqual(again.peers.list(), node.peers.list())
    const [link] = again.status()
    assert.deepEqual([link?.peer, link?.peerBehind, again.status().length], [friend, 22, 1])
  })

  it('restores where an earlier restore was killed', async () => {
    await using folder = await tempFolder()
    await using node = await filled(2)
    const data = join(folder.path, 'restored')
    // What it leaves: the inner folder, and the blobs if it was about to end.
    for (const path of ['restoring/store', 'blobs/parts']) await mkdir(join(data, path), { recursive: true })
    await writeFile(join(data, 'restoring/store/000003.log'), 'garbage')
    await restoreData(data, stream(await bytesOf(node, { withKey: true })))
    assert.deepEqual((await readdir(data)).sort(), ['identity.key', 'store'])
    // Blobs that no restore has left are somebody's.
    await mkdir(join(folder.path, 'theirs/blobs'), { recursive: true })
    const { code } = await failure(restoreData(join(folder.path, 'theirs'), stream(await bytesOf(node))))
    assert.equal(code, 'ALREADY_EXISTS')
  })

  it('without its key becomes another node, and with the key in the folder the same one', async () => {
    await using folder = await tempFolder()
    await using node = await filled(3)
    const backup = await bytesOf(node)
    const other = await restoreData(join(folder.path, 'other'), stream(backup))
    assert.notEqual(other.peer, node.peer)
    assert.equal(other.from, node.peer)
    await mkdir(join(folder.path, 'same'))
    await writeFile(join(folder.path, 'same', 'identity.key'), `${Buffer.from(seed).toString('hex')}\n`)
    assert.equal((await restoreData(join(folder.path, 'same'), stream(backup))).peer, node.peer)
    const withKey = await bytesOf(node, { withKey: true })
    const { code } = await failure(restoreData(join(folder.path, 'other'), stream(withKey)))
    assert.equal(code, 'ALREADY_EXISTS')
    await mkdir(join(folder.path, 'third'))
    await writeFile(join(folder.path, 'third', 'identity.key'), `${'11'.repeat(32)}\n`)
    assert.equal(
      (await failure(restoreData(join(folder.path, 'third'), stream(withKey)))).code,
      'INVALID_ARGUMENT',
    )
  })

  it('is a CAR file whose raw blocks are the entries by their ids', async () => {
    await using node = await filled(3)
    const car = await CarReader.fromBytes(await bytesOf(node))
    const raw: string[] = []
    for await (const { cid } of car.blocks()) if (cid.code === 0x55) raw.push(cid.toString())
    const ids: string[] = []
    for (const { tree } of await node.trees())
      for (const { id } of await node.store.arrivals(tree, 0, 100)) ids.push(formatId(id))
    assert.deepEqual(raw, ids)
    const [root] = await car.getRoots()
    assert.equal((await car.blocks().next()).value?.cid.toString(), root?.toString())
  })

  it('has the blobs of its trees, by tree and owner', async () => {
    await using folder = await tempFolder()
    await using node = await filled(1)
    const [first, second] = node.store.trees()
    const content = Buffer.alloc(limits.blobChunkBytes + 10, 'blob ')
    for (const { tree } of [first!, second!])
      await node.stores.open(tree, 'files').putStream('a', stream(content, 50_000))
    const data = join(folder.path, 'restored')
    await restoreData(data, stream(await bytesOf(node, { withKey: true }), 50_000))
    assert.deepEqual((await readdir(data)).sort(), ['blobs', 'identity.key', 'store'])
    await using again = await createNode({ data, background: false })
    for (const { tree } of [first!, second!]) {
      const read: Uint8Array[] = []
      const { stream: blob } = (await again.stores.open(tree, 'files').getStream('a'))!
      for await (const part of blob) read.push(part)
      assert.ok(Buffer.concat(read).equals(content))
    }
  })

  it('is of the moment at which it began, whatever is written meanwhile', async () => {
    await using node = await filled(20)
    using _ = limited({ pageEntries: 4 })
    const parts = node.backup({ entriesOnly: true })
    const bytes = [(await parts.next()).value!.bytes]
    for (const { tree } of await node.trees()) await node.commit(tree, change('later'))
    for await (const part of parts) bytes.push(part.bytes)
    assert.equal((await checkBackup(stream(Buffer.concat(bytes)))).entries, 44)
  })

  it('has the trees that were chosen, and fails if one is not here', async () => {
    await using node = await filled(2)
    const [first] = await node.trees()
    const result = await checkBackup(stream(await bytesOf(node, { trees: [first!.tree], entriesOnly: true })))
    assert.deepEqual([result.trees, result.entries], [1, 4])
    const { code } = await failure(bytesOf(node, { trees: ['ab'.repeat(32) as never] }))
    assert.equal(code, 'UNKNOWN_TREE')
  })

  it('names a damaged tree, and has all of the others', async () => {
    await using folder = await tempFolder()
    await using node = await filled(5)
    const [broken, whole] = node.store.trees()
    const [at] = (await node.store.arrivals(broken!.tree, 3, 1)).values()
    const { store } = node
    const key = [...(await store.db.keys().all())].find(
      (each) => each[0] === 0x45 && each.toString('hex').endsWith(at!.id),
    )!
    await store.db.put(key, Buffer.alloc(200, 7))
    let damaged: unknown
    const bytes: Uint8Array[] = []
    for await (const part of node.backup()) {
      bytes.push(part.bytes)
      damaged = part.damaged.map(({ tree }) => tree)
    }
    assert.deepEqual(damaged, [broken!.tree])
    const data = join(folder.path, 'restored')
    const result = await restoreData(data, stream(Buffer.concat(bytes)))
    assert.deepEqual(
      result.damaged.map(({ tree }) => tree),
      [broken!.tree],
    )
    await using again = await createNode({ data, background: false })
    await assertSame(whole!.tree, again.store, store)
  })
})

describe('The bounds of a backup', () => {
  it('cut its notes, and a restore reads them all', async () => {
    await using folder = await tempFolder()
    await using node = await filled(1)
    for (let n = 2; n < 8; n++) await node.addPeer(testIdentity(n).peer, { name: `peer ${n}` })
    const whole = await bytesOf(node, { withKey: true })
    using _ = limited({ backupNoteBytes: 300, pageEntries: 1, restorePages: 1 })
    const cut = await bytesOf(node, { withKey: true })
    const notes = async (bytes: Buffer) => {
      let count = 0
      for await (const part of readArchive(stream(bytes))) if ('records' in part) count++
      return count
    }
    assert.ok((await notes(cut)) > (await notes(whole)))
    const data = join(folder.path, 'restored')
    await restoreData(data, stream(cut))
    await using again = await createNode({ data, background: false })
    assert.deepEqual(again.peers.list(), node.peers.list())
  })

  it('hold for what one request may name', async () => {
    await using node = await filled(1)
    using _ = limited({ backupTrees: 1 })
    const trees = node.store.trees().map(({ tree }) => idToBytes(tree))
    const client = createClient(NodeService, node.rpc())
    const call = async () => {
      for await (const _ of client.backup({ trees }));
    }
    await assert.rejects(call, /LIMIT_EXCEEDED|at most 1/)
  })
})

describe('A damaged backup', () => {
  it('is refused wherever bytes are changed, cut, doubled or inserted, and leaves no store', async () => {
    await using folder = await tempFolder()
    await using node = await filled(4)
    const { tree } = node.store.trees()[0]!
    await node.stores.open(tree, 'files').putStream('a', stream(Buffer.from('a blob')))
    const backup = await bytesOf(node, { withKey: true })
    const data = join(folder.path, 'restored')
    await fc.assert(
      fc.asyncProperty(mutations(backup), async (bytes) => {
        fc.pre(Buffer.compare(bytes, backup) !== 0)
        await failure(restoreData(data, stream(bytes)))
        assert.equal(existsSync(join(data, 'store')), false)
        assert.equal(existsSync(join(data, 'restoring')), false)
      }),
      { numRuns: 60 },
    )
  })

  it('is refused if it is cut between two blocks', async () => {
    await using node = await filled(4)
    const parts: Uint8Array[] = []
    for await (const { bytes } of node.backup()) parts.push(bytes)
    for (let count = 1; count < parts.length; count++) {
      const { code, message } = await failure(checkBackup(stream(Buffer.concat(parts.slice(0, count)))))
      assert.equal(code, 'STORE_CORRUPT')
      assert.match(message, /ends after \d+ of 12 entries/)
    }
  })

  it('cannot make its reader hold a block past the limit', async () => {
    const head = encodeNote({ end: { entries: 0, chunks: 0, damagedTrees: 0, damaged: [] } })
    const huge = Buffer.concat([
      carHeader(head),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f),
      noteBlock(head).subarray(1),
    ])
    const all = async (bytes: Uint8Array) => {
      for await (const _ of readCar(stream(bytes)));
    }
    assert.equal((await failure(all(huge))).code, 'LIMIT_EXCEEDED')
    assert.equal((await failure(all(Uint8Array.of(0xff, 0xff, 0x7f, 1, 2, 3)))).code, 'LIMIT_EXCEEDED')
  })

  it('of a newer format is refused by name', async () => {
    const head = encodeNote({
      causeway: 'backup',
      ...{
        format: 3,
        node: friend,
        version: '9',
        createdAtMs: 1,
        treeCount: 0,
        entryCount: 0,
        hasKey: false,
      },
    })
    const bytes = Buffer.concat([carHeader(head), noteBlock(head)])
    const { code, message } = await failure(checkBackup(stream(bytes)))
    assert.equal(code, 'STORE_FORMAT')
    assert.match(message, /has format 3.*a newer Causeway/)
  })
})

describe('An archive', () => {
  it('of others gives its entries, and is no backup', async () => {
    await using folder = await tempFolder()
    await using node = await filled(4)
    const car = await CarReader.fromBytes(await bytesOf(node))
    const { CarWriter } = await import('@ipld/car/writer')
    const [tree] = node.store.trees()
    const { CID } = await import('multiformats/cid')
    const { writer, out } = CarWriter.create([CID.parse(formatId(tree!.tree))])
    const written = (async () => {
      for await (const block of car.blocks()) if (block.cid.code === 0x55) await writer.put(block)
      await writer.close()
    })()
    const parts: Uint8Array[] = []
    for await (const part of out) parts.push(part)
    await written
    const bytes = Buffer.concat(parts)
    let entries = 0
    for await (const part of readArchive(stream(bytes))) if ('tree' in part) entries += part.entries.length
    assert.equal(entries, 12)
    const { code } = await failure(restoreData(join(folder.path, 'a'), stream(bytes)))
    assert.equal(code, 'INVALID_ARGUMENT')
  })
})
