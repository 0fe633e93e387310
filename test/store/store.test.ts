/**
 * The store's contract on both databases, and what only a folder has: it outlives the process, is locked by one
 * process, and records its format.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ClassicLevel } from 'classic-level'
import type { CausewayError } from '../../src/base/errors.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import * as layout from '../../src/store/database/layout.ts'
import { openFolder, openMemory } from '../../src/store/database/open.ts'
import { fenceWrites } from '../../src/store/database/write-fence.ts'
import { storeFormat } from '../../src/store/formats/format-record.ts'
import { DagStore } from '../../src/store/store.ts'
import { emptyRecord } from '../../src/store/tree-state.ts'
import { prng, shapes } from '../kit/entries.ts'
import { fill, idsOf, tempFolder } from '../kit/peers.ts'
import { storeContract } from './contract/contract.ts'

storeContract('memory-level', async () => ({ open: openMemory, [Symbol.asyncDispose]: async () => {} }))

storeContract('classic-level', async () => {
  const folder = await tempFolder()
  return { open: () => openFolder(folder.path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})

const code = (expected: string) => (error: CausewayError) => error.code === expected

describe('a store in a folder', () => {
  it('is the same after it was closed and reopened', async () => {
    await using folder = await tempFolder()
    const entries = shapes.random(200, 8, prng(1))
    const others = shapes.linear(10, { seed: 'others' })
    const tree = entries[0]!.id
    let store = await DagStore.open(await openFolder(join(folder.path, 'new', 'store')))
    await fill(store, entries.slice(0, 100))
    await fill(store, others)
    const before = [store.trees(), await store.summary(tree), await idsOf(store, tree)]
    await store.close()
    store = await DagStore.open(await openFolder(join(folder.path, 'new', 'store')))
    assert.deepEqual([store.trees(), await store.summary(tree), await idsOf(store, tree)], before)
    await fill(store, entries)
    await fill(store, shapes.linear(3, { seed: 'third' }))
    for (const info of store.trees()) assert.deepEqual((await auditTree(store, info.tree)).problems, [])
    assert.equal(store.trees().length, 3)
    await store.close()
  })

  it('stays closed, however often it is written to', async () => {
    await using folder = await tempFolder()
    const entries = shapes.linear(10)
    const tree = entries[0]!.id
    const store = await DagStore.open(await openFolder(folder.path))
    await fill(store, entries.slice(0, 5))
    await store.close()
    const [root] = shapes.linear(1, { seed: 'another' })
    for (let time = 0; time < 3; time++) {
      await assert.rejects(store.append(tree, entries), code('CLOSED'))
      // Its parents are not looked up, so it is the write that fails.
      await assert.rejects(store.append(root!.id, [root!]), code('CLOSED'))
    }
    await assert.rejects(store.view(tree), code('CLOSED'))
    // Its lock is free.
    const again = await DagStore.open(await openFolder(folder.path))
    assert.equal(again.tree(tree)!.count, 5)
    await again.close()
    await store.close()
  })

  it('caches no blocks of the index, which is read in no order', async () => {
    await using folder = await tempFolder()
    const entries = shapes.linear(400)
    let store = await DagStore.open(await openFolder(folder.path))
    await fill(store, entries)
    await store.close()
    store = await DagStore.open(await openFolder(folder.path))
    const level = store.db as unknown as ClassicLevel
    await level.compactRange('', '\xff')
    const inUse = () => Number(level.getProperty('leveldb.approximate-memory-usage'))
    const before = inUse()
    const found = await store.lookup(entries.map(({ id }) => id))
    assert.ok(found.every((record) => record !== undefined))
    assert.equal(inUse(), before)
    assert.ok((await store.get([entries[200]!.id]))[0] !== undefined)
    assert.ok(inUse() > before, 'an entry is kept, so the measure can tell')
    await store.close()
  })

  it('is STORE_LOCKED while it is open', async () => {
    await using folder = await tempFolder()
    const db = await openFolder(folder.path)
    await assert.rejects(openFolder(folder.path), (error: CausewayError) => {
      assert.deepEqual([error.code, error.data], ['STORE_LOCKED', { folder: folder.path }])
      return true
    })
    await db.close()
    await (await openFolder(folder.path)).close()
  })

  it('refuses a format that it does not know, and a damaged format record or database, and releases the lock', async () => {
    await using folder = await tempFolder()
    const cases: [string | undefined, string][] = [
      [JSON.stringify({ format: storeFormat + 1 }), 'STORE_FORMAT'],
      [JSON.stringify({ format: 0 }), 'STORE_FORMAT'],
      ['{"format":', 'STORE_CORRUPT'],
      ['null', 'STORE_CORRUPT'],
      ['{"format":"one"}', 'STORE_CORRUPT'],
      [undefined, 'STORE_CORRUPT'],
    ]
    for (const [record, expected] of cases) {
      const db = await openFolder(folder.path)
      const tree = shapes.linear(0)[0]!.id
      await db.put(layout.treeKey(tree), layout.encodeTree(tree, emptyRecord(0)))
      if (record === undefined) await db.del(layout.formatKey)
      else await db.put(layout.formatKey, Buffer.from(record))
      await db.close()
      await assert.rejects(openFolder(folder.path), code(expected), record)
      const raw = new ClassicLevel<Buffer, Buffer>(folder.path, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
      })
      await raw.put(layout.formatKey, Buffer.from(JSON.stringify({ format: storeFormat })))
      await raw.close()
    }
    await writeFile(join(folder.path, 'CURRENT'), 'nonsense')
    await assert.rejects(openFolder(folder.path), code('STORE_CORRUPT'))
  })

  it('accepts no write after a failed one, nor at the same time, until it is reopened', async () => {
    await using folder = await tempFolder()
    const db = new ClassicLevel<string, string>(folder.path)
    const raw = db as unknown as { _put(key: string, ...rest: unknown[]): Promise<void> }
    const put = raw._put.bind(db)
    raw._put = async (key, ...rest) => {
      if (key === 'bad') throw new Error('No space left on device')
      await put(key, ...rest)
    }
    fenceWrites(db as never)
    await db.put('a', '1')
    const together = await Promise.allSettled([db.put('b', '1'), db.put('bad', '1'), db.put('c', '1')])
    assert.ok(together.every(({ status }) => status === 'rejected'))
    await assert.rejects(db.batch([{ type: 'put', key: 'd', value: '1' }]), /No space/)
    await assert.rejects(db.batch().put('d', '1').write(), /No space/)
    await assert.rejects(db.sublevel('part').put('d', '1'), /No space/)
    await assert.rejects(db.del('a'), /No space/)
    await assert.rejects(db.clear(), /No space/)
    assert.equal(await db.get('a'), '1')
    await db.close()
    await db.open()
    await db.put('e', '1')
    assert.equal(await db.get('e'), '1')
    await db.close()
  })

  it('accepts no write after a failed chained batch either', async () => {
    await using folder = await tempFolder()
    const db = new ClassicLevel<string, string>(folder.path)
    const raw = db as unknown as { _chainedBatch(): { _write(): Promise<void> } }
    const chain = raw._chainedBatch.bind(db)
    raw._chainedBatch = () =>
      Object.assign(chain(), { _write: async () => Promise.reject(new Error('No space')) })
    fenceWrites(db as never)
    await db.put('a', '1')
    await assert.rejects(db.batch().put('b', '1').write(), /No space/)
    await assert.rejects(db.put('c', '1'), /No space/)
    await db.close()
  })
})
