/**
 * Tables of LevelDB with a flipped bit: every block is checked, compressed ones and the index too, and a repair leaves out
 * those that are damaged, so that LevelDB never merges them.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { repairStore } from '../../../src/store/damage/repair.ts'
import { repairDatabase } from '../../../src/store/database/leveldb-repair.ts'
import { checkTables, damagedBlocks } from '../../../src/store/database/leveldb-tables.ts'
import { openFolder } from '../../../src/store/database/open.ts'
import { DagStore } from '../../../src/store/store.ts'
import { below, prng, shapes } from '../../kit/entries.ts'
import { fill, tempFolder } from '../../kit/peers.ts'
import { assertHolds } from '../expect.ts'

const entries = shapes.mergeHeavy(60, 4, { seed: 'tables' })

/** Writes a store whose records are all in one table. Returns the table's path. */
async function writeTable(path: string, compression: boolean): Promise<string> {
  const store = await DagStore.open(await openFolder(path))
  await fill(store, entries)
  await store.close()
  const db = new ClassicLevel<Buffer, Buffer>(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression,
  })
  await db.open()
  await db.compactRange(Buffer.alloc(0), Buffer.alloc(64, 0xff))
  await db.close()
  const tables = (await readdir(path)).filter((name) => name.endsWith('.ldb'))
  assert.equal(tables.length, 1)
  return join(path, tables[0]!)
}

/** LevelDB's checksum of a block: CRC-32C, turned and shifted. */
function maskedSum(bytes: Buffer): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0x82f63b78 ^ (sum >>> 1) : sum >>> 1
  }
  sum = ~sum >>> 0
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
}

describe('a table of LevelDB', () => {
  for (const compression of [true, false])
    it(`is sound as it was written, and not with a flipped bit, compression: ${compression}`, async () => {
      await using folder = await tempFolder()
      const path = await writeTable(folder.path, compression)
      const bytes = await readFile(path)
      assert.deepEqual(damagedBlocks(bytes), [])
      assert.deepEqual(await checkTables(folder.path), [])
      const random = prng(5)
      for (let run = 0; run < 300; run++) {
        const copy = Buffer.from(bytes)
        // The end has a padding, which nothing reads, and a number that LevelDB checks.
        const at = below(random, bytes.length - 48)
        copy[at]! ^= 1 << below(random, 8)
        assert.equal(damagedBlocks(copy).length, 1, `byte ${at}`)
      }
      for (let length = 0; length < bytes.length; length += 97) damagedBlocks(bytes.subarray(0, length))
    })

  it('is damaged if a merge wrote a key that is none, with a right checksum', async () => {
    await using folder = await tempFolder()
    const path = await writeTable(folder.path, false)
    const bytes = await readFile(path)
    // The first row of the table: three numbers of a byte each, the key, and at its end whether the row is put.
    const put = 3 + bytes[1]! - 8
    assert.equal(bytes[put], 1)
    bytes[put] = 0x41
    const [block, ...others] = damagedBlocks(bytes)
    assert.deepEqual([block!.offset, others], [0, []])
    bytes.writeUInt32LE(maskedSum(bytes.subarray(0, block!.size + 1)), block!.size + 1)
    assert.deepEqual(damagedBlocks(bytes), [block])
    await writeFile(path, bytes)
    await repairDatabase(folder.path)
    assert.deepEqual(await checkTables(folder.path), [])
    const store = await DagStore.open(await openFolder(folder.path))
    for await (const { problems } of repairStore(store)) void problems
    await fill(store, entries)
    await assertHolds(store, entries)
    await store.close()
  })

  it('is repaired without its damaged blocks, and the tree without what was in them', async () => {
    await using master = await tempFolder()
    const table = await writeTable(master.path, true)
    const bytes = await readFile(table)
    for (let at = 100; at < bytes.length - 48; at += Math.ceil(bytes.length / 12)) {
      await using folder = await tempFolder()
      for (const file of await readdir(master.path))
        await writeFile(join(folder.path, file), await readFile(join(master.path, file)))
      const copy = Buffer.from(bytes)
      copy[at]! ^= 16
      await writeFile(join(folder.path, table.slice(master.path.length)), copy)
      await repairDatabase(folder.path)
      assert.deepEqual(await checkTables(folder.path), [])
      const store = await DagStore.open(await openFolder(folder.path))
      for await (const { problems } of repairStore(store)) void problems
      assert.deepEqual(store.notes.list(), [])
      await fill(store, entries)
      await assertHolds(store, entries)
      await store.close()
    }
  })
})
