/** PutChunk and GetBlob as callers see them: who may, what a range returns, and what others learn. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Client, createClient } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { chunkName } from '../../../src/state/blobs/format.ts'
import { chunk, pieces, seededBytes } from '../../kit/blobs.ts'
import { testIdentity } from '../../kit/entries.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const [reader, writer, stranger] = [1, 2, 3].map(testIdentity) as [Identity, Identity, Identity]
const bytes = seededBytes(2 * chunk + 9)

describe('blobs by RPC', () => {
  let serving: ServingNode
  let tree: TreeId
  let open: TreeId
  const clients = new Map<Identity | undefined, Client<typeof StoreService>>()
  const as = (identity: Identity | undefined) => clients.get(identity)!

  before(async () => {
    serving = await ServingNode.start()
    const { node } = serving
    tree = await node.createTree('closed')
    open = await node.createTree('open', PublicAccess.READ)
    for (const each of [tree, open]) {
      await node.grant(each, reader.peer, Permission.READ)
      await node.grant(each, writer.peer, Permission.WRITE)
      await node.stores.open(each, 'files').putStream('a', pieces(bytes))
    }
    for (const identity of [undefined, reader, writer, stranger, serving.operator]) {
      const { connection } = await serving.dialAs(identity)
      clients.set(identity, connection.client(StoreService))
    }
  })
  after(async () => {
    assert.deepEqual(serving.problems, [])
    await serving[Symbol.asyncDispose]()
  })

  const blobOf = async (client: Client<typeof StoreService>, of: TreeId) => {
    const { items } = await client.get({ tree: idToBytes(of), keys: [{ store: 'files', key: 'a' }] })
    return items[0]!.value!.blob!
  }
  const ownBlob = () => blobOf(createClient(StoreService, serving.node.rpc()), tree)

  async function read(client: Client<typeof StoreService>, request: object) {
    const parts: Uint8Array[] = []
    let list: Uint8Array | undefined
    for await (const message of client.getBlob(request)) {
      if (message.list.length > 0) list = message.list
      parts.push(message.data)
    }
    return { list, data: Buffer.concat(parts) }
  }

  it('are read by whoever may read the tree, whole or a range of them', async () => {
    for (const [client, of] of [
      [as(reader), tree],
      [as(writer), tree],
      [as(serving.operator), tree],
      [as(stranger), open],
      [as(undefined), open],
    ] as const) {
      const request = { tree: idToBytes(of), blob: await blobOf(client, of) }
      const { list, data } = await read(client, request)
      assert.ok(data.equals(bytes))
      assert.equal(list, undefined)
      const part = await read(client, { ...request, offset: BigInt(chunk - 2), length: 5n })
      assert.ok(part.data.equals(bytes.subarray(chunk - 2, chunk + 3)))
      const whole = await read(client, {
        ...request,
        offset: BigInt(chunk + 2),
        length: 1n,
        verifiable: true,
      })
      assert.equal(chunkName(whole.list!), Buffer.from(request.blob.id).toString('hex'))
      assert.ok(whole.data.equals(bytes.subarray(chunk, 2 * chunk)))
    }
  })

  it('are not there for anybody else, known or not', async () => {
    const blob = await ownBlob()
    for (const client of [as(undefined), as(stranger)]) {
      const there = await failureOf(read(client, { tree: idToBytes(tree), blob }))
      const nowhere = await failureOf(read(client, { tree: new Uint8Array(32).fill(7), blob }))
      assert.equal(there.code, 'UNKNOWN_TREE')
      assert.deepEqual([there.code, there.rpc], [nowhere.code, nowhere.rpc])
    }
  })

  it('of another tree are unknown, whether they are here or not', async () => {
    await serving.node.stores.open(tree, 'files').putStream('b', pieces(seededBytes(chunk + 1, 2)))
    const own = createClient(StoreService, serving.node.rpc())
    const { items } = await own.get({ tree: idToBytes(tree), keys: [{ store: 'files', key: 'b' }] })
    const here = items[0]!.value!.blob!
    for (const blob of [here, { id: new Uint8Array(32), size: 5n }])
      assert.equal(
        (await failureOf(read(as(stranger), { tree: idToBytes(open), blob }))).code,
        'UNKNOWN_BLOB',
      )
  })

  it('take chunks from keys that may write, and from no others', async () => {
    const put = (client: Client<typeof StoreService>, of: TreeId) =>
      client.putChunk({ tree: idToBytes(of), data: seededBytes(100) })
    const { hash } = await put(as(writer), tree)
    assert.equal(Buffer.from(hash).toString('hex'), chunkName(seededBytes(100)))
    await put(as(serving.operator), tree)
    assert.equal((await failureOf(put(as(reader), tree))).code, 'FORBIDDEN')
    assert.equal((await failureOf(put(as(stranger), tree))).code, 'UNKNOWN_TREE')
    assert.equal((await failureOf(put(as(undefined), tree))).code, 'UNKNOWN_TREE')
    assert.equal((await failureOf(put(as(stranger), open))).code, 'FORBIDDEN')
    assert.equal((await failureOf(put(as(undefined), open))).code, 'UNAUTHENTICATED')
  })

  it('refuse what is not a chunk, a blob or a range', async () => {
    const put = (data: Uint8Array) => as(writer).putChunk({ tree: idToBytes(tree), data })
    assert.equal((await failureOf(put(new Uint8Array(0)))).code, 'INVALID_ARGUMENT')
    assert.equal((await failureOf(put(new Uint8Array(chunk + 1)))).code, 'LIMIT_EXCEEDED')
    const blob = await ownBlob()
    for (const request of [
      {},
      { blob: { id: new Uint8Array(31), size: 5n } },
      { blob, offset: BigInt(bytes.length) },
      { blob, offset: 2n ** 60n },
    ]) {
      const failed = await failureOf(read(as(reader), { tree: idToBytes(tree), ...request }))
      assert.equal(failed.code, 'INVALID_ARGUMENT')
    }
  })

  it('that are named without chunks are refused before anything is signed', async () => {
    const change = {
      key: { store: 'files', key: 'c' },
      what: { case: 'put' as const, value: { blob: { id: new Uint8Array(32).fill(1), size: 10n } } },
    }
    const prepared = as(writer).prepareWrite({ tree: idToBytes(tree), changes: [change] })
    assert.equal((await failureOf(prepared)).code, 'BLOB_NOT_HERE')
  })
})
