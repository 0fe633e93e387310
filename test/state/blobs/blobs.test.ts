/** Blobs at one node: what a write needs, ranges, damaged chunks, and whose they are. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { upload } from '../../../src/state/api/streams.ts'
import { chunkName, encodeList, readList } from '../../../src/state/blobs/format.ts'
import type { Blob } from '../../../src/state/payload.ts'
import { Author } from '../../../src/store/author/author.ts'
import {
  chunk,
  collect,
  never,
  openBlobLab,
  owner,
  pieces,
  putBlob,
  seededBytes,
  uploadTo,
} from '../../kit/blobs.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'

const naming = (blob: Blob) => ({
  writes: [{ store: 'files', key: 'k', action: { put: { value: new Uint8Array(0), type: '', blob } } }],
})

describe('a blob', () => {
  it('is read whole and in ranges, at every edge of its chunks', async () => {
    await using lab = await openBlobLab()
    const bytes = seededBytes(2 * chunk + 777)
    const blob = await putBlob(lab, bytes)
    const read = (offset?: number, length?: number) =>
      collect(lab.blobs.read(lab.tree, blob, { offset, length, signal: never }))
    assert.ok((await read()).equals(bytes))
    const edge = fc.constantFrom(0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, bytes.length - 1)
    await fc.assert(
      fc.asyncProperty(edge, edge, async (offset, length) => {
        const expected = bytes.subarray(offset, length === 0 ? offset : offset + length)
        assert.ok((await read(offset, length)).equals(expected), `${offset} ${length}`)
      }),
      { numRuns: 50 },
    )
    for (const offset of [bytes.length, -1, 0.5])
      await assert.rejects(read(offset), { code: 'INVALID_ARGUMENT' })
    for (const length of [-1, 0.5]) await assert.rejects(read(0, length), { code: 'INVALID_ARGUMENT' })
  })

  it('is named only when all of it is here', async () => {
    await using lab = await openBlobLab()
    const { blobs, writer, tree } = lab
    const bytes = seededBytes(3 * chunk)
    const names = [0, 1, 2].map((at) => chunkName(bytes.subarray(at * chunk, (at + 1) * chunk)))
    const list = encodeList(names)
    const blob = { id: chunkName(list), size: bytes.length }
    const refuses = () => assert.rejects(writer.write(tree, naming(blob)), { code: 'BLOB_NOT_HERE' })
    await refuses()
    await blobs.put(tree, list, owner.peer)
    await refuses()
    for (const at of [0, 2]) await blobs.put(tree, bytes.subarray(at * chunk, (at + 1) * chunk), owner.peer)
    await refuses()
    await blobs.put(tree, bytes.subarray(chunk, 2 * chunk), owner.peer)
    await writer.write(tree, naming(blob))
    // A size that is not that of the list.
    for (const size of [bytes.length + 1, 2 * chunk])
      await assert.rejects(writer.write(tree, naming({ ...blob, size })), { code: 'INVALID_ARGUMENT' })
    for (const size of [0, limits.blobBytes + 1, 1.5])
      await assert.rejects(writer.write(tree, naming({ ...blob, size })), /INVALID|at most|value or a blob/)
  })

  it('that an author has given another size is an error where that shows, and never other bytes', async () => {
    await using lab = await openBlobLab()
    const bytes = seededBytes(chunk + 10)
    const blob = await uploadTo(lab, bytes)
    const lie = { ...blob, size: chunk + 11 }
    await lab.writer.write(lab.tree, naming(lie))
    await lab.views.count(lab.tree)
    const read = collect(lab.blobs.read(lab.tree, lie, { signal: never }))
    await assert.rejects(read, { code: 'PROTOCOL' })
    // Nobody has named the true one.
    const other = collect(lab.blobs.read(lab.tree, blob, { signal: never }))
    await assert.rejects(other, { code: 'UNKNOWN_BLOB' })
  })

  it('is served for the trees that name it, and for no other', async () => {
    await using lab = await openBlobLab()
    const blob = await putBlob(lab, seededBytes(chunk))
    const { tree: other } = await lab.author.createTree('other')
    await assert.rejects(collect(lab.blobs.read(other, blob, { signal: never })), { code: 'UNKNOWN_BLOB' })
    // Whoever only knows the id cannot have it by naming it elsewhere.
    await assert.rejects(lab.writer.write(other, naming(blob)), { code: 'BLOB_NOT_HERE' })
    assert.deepEqual(lab.chunks.ofTree(other), { chunks: 0, bytes: 0 })
  })

  it('has a chunk that is damaged: it is dropped, and not served', async () => {
    await using lab = await openBlobLab()
    const bytes = seededBytes(2 * chunk)
    const blob = await putBlob(lab, bytes)
    const before = lab.chunks.ofTree(lab.tree)
    const second = chunkName(bytes.subarray(chunk))
    const key = Buffer.from(`64${lab.tree}${second}`, 'hex')
    const value = (await lab.store.db.get(key))!
    value[5]! ^= 1
    await lab.store.db.put(key, value)
    const read = () => collect(lab.blobs.read(lab.tree, blob, { signal: never }))
    await assert.rejects(read(), { code: 'BLOB_NOT_HERE' })
    assert.equal(await lab.store.db.get(key), undefined)
    assert.deepEqual(lab.chunks.ofTree(lab.tree), { chunks: before.chunks - 1, bytes: before.bytes - chunk })
    await lab.blobs.put(lab.tree, bytes.subarray(chunk), owner.peer)
    assert.ok((await read()).equals(bytes))
  })

  it('stays named when the view is counted anew', async () => {
    await using lab = await openBlobLab()
    const bytes = seededBytes(chunk)
    const blob = await putBlob(lab, bytes)
    await lab.views.rebuild(lab.tree)
    assert.ok((await collect(lab.blobs.read(lab.tree, blob, { signal: never }))).equals(bytes))
  })
})

describe('chunks', () => {
  it('have bounds', async () => {
    await using lab = await openBlobLab()
    const put = (length: number) => lab.blobs.put(lab.tree, new Uint8Array(length), owner.peer)
    await assert.rejects(put(0), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(put(chunk + 1), { code: 'LIMIT_EXCEEDED' })
    await put(chunk)
    const most = 32 * (limits.blobBytes / chunk)
    assert.equal(most, chunk, 'the list of the largest blob is one chunk')
    assert.throws(() => readList(new Uint8Array(31), { id: '', size: 1 }), { code: 'PROTOCOL' })
  })

  it('use the quota of the tree, of the node, and of whoever puts them, before an entry names them', async () => {
    const ben = testIdentity(3)
    const quota = { treeBytes: 24 * chunk, authorBytes: 3 * chunk }
    await using lab = await openBlobLab({ quota })
    const { blobs, tree } = lab
    await lab.author.changePolicy(tree, { keys: [{ peer: ben.peer, permission: 2, name: '' }] })
    const put = (seed: number, peer: string) => blobs.put(tree, seededBytes(chunk, seed), peer as never)
    for (const seed of [1, 2, 3]) await put(seed, ben.peer)
    await assert.rejects(put(4, ben.peer), { code: 'RESOURCE_EXHAUSTED' })
    // What is here already costs nothing more, but the bound is checked first.
    assert.deepEqual(lab.chunks.ofTree(tree), { chunks: 3, bytes: 3 * chunk })
    for (let seed = 4; seed < 24; seed++) await put(seed, owner.peer)
    await assert.rejects(put(99, owner.peer), { code: 'RESOURCE_EXHAUSTED' })
    // Entries find the room used, too.
    const payload = new Uint8Array(900_000)
    await assert.rejects(lab.author.commit(tree, [{ store: 's', kind: '', payload }]), {
      code: 'RESOURCE_EXHAUSTED',
    })
  })

  it('of strangers use their share of each tree and of the node, together with their entries', async () => {
    await using lab = await openBlobLab({ quota: { nodeBytes: 16 * chunk, treeBytes: 12 * chunk } })
    const stranger = testIdentity(9)
    const openTree = async (name: string) => (await lab.author.createTree(name, PublicAccess.WRITE)).tree
    const [first, second] = [await openTree('a'), await openTree('b')]
    const fill = async (tree: TreeId) => {
      let stored = 0
      // Ends with the quota.
      for (let seed = 1; ; seed++)
        try {
          await lab.blobs.put(tree, seededBytes(chunk, seed), stranger.peer)
          stored++
        } catch (error) {
          assert.equal((error as CausewayError).code, 'RESOURCE_EXHAUSTED')
          return stored
        }
    }
    assert.equal(await fill(first), 6, 'half of a tree')
    assert.equal(await fill(second), 2, 'half of the node')
    const author = new Author(lab.store, stranger, lab.clock)
    const commit = author.commit(first, [{ store: 's', kind: '', payload: new Uint8Array(1) }])
    await assert.rejects(commit, { code: 'RESOURCE_EXHAUSTED' })
    await lab.blobs.put(first, seededBytes(chunk, 99), owner.peer)
  })

  it('are looked at once for a write, up to a bound, and for whoever may write', async () => {
    using _ = limited({ chunksPerWrite: 5 })
    await using lab = await openBlobLab()
    const [first, second] = [
      await uploadTo(lab, seededBytes(3 * chunk, 1)),
      await uploadTo(lab, seededBytes(3 * chunk, 2)),
    ]
    let looks = 0
    const expectWhole = lab.blobs.expectWhole.bind(lab.blobs)
    lab.blobs.expectWhole = (...parts) => {
      looks++
      return expectWhole(...parts)
    }
    const naming = (...blobs: Blob[]) => ({
      writes: blobs.map((blob, at) => ({
        ...{ store: 's', key: `k${at}`, action: { put: { value: new Uint8Array(0), type: '', blob } } },
      })),
    })
    await lab.writer.write(lab.tree, naming(first, first, first))
    assert.equal(looks, 1)
    await assert.rejects(lab.writer.write(lab.tree, naming(first, second)), { code: 'LIMIT_EXCEEDED' })
    const reader = testIdentity(3)
    await lab.author.changePolicy(lab.tree, { keys: [{ peer: reader.peer, permission: 1, name: '' }] })
    await assert.rejects(lab.writer.prepare(lab.tree, naming(second), reader.peer), { code: 'FORBIDDEN' })
    assert.equal(looks, 1)
  })

  it('that are put at once do not pass a bound together', async () => {
    await using lab = await openBlobLab({ quota: { treeBytes: 4 * chunk } })
    const puts = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
      lab.blobs.put(lab.tree, seededBytes(chunk, seed), owner.peer),
    )
    const refused = (await Promise.allSettled(puts)).filter(({ status }) => status === 'rejected')
    assert.ok(refused.length >= 5, `${refused.length} were refused`)
    assert.ok(lab.chunks.bytes < 4 * chunk)
    await lab.blobs.put(lab.tree, seededBytes(9, 1), owner.peer)
  })

  it('of an upload that fails in the middle end it with the error, and nothing is left open', async () => {
    await using lab = await openBlobLab()
    let count = 0
    const calls = {
      putChunk: async () => {
        if (++count === 2) throw new CausewayError('STORE_FULL', 'full')
        return '0'.repeat(64)
      },
    }
    await assert.rejects(upload(calls, lab.tree, pieces(seededBytes(9 * chunk))), /full|another hash/)
    assert.ok(count <= limits.chunkPutsAtOnce + 1, `${count} were sent`)
  })

  it('of a removed tree go with it, and its room is free', async () => {
    using _ = limited({ removalEntries: 8 })
    await using lab = await openBlobLab()
    await putBlob(lab, seededBytes(3 * chunk))
    const { tree: other } = await lab.author.createTree('other')
    await lab.blobs.put(other, seededBytes(chunk), owner.peer)
    await lab.store.removals.remove(lab.tree)
    assert.equal(lab.chunks.bytes, chunk)
    const left = await lab.store.db.keys({ gte: Buffer.of(0x62), lt: Buffer.of(0x65) }).all()
    assert.equal(left.length, 2, 'the record and the bytes of the other tree')
  })

  it('that were counted are counted again at the next opening', async () => {
    await using lab = await openBlobLab()
    await putBlob(lab, seededBytes(3 * chunk))
    const { chunks, tree } = lab
    const { Chunks } = await import('../../../src/store/chunks/chunks.ts')
    const again = await Chunks.open(lab.store, null as never, lab.clock)
    assert.deepEqual(again.ofTree(tree), chunks.ofTree(tree))
    assert.equal(again.bytesOf(tree, owner.peer), chunks.bytesOf(tree, owner.peer))
  })
})
