/**
 * Stores of older formats, as earlier versions wrote them: each opens, verifies, and has all of its entries, links, peers
 * and invitations, whatever the moment at which a migration was cut; and a store of a newer format is refused by its name.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { auditTree } from '../../../src/store/audit/audit.ts'
import * as layout from '../../../src/store/database/layout.ts'
import { openFolder, surveyFolder } from '../../../src/store/database/open.ts'
import { storeFormat } from '../../../src/store/formats/format-record.ts'
import { DagStore } from '../../../src/store/store.ts'
import { below, prng } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { oldFormats, oldIdentity, openRows, readRows, writeOldStore } from '../../kit/old-stores.ts'
import { idsOf, tempFolder } from '../../kit/peers.ts'
import { loader, testModule } from '../../kit/project.ts'

/** What the old nodes said of themselves. */
const expected = {
  1: { counts: { notes: 9, open: 9 }, voids: 0, peers: ['ed4928c6'], links: 1, invitations: 1 },
  2: {
    counts: { notes: 25, open: 9 },
    voids: 3,
    peers: ['8139770e', 'ca93ac17', 'ed4928c6'],
    links: 3,
    invitations: 1,
  },
}

/** Returns every row of a store that was migrated in one go. */
async function migrated(format: number): Promise<Map<string, string>> {
  await using folder = await tempFolder()
  await writeOldStore(folder.path, format)
  await (await openFolder(folder.path)).close()
  return await readRows(folder.path)
}

/** Opens a store until the batch after `batches` others, which fails, as if the process had ended there. */
async function cut(folder: string, batches: number): Promise<boolean> {
  let done = 0
  const onMigration = () => {
    if (done++ === batches) throw new CausewayError('CANCELLED', 'cut')
  }
  try {
    await (await openFolder(folder, { onMigration })).close()
    return false
  } catch (error) {
    assert.equal((error as CausewayError).code, 'CANCELLED')
    return true
  }
}

for (const format of oldFormats)
  describe(`a store of format ${format}`, () => {
    it('opens with everything that it had, and verifies', async () => {
      await using folder = await tempFolder()
      await writeOldStore(folder.path, format)
      const was = expected[format]
      await using node = await createNode({
        database: await openFolder(folder.path),
        identity: oldIdentity,
        background: false,
      })
      assert.deepEqual(node.damage(), [])
      const counts: Record<string, number> = {}
      let voids = 0
      for (const { tree, name, count } of await node.trees()) {
        counts[name] = count
        const { checked, problems } = await auditTree(node.store, tree)
        assert.deepEqual([checked, problems], [count, []])
        const ids = await idsOf(node.store, tree)
        assert.equal(ids.length, count)
        for await (const page of node.entries(tree)) voids -= page.length
        voids += count
      }
      assert.deepEqual([counts, voids], [was.counts, was.voids])
      const peers = node.peers.list().map(({ peer }) => peer.slice(0, 8))
      assert.deepEqual(peers.sort(), was.peers)
      assert.equal(node.status().length, was.links)
      const invitations = [...(await readInvitations(node.store))]
      assert.equal(invitations.length, was.invitations)
      // It is used as before: the trees can be read, and written by whoever could.
      const [notes] = (await node.trees()).filter(({ name }) => name === 'notes')
      await node.commit(notes!.tree, [{ store: 'text', kind: 'set', payload: Buffer.from('later') }])
      assert.deepEqual((await auditTree(node.store, notes!.tree)).problems, [])
    })

    it('is the same after a migration that was cut after each batch', async () => {
      const whole = await migrated(format)
      using _ = limited({ migrationRows: 3 })
      await using folder = await tempFolder()
      await writeOldStore(folder.path, format)
      // Each run writes two batches more. It ends with the rows.
      let runs = 0
      while (await cut(folder.path, 2)) runs++
      assert.ok(runs > 5, `${runs} runs`)
      assert.deepEqual(await readRows(folder.path), whole)
    })

    it('says what a migration would do, and changes nothing', async () => {
      await using folder = await tempFolder()
      await writeOldStore(folder.path, format)
      const before = await readRows(folder.path)
      const { format: found, plan, words } = await surveyFolder(folder.path)
      const { counts } = expected[format]
      assert.equal(found, format)
      assert.deepEqual(words, [])
      assert.equal(plan?.trees, 2)
      assert.equal(plan?.entries, counts.notes + counts.open)
      assert.equal(plan?.damaged, 0)
      assert.deepEqual(await readRows(folder.path), before)
      await (await openFolder(folder.path)).close()
      assert.deepEqual(await surveyFolder(folder.path), { format: storeFormat, plan: undefined, words: [] })
    })
  })

async function readInvitations({ db }: DagStore): Promise<string[]> {
  return db.sublevel('invitations').keys().all()
}

describe('a migration whose process is killed', () => {
  const child = testModule('test/store/formats/migrate-child.ts')

  /** Runs the child until it has printed `lines` lines, and kills it. Returns whether it ended before. */
  async function migrateAndKill(folder: string, lines: number): Promise<boolean> {
    const migrating = spawn(process.execPath, [...loader, child, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(migrating, 'exit')
    let ended = false
    for await (const line of createInterface({ input: migrating.stdout })) {
      ended ||= line === 'end'
      if (lines-- <= 0) migrating.kill('SIGKILL')
    }
    await exited
    return ended
  }

  it('goes on, and ends as one that was not killed', async (test) => {
    const seed = Date.now() % 100_000
    test.diagnostic(`seed ${seed}`)
    const random = prng(seed)
    const whole = await migrated(2)
    await using folder = await tempFolder()
    await writeOldStore(folder.path, 2)
    let kills = 0
    while (!(await migrateAndKill(folder.path, below(random, 16)))) kills++
    test.diagnostic(`${kills} kills`)
    assert.deepEqual(await readRows(folder.path), whole)
    const store = await DagStore.open(await openFolder(folder.path))
    for (const { tree, count } of store.trees())
      assert.deepEqual(await auditTree(store, tree), { checked: count, problems: [] })
    await store.close()
  })
})

describe('what cannot be migrated', () => {
  it('is left alone and found as damage, if a row is damaged', async () => {
    await using folder = await tempFolder()
    await writeOldStore(folder.path, 2)
    const db = await openRows(folder.path)
    const [tip] = await db.keys({ gte: Buffer.from('P'), lt: Buffer.from('Q') }).all()
    await db.put(tip!, Buffer.from('short'))
    await db.close()
    assert.equal((await surveyFolder(folder.path)).plan?.damaged, 1)
    const store = await DagStore.open(await openFolder(folder.path))
    const results = await Promise.all(store.trees().map(({ tree }) => auditTree(store, tree)))
    assert.equal(results.filter(({ problems }) => problems.length > 0).length, 1)
    await store.close()
  })

  it('is refused by the name of its format and version, and stays as it is', async () => {
    const migration = { from: 2, to: storeFormat + 1, after: '' }
    const cases: [object, RegExp][] = [
      [
        { format: 7, version: '9.1.0' },
        /newer format 7 of Causeway 9\.1\.0.* run version 9\.1\.0 or a later/,
      ],
      [{ format: 7 }, /newer format 7, and this version, .*, reads the formats 1 to \d: run a newer version/],
      [{ format: 0, version: '9.1.0', migration }, /being migrated from format 2 to \d of Causeway 9\.1\.0/],
      [{ format: 0.5 }, /unknown format 0\.5/],
    ]
    for (const [record, message] of cases) {
      await using folder = await tempFolder()
      const db = await openRows(folder.path)
      await db.put(layout.formatKey, Buffer.from(JSON.stringify(record)))
      await db.close()
      const before = await readRows(folder.path)
      for (const open of [openFolder, surveyFolder])
        await assert.rejects(open(folder.path), (error: CausewayError) => {
          assert.equal(error.code, 'STORE_FORMAT')
          assert.match(error.message, message)
          return true
        })
      assert.deepEqual(await readRows(folder.path), before)
    }
  })

  it('is not read by an earlier version while a part is migrated', async () => {
    using _ = limited({ migrationRows: 3 })
    await using folder = await tempFolder()
    await writeOldStore(folder.path, 2)
    await cut(folder.path, 3)
    const record = Buffer.from((await readRows(folder.path)).get(layout.formatKey.toString('hex'))!, 'hex')
    assert.equal((JSON.parse(record.toString()) as { format: number }).format, 0)
    assert.ok(limits.migrationRows < 10)
  })
})
