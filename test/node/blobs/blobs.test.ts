/** Blobs between nodes over real sockets: fetched when they are read, by whoever may, and from whoever has them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { connectStores } from '../../../src/node/dialling/connect-stores.ts'
import { createNode } from '../../../src/node/node.ts'
import type { Blobs } from '../../../src/state/blobs/blobs.ts'
import { chunk, collect, pieces, seededBytes } from '../../kit/blobs.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

const http = { host: '127.0.0.1', port: 0 }
const bytes = seededBytes(5 * chunk + 100)

/** Two nodes that are linked for a tree, whose first one has a blob. */
async function linked() {
  const alice = await ServingNode.start()
  const bob = await createNode({ http })
  await bob.listen()
  const tree = await alice.node.createTree('t')
  await alice.node.grant(tree, bob.peer, Permission.WRITE)
  await bob.link(alice.node.createTicket(tree))
  const at = await alice.node.stores.open(tree, 'files').putStream('a', pieces(bytes))
  assert.deepEqual(await bob.flush(), [])
  return {
    alice,
    bob,
    tree,
    at,
    [Symbol.asyncDispose]: async () => void (await Promise.all([alice[Symbol.asyncDispose](), bob.close(0)])),
  }
}

describe('a blob of another node', () => {
  it('is fetched when it is read, and then is here', async () => {
    await using both = await linked()
    const { alice, bob, tree, at } = both
    const files = bob.stores.open(tree, 'files')
    const part = await files.getStream('a', { at, offset: 2 * chunk - 1, length: 2 })
    assert.ok((await collect(part!.stream)).equals(bytes.subarray(2 * chunk - 1, 2 * chunk + 1)))
    const whole = await files.getStream('a')
    assert.ok((await collect(whole!.stream)).equals(bytes))
    await alice.node.close(0)
    const again = await files.getStream('a')
    assert.ok((await collect(again!.stream)).equals(bytes))
  })

  it('is an error while nobody who has it can be reached', async () => {
    await using both = await linked()
    const { alice, bob, tree, at } = both
    await alice.node.close(0)
    const found = await bob.stores.open(tree, 'files').getStream('a', { at })
    await assert.rejects(collect(found!.stream), { code: 'BLOB_NOT_HERE' })
  })

  it('is streamed on to a caller that the policy names, and to no stranger', async () => {
    await using both = await linked()
    const { alice, bob, tree, at } = both
    await alice.node.setPublicAccess(tree, PublicAccess.READ)
    await bob.flush()
    await bob.stores.open(tree, 'files').get('a', { at })
    await using stranger = connectStores(bob.addresses()[0]!, testIdentity(60))
    const none = await stranger.open(tree, 'files').getStream('a', { at })
    await assert.rejects(collect(none!.stream), { code: 'BLOB_NOT_HERE' })
    const reader = testIdentity(61)
    await alice.node.grant(tree, reader.peer, Permission.READ)
    await alice.node.flush()
    await bob.flush()
    await using named = connectStores(bob.addresses()[0]!, reader)
    const found = await named.open(tree, 'files').getStream('a')
    assert.ok((await collect(found!.stream)).equals(bytes))
    // What is here is for strangers too.
    const now = await stranger.open(tree, 'files').getStream('a')
    assert.ok((await collect(now!.stream)).equals(bytes))
  })
})

describe('a node that is slowed down', () => {
  it('waits as long as it is told, and fetches the rest', async () => {
    using _ = limited({ strangerBytesBurst: chunk, strangerBytesPerSecond: 8 * chunk, chunksPerCall: 2 })
    await using alice = await ServingNode.start()
    await using bob = await createNode({ http })
    const tree = await alice.node.createTree('t', PublicAccess.READ)
    await alice.node.stores.open(tree, 'files').putStream('a', pieces(bytes))
    await bob.link(alice.node.createTicket(tree))
    await until('the entries are here', () => bob.store.tree(tree)?.count === 2)
    const found = await bob.stores.open(tree, 'files').getStream('a')
    assert.ok((await collect(found!.stream)).equals(bytes))
  })
})

describe('verify', () => {
  it('finds damaged chunks, which a read then fetches again', async () => {
    await using both = await linked()
    const { bob, tree, at } = both
    const read = async () => collect((await bob.stores.open(tree, 'files').getStream('a', { at }))!.stream)
    await read()
    assert.deepEqual((await bob.verify(tree)).problems, [])
    const { db } = bob.store
    const [first] = await db.keys({ gte: Buffer.of(0x64), lt: Buffer.of(0x65), limit: 1 }).all()
    await db.put(first!, Buffer.from('damaged'))
    const { problems } = await bob.verify(tree)
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['STORE_CORRUPT'],
    )
    assert.deepEqual((await bob.verify(tree)).problems, [])
    assert.ok((await read()).equals(bytes))
  })
})

describe('a tree that is repaired', () => {
  it('keeps its blobs, and serves them', async () => {
    await using node = await createNode({ background: false })
    const tree = await node.createTree('t')
    const files = node.stores.open(tree, 'files')
    await files.putStream('a', pieces(bytes))
    await node.commit(tree, [{ store: 'log', kind: '', payload: new Uint8Array(3) }])
    const { db } = node.store
    const [tip] = await db.keys({ gte: Buffer.from('P'), lt: Buffer.from('Q'), limit: 1 }).all()
    await db.put(tip!, Buffer.from('damaged'))
    assert.equal((await node.verify(tree)).problems.length > 0, true)
    for await (const { problems } of node.repair(tree)) assert.ok(problems.length > 0)
    assert.deepEqual((await node.verify(tree)).problems, [])
    const found = await files.getStream('a')
    assert.ok((await collect(found!.stream)).equals(bytes))
  })
})

describe('a link with blobs', () => {
  it('fetches them as they come, without a reader, and after a start', async () => {
    await using both = await linked()
    const { alice, bob, tree } = both
    const total = chunk * 5 + 100 + 6 * 32
    const arrived = async (bytes: number) => {
      const { chunks } = (bob as unknown as { parts: { blobWork: { fetcher: { blobs: Blobs } } } }).parts
        .blobWork.fetcher.blobs
      await until('the chunks are here', () => chunks.ofTree(tree).bytes === bytes)
    }
    await bob.link({ tree, peer: alice.node.peer }, { blobs: true })
    await arrived(total)
    await alice.node.stores.open(tree, 'files').putStream('b', pieces(seededBytes(chunk + 1, 7)))
    await alice.node.flush()
    await arrived(total + chunk + 1 + 64)
    await alice.node.close(0)
    const found = await bob.stores.open(tree, 'files').getStream('b')
    assert.ok((await collect(found!.stream)).equals(seededBytes(chunk + 1, 7)))
  })
})

describe('a link with many blobs', () => {
  it('fetches them over one connection, as no call of it is cut', async () => {
    using _ = limited({ resetBurst: 2, resetsPerSecond: 0.000_1 })
    await using both = await linked()
    const { alice, bob, tree } = both
    const count = 12
    for (let seed = 0; seed < count; seed++)
      await alice.node.stores.open(tree, 'files').putStream(`k${seed}`, pieces(seededBytes(70_000, seed)))
    assert.deepEqual(await bob.flush(), [])
    await bob.link({ tree, peer: alice.node.peer }, { blobs: true })
    const { chunks } = (bob as unknown as { parts: { blobWork: { fetcher: { blobs: Blobs } } } }).parts
      .blobWork.fetcher.blobs
    await until('all are here', () => chunks.ofTree(tree).chunks === 2 * count + 7)
  })
})

describe('GetChunks', () => {
  it('shows to readers what is here, and to others that the tree is unknown', async () => {
    await using both = await linked()
    const { alice, tree, at } = both
    const item = await alice.node.stores.open(tree, 'files').get('a', { at })
    const { id, size } = item!.blob!
    const blob = { id: hexToBytes(id), size: BigInt(size) }
    const as = async (seed: number | undefined) => {
      const { connection } = await alice.dialAs(seed === undefined ? undefined : testIdentity(seed))
      return connection.client(SyncService)
    }
    const request = { tree: idToBytes(tree), blob, list: true, chunks: [0, 5] }
    for (const caller of [undefined, 62])
      assert.equal((await failureOf((await as(caller)).getChunks(request))).code, 'UNKNOWN_TREE')
    await alice.node.grant(tree, testIdentity(62).peer, Permission.READ)
    const reader = await as(62)
    const parts = []
    for await (const { part } of reader.getChunks(request)) parts.push(part)
    assert.deepEqual(
      parts.map((part) => (part.case === 'chunk' ? [part.value.number, part.value.data.length] : part.case)),
      ['list', [0, chunk], [5, 100]],
    )
    const other = await alice.node.createTree('other', PublicAccess.READ)
    const elsewhere = reader.getChunks({ ...request, tree: idToBytes(other) })
    assert.equal((await failureOf(elsewhere)).code, 'UNKNOWN_BLOB')
    const codes = []
    for (const chunks of [[6], [1, 0], [1, 1], Array.from({ length: 257 }, (_, index) => index)])
      codes.push((await failureOf(reader.getChunks({ ...request, chunks }))).code)
    assert.deepEqual(codes, ['BLOB_NOT_HERE', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'LIMIT_EXCEEDED'])
    assert.deepEqual(alice.problems, [])
  })
})
