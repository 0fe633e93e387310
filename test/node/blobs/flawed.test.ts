/** Blobs that members name wrongly: no peer is blamed for them, and all others of the tree still come. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { bytesToHex } from '../../../src/dag/hex.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import type { Blobs } from '../../../src/state/blobs/blobs.ts'
import { encodeList } from '../../../src/state/blobs/format.ts'
import { type Blob, changeKinds, encodePut } from '../../../src/state/payload.ts'
import { chunk, collect, pieces, seededBytes } from '../../kit/blobs.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

/** Two nodes that are linked for a tree, and hostile writes to the first one. */
async function linked() {
  const alice = await ServingNode.start()
  const bob = await createNode({ http: { host: '127.0.0.1', port: 0 } })
  const tree = await alice.node.createTree('t')
  await alice.node.grant(tree, bob.peer, Permission.READ)
  await bob.link(alice.node.createTicket(tree))
  const { connection } = await alice.dial()
  const putChunk = async (data: Uint8Array) =>
    bytesToHex((await connection.client(StoreService).putChunk({ tree: idToBytes(tree), data })).hash)
  const name = (blob: Blob) => {
    const payload = encodePut({ key: 'lie', value: new Uint8Array(0), type: '', blob, replaces: [] })
    return alice.node.commit(tree, [{ store: 'files', kind: changeKinds.put, payload }])
  }
  return {
    ...{ alice, bob, tree, putChunk, name },
    [Symbol.asyncDispose]: async () => void (await Promise.all([alice[Symbol.asyncDispose](), bob.close(0)])),
  }
}

type Both = Awaited<ReturnType<typeof linked>>

/** Puts a blob whose id is after this one's, so that a mirror fetches it later. */
async function putAfter({ alice, tree }: Both, id: string): Promise<{ blob: Blob; bytes: Uint8Array }> {
  // Ends: half of all ids are after most others.
  for (let seed = 1; ; seed++) {
    const bytes = seededBytes(chunk + seed, seed)
    const files = alice.node.stores.open(tree, 'files')
    await files.putStream('good', pieces(bytes))
    const { blob } = (await files.get('good'))!
    if (blob!.id >= id) return { blob: blob!, bytes }
  }
}

/** Lets the second node fetch all blobs, and reads one once the first node is gone. */
async function fetchAlone({ alice, bob, tree }: Both, { blob, bytes }: { blob: Blob; bytes: Uint8Array }) {
  await alice.node.flush()
  await bob.link({ tree, peer: alice.node.peer }, { blobs: true })
  const { blobs } = (bob as unknown as { parts: { blobWork: { fetcher: { blobs: Blobs } } } }).parts.blobWork
    .fetcher
  let isHere = false
  const look = async () => {
    const names = await blobs.listHere(tree, blob)
    isHere = names !== undefined && (await blobs.missing(tree, names)).length === 0
  }
  await until('the blob is here', () => {
    void look()
    return isHere
  })
  await alice.node.close(0)
  const found = await bob.stores.open(tree, 'files').getStream('good')
  assert.ok((await collect(found!.stream)).equals(bytes))
}

describe('a link with blobs', () => {
  it('fetches a blob that somebody also names with a size that lies', async () => {
    await using both = await linked()
    const good = await putAfter(both, '')
    // A tree's blobs are in the order of their ids and sizes: the lie comes first.
    await both.name({ id: good.blob.id, size: 1 })
    await fetchAlone(both, good)
  })

  it('fetches the others when chunks of one are of another length than its size says', async () => {
    await using both = await linked()
    const names = await Promise.all([both.putChunk(new Uint8Array(5)), both.putChunk(new Uint8Array(6))])
    const id = await both.putChunk(encodeList(names))
    await both.name({ id, size: chunk + 6 })
    await fetchAlone(both, await putAfter(both, id))
  })
})
