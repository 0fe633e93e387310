/** Chunks in files: what a kill leaves, a full disk, files that are damaged or gone, and their folders. */
import assert from 'node:assert/strict'
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { sha256Hex } from '../../../src/dag/crypto.ts'
import type { Blobs } from '../../../src/state/blobs/blobs.ts'
import { ChunkExpiry } from '../../../src/state/blobs/expiry.ts'
import { openChunkFolder } from '../../../src/store/chunks/chunk-bytes.ts'
import { Chunks } from '../../../src/store/chunks/chunks.ts'
import { chunk, collect, never, openBlobLab, owner, putBlob, seededBytes } from '../../kit/blobs.ts'
import { tempFolder } from '../../kit/peers.ts'

describe('chunks in files', () => {
  it('are written whole under their names, and nothing else is left', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const bytes = seededBytes(2 * chunk + 1)
    const blob = await putBlob(lab, bytes)
    assert.ok((await collect(lab.blobs.read(lab.tree, blob, { signal: never }))).equals(bytes))
    assert.equal((await readdir(join(folder.path, lab.tree))).length, 4)
    assert.deepEqual(await readdir(join(folder.path, 'parts')), [])
    await lab.store.removals.remove(lab.tree)
    assert.deepEqual(await readdir(folder.path), ['parts'])
  })

  it('forget the parts of a killed node', async () => {
    await using folder = await tempFolder()
    await mkdir(join(folder.path, 'parts'))
    await writeFile(join(folder.path, 'parts', 'abc'), 'half a chunk')
    await openChunkFolder(folder.path)
    assert.deepEqual(await readdir(folder.path), [])
  })

  it('that have lost their record count as here, and get a new one when they are named', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const blob = await putBlob(lab, seededBytes(2 * chunk))
    const range = { gte: Buffer.of(0x63), lt: Buffer.of(0x64) }
    await lab.store.db.clear(range)
    await lab.blobs.expectWhole(lab.tree, blob, owner.peer)
    assert.equal((await lab.store.db.keys(range).all()).length, 3)
  })

  it('that have no record and are damaged are dropped once they are old', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    await putBlob(lab, seededBytes(2 * chunk))
    const here = join(folder.path, lab.tree)
    const names = [1, 2].map((seed) => sha256Hex(seededBytes(9, seed)))
    for (const [index, name] of names.entries()) {
      await writeFile(join(here, name), 'orphan')
      await utimes(join(here, name), 1_000 * (1 + index), 1_000 * (1 + index))
    }
    await writeFile(join(here, 'notes.txt'), 'not of this program')
    await utimes(join(here, 'notes.txt'), 1_000, 1_000)
    await lab.chunks.adoptOld(lab.tree, 1_500_000)
    const left = await readdir(here)
    assert.deepEqual(
      names.map((name) => left.includes(name)),
      [false, true],
    )
    assert.equal(left.length, 5)
  })

  it('that have no record stay if an entry names them, and go two days later if none does', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const blob = await putBlob(lab, seededBytes(2 * chunk))
    await lab.blobs.put(lab.tree, seededBytes(9), owner.peer)
    const here = join(folder.path, lab.tree)
    for (const name of await readdir(here)) await utimes(join(here, name), 1, 1)
    // As after a restart: nothing is counted.
    await lab.store.db.clear({ gte: Buffer.of(0x63), lt: Buffer.of(0x64) })
    const chunks = await Chunks.open(lab.store, await openChunkFolder(folder.path), lab.clock)
    const blobs = Object.assign(Object.create(lab.blobs), { chunks }) as Blobs
    const expiry = new ChunkExpiry(blobs, lab.clock, assert.ifError)
    await lab.clock.advance(2 * limits.chunkUnnamedMs)
    await expiry.sweep()
    assert.equal(chunks.ofTree(lab.tree).chunks, 4)
    await lab.clock.advance(limits.chunkUnnamedMs + 1)
    await expiry.sweep()
    assert.equal(chunks.ofTree(lab.tree).chunks, 3)
    assert.equal((await readdir(here)).length, 3)
    assert.deepEqual(await chunks.missing(lab.tree, (await blobs.listHere(lab.tree, blob))!), [])
  })

  it('that are gone are missing, and not an error of the store', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const blob = await putBlob(lab, seededBytes(2 * chunk))
    await rm(join(folder.path, lab.tree, sha256Hex(seededBytes(2 * chunk).subarray(chunk))))
    const read = collect(lab.blobs.read(lab.tree, blob, { signal: never }))
    await assert.rejects(read, { code: 'BLOB_NOT_HERE' })
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 2)
  })

  it('that are damaged or gone are written again when they are put again', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const bytes = seededBytes(2 * chunk)
    const blob = await putBlob(lab, bytes)
    const counts = lab.chunks.ofTree(lab.tree)
    const path = (at: number) =>
      join(folder.path, lab.tree, sha256Hex(bytes.subarray(at * chunk, (at + 1) * chunk)))
    await writeFile(path(0), 'damaged')
    await rm(path(1))
    await putBlob(lab, bytes)
    assert.ok((await collect(lab.blobs.read(lab.tree, blob, { signal: never }))).equals(bytes))
    assert.deepEqual(lab.chunks.ofTree(lab.tree), counts)
  })

  it('whose record cannot be written are not counted, and do not stay', async () => {
    await using folder = await tempFolder()
    await using lab = await openBlobLab({ bytes: await openChunkFolder(folder.path) })
    const { db } = lab.store
    const put = db.put.bind(db)
    const full = Object.assign(new Error('no space left on device'), { code: 'LEVEL_IO_ERROR' })
    Object.assign(db, { put: () => Promise.reject(full) })
    const putChunk = () => lab.blobs.put(lab.tree, seededBytes(chunk), owner.peer)
    await assert.rejects(putChunk(), { code: 'STORE_FULL' })
    assert.deepEqual(lab.chunks.ofTree(lab.tree), { chunks: 0, bytes: 0 })
    assert.deepEqual(await readdir(join(folder.path, lab.tree)), [], 'bytes that nobody counts fill no disk')
    Object.assign(db, { put })
  })

  it('that cannot be written fail with the reason, and leave nothing', async () => {
    await using folder = await tempFolder()
    const bytes = await openChunkFolder(folder.path)
    await using lab = await openBlobLab({ bytes })
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const { storeError } = await import('../../../src/store/database/errors.ts')
    const { write } = bytes
    bytes.write = async () => {
      throw storeError(full, 'A chunk')
    }
    const put = () => lab.blobs.put(lab.tree, seededBytes(chunk), owner.peer)
    await assert.rejects(put(), { code: 'STORE_FULL' })
    assert.deepEqual(lab.chunks.ofTree(lab.tree), { chunks: 0, bytes: 0 })
    bytes.write = write
    await put()
    assert.deepEqual(lab.chunks.ofTree(lab.tree), { chunks: 1, bytes: chunk })
  })
})
