/** Batches of LevelDB that are used again: each writes its own operations, and nothing of the ones before. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Database, openFolder, openMemory } from '../../../src/store/database/open.ts'
import { writeOperations } from '../../../src/store/database/write.ts'
import type { BatchOperation } from '../../../src/store/engine/engine.ts'
import { tempFolder } from '../../kit/peers.ts'

/** Returns all rows as text. */
async function rowsOf(db: Database): Promise<[string, string][]> {
  const rows = await db.iterator().all()
  return rows.map(([key, value]) => [key.toString('hex'), value.toString('hex')])
}

const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes))
const anyOperation = fc.record({ put: fc.boolean(), beside: fc.boolean(), key: anyBytes, value: anyBytes })

describe('a batch', () => {
  it('does in a folder what it does in memory, one after the other and at once', async () => {
    await using folder = await tempFolder()
    const [db, memory] = [await openFolder(folder.path), await openMemory()]
    try {
      const anyBatches = fc.array(fc.tuple(fc.array(anyOperation), fc.boolean()), { maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(anyBatches, async (batches) => {
          const write = (to: Database, some: (typeof batches)[number][0], sync: boolean) => {
            const sublevel = to.sublevel<Buffer, Buffer>('beside', {
              keyEncoding: 'buffer',
              valueEncoding: 'buffer',
            })
            const operations = some.map(({ put, beside, key, value }): BatchOperation => {
              const where = beside ? { sublevel } : {}
              return put ? { type: 'put', key, value, ...where } : { type: 'del', key, ...where }
            })
            return writeOperations(to, operations, sync)
          }
          for (const [operations, sync] of batches)
            for (const to of [db, memory]) await write(to, operations, sync)
          assert.deepEqual(await rowsOf(db), await rowsOf(memory))
        }),
        { numRuns: 50 },
      )
      const put = (text: string): BatchOperation => ({
        type: 'put',
        key: Buffer.from(text),
        value: Buffer.from(text),
      })
      await Promise.all(['a', 'b', 'c', 'd'].map((text) => writeOperations(db, [put(text)], false)))
      for (const text of ['a', 'b', 'c', 'd']) assert.equal(String(await db.get(Buffer.from(text))), text)
    } finally {
      await Promise.all([db.close(), memory.close()])
    }
  })

  it('is not written to a closed database, and is written to one that was opened again', async () => {
    await using folder = await tempFolder()
    const db = await openFolder(folder.path)
    const put = { type: 'put', key: Buffer.of(1), value: Buffer.of(2) } as const
    await writeOperations(db, [put], false)
    await db.close()
    await assert.rejects(writeOperations(db, [put], false), { code: 'LEVEL_DATABASE_NOT_OPEN' })
    await db.open()
    await writeOperations(db, [{ type: 'del', key: put.key }], true)
    assert.equal(await db.get(put.key), undefined)
    await db.close()
  })
})
