/**
 * Files of LevelDB that are cut, empty or missing: the store is not opened, since LevelDB would make a new database or
 * delete what it does not know. It says what is wrong, no file is touched, and LevelDB's own repair with a repair of every
 * tree brings back what is there.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { repairStore } from '../../../src/store/damage/repair.ts'
import { readManifest } from '../../../src/store/database/leveldb-files.ts'
import { repairDatabase } from '../../../src/store/database/leveldb-repair.ts'
import { openFolder } from '../../../src/store/database/open.ts'
import { DagStore } from '../../../src/store/store.ts'
import { shapes } from '../../kit/entries.ts'
import { fill, tempFolder } from '../../kit/peers.ts'
import { assertHolds, code } from '../expect.ts'

const entries = shapes.mergeHeavy(60, 4, { seed: 'files' })
const later = shapes.linear(30, { seed: 'later' })

/** Makes a store with a table and a log. */
async function makeStore(path: string): Promise<void> {
  let store = await DagStore.open(await openFolder(path))
  await fill(store, entries)
  await store.close()
  store = await DagStore.open(await openFolder(path))
  await fill(store, later)
  await store.close()
  // A tree of the table only, and one of the log only.
  const names = await readdir(path)
  assert.ok(names.some((name) => name.endsWith('.ldb')) && names.some((name) => name.endsWith('.log')))
}

async function nameOf(path: string, pattern: RegExp): Promise<string> {
  return join(
    path,
    (await readdir(path))
      .filter((name) => pattern.test(name))
      .sort()
      .at(-1)!,
  )
}

/** Returns all files of a folder but those in which LevelDB writes what it does. */
async function contents(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const name of await readdir(path))
    if (!name.startsWith('LO')) files.set(name, (await readFile(join(path, name))).toString('hex'))
  return files
}

async function repaired(path: string): Promise<DagStore> {
  await repairDatabase(path)
  const store = await DagStore.open(await openFolder(path))
  for await (const { problems } of repairStore(store)) void problems
  return store
}

const damages: Record<string, { damage(path: string): Promise<void>; says: RegExp }> = {
  'CURRENT is missing': { damage: (path) => rm(join(path, 'CURRENT')), says: /CURRENT is missing/ },
  'CURRENT is empty': { damage: (path) => truncate(join(path, 'CURRENT')), says: /CURRENT does not name/ },
  'CURRENT names nothing': {
    damage: (path) => writeFile(join(path, 'CURRENT'), 'MANIFEST-000777\n'),
    says: /CURRENT does not name/,
  },
  'the MANIFEST is missing': {
    damage: async (path) => rm(await nameOf(path, /^MANIFEST/)),
    says: /CURRENT does not name/,
  },
  'the MANIFEST is empty': {
    damage: async (path) => truncate(await nameOf(path, /^MANIFEST/)),
    says: /MANIFEST-\d+ is cut or damaged/,
  },
  'a table is missing': {
    damage: async (path) => rm(await nameOf(path, /\.ldb$/)),
    says: /table \d+\.ldb is missing/,
  },
  'a table is cut': {
    damage: async (path) => truncate(await nameOf(path, /\.ldb$/), 1_000),
    says: /table \d+\.ldb has 1000 bytes of/,
  },
  'the log is missing': {
    damage: async (path) => rm(await nameOf(path, /\.log$/)),
    says: /log \d+\.log is missing/,
  },
}

describe('a store of which', () => {
  for (const [name, { damage, says }] of Object.entries(damages))
    it(`${name} says so, keeps its files, and can be repaired`, async () => {
      await using folder = await tempFolder()
      await makeStore(folder.path)
      await damage(folder.path)
      const before = await contents(folder.path)
      await assert.rejects(openFolder(folder.path), (error: CausewayError) => {
        assert.equal(error.code, 'STORE_CORRUPT')
        assert.match(error.message, says)
        assert.match(error.message, /causeway repair/)
        return true
      })
      assert.deepEqual(await contents(folder.path), before)
      const store = await repaired(folder.path)
      assert.deepEqual(store.notes.list(), [])
      // What was in another file is there.
      if (!name.startsWith('a table')) await assertHolds(store, entries)
      if (!name.startsWith('the log')) await assertHolds(store, later)
      for (const each of [entries, later]) if (!store.tree(each[0]!.id)) await fill(store, each)
      await assertHolds(store, entries)
      await store.close()
    })

  it('the MANIFEST is cut anywhere is right, or says so', async () => {
    await using master = await tempFolder()
    await makeStore(master.path)
    const manifest = await readFile(await nameOf(master.path, /^MANIFEST/))
    assert.equal(readManifest(manifest)!.tables.size > 0, true)
    let refused = 0
    for (let length = 0; length < manifest.length; length += 7) {
      await using folder = await tempFolder()
      for (const file of await readdir(master.path))
        await writeFile(join(folder.path, file), await readFile(join(master.path, file)))
      await truncate(await nameOf(folder.path, /^MANIFEST/), length)
      let store: DagStore
      try {
        store = await DagStore.open(await openFolder(folder.path))
      } catch (error) {
        assert.equal((error as CausewayError).code, 'STORE_CORRUPT')
        refused++
        store = await repaired(folder.path)
      }
      await assertHolds(store, entries)
      await assertHolds(store, later)
      await store.close()
    }
    assert.ok(refused > 5, `${refused} were refused`)
  })
})

describe('a new store', () => {
  it('is made in an empty folder, and where a process ended while it made one', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'store')
    await mkdir(path)
    await writeFile(join(path, 'MANIFEST-000001'), '')
    await (await openFolder(path)).close()
    assert.equal(readManifest(Buffer.from('nonsense')), undefined)
  })

  it('whose format is lost gets it again only if its records are of this format', async () => {
    await using folder = await tempFolder()
    const db = await openFolder(folder.path)
    const store = await DagStore.open(db)
    await fill(store, later)
    await db.put(Buffer.from('F'), Buffer.from('{"fo'))
    await store.close()
    await assert.rejects(openFolder(folder.path), code('STORE_CORRUPT'))
    const again = await repaired(folder.path)
    await assertHolds(again, later)
    await again.db.put(Buffer.from('F'), Buffer.from('{"format":9}'))
    await again.close()
    await repairDatabase(folder.path)
    await assert.rejects(openFolder(folder.path), code('STORE_FORMAT'))
  })
})
