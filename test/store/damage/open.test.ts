/**
 * A damaged log of LevelDB: LevelDB drops the rest of a block and opens all the same. The store says so, finds the trees
 * whose records do not agree any more and sets them aside, and everything else goes on.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { auditTree } from '../../../src/store/audit/audit.ts'
import * as layout from '../../../src/store/database/layout.ts'
import { type Database, openFolder, openMemory } from '../../../src/store/database/open.ts'
import { Records } from '../../../src/store/database/records.ts'
import { DagStore } from '../../../src/store/store.ts'
import { viewWithSketch } from '../../../src/sync/cells.ts'
import { shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { fill, tempFolder } from '../../kit/peers.ts'
import { grant, policyChange, write } from '../../kit/policy.ts'
import { assertHolds, code } from '../expect.ts'

const whole = shapes.linear(40, { seed: 'whole' })
const other = shapes.mergeHeavy(10, 4, { seed: 'other' })

/** A line of entries of 400 bytes, so that it takes several blocks of the log, with changes of the policy. */
function longLine(): VerifiedEntry[] {
  const builder = new TreeBuilder({ seed: 'long' })
  for (let index = 0; index < 300; index++) {
    const changes = index % 50 === 25 ? policyChange([grant(testIdentity(index), write)]) : undefined
    builder.add([builder.last], changes ? { changes } : { payload: 'x'.repeat(250) + index })
  }
  return builder.entries
}

const long = longLine()
const tree = long[0]!.id

async function openStore(path: string): Promise<DagStore> {
  return DagStore.open(await openFolder(path))
}

/** Changes the only log in a folder. */
async function changeLog(path: string, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const [name, ...others] = (await readdir(path)).filter((file) => file.endsWith('.log'))
  assert.deepEqual(others, [])
  const bytes = await readFile(join(path, name!))
  await writeFile(join(path, name!), change(bytes) ?? bytes)
}

/** Writes the trees to a new folder, an entry a page, so that each is a record of the log. */
async function writeTrees(path: string): Promise<void> {
  const store = await openStore(path)
  await fill(store, whole)
  for (let index = 0; index < long.length; index++) {
    await fill(store, [long[index]!])
    if (index < other.length) await fill(store, [other[index]!])
  }
  await store.close()
}

/** Asserts that a tree is either right, in an earlier state or the last, or set aside in every call. */
async function assertRightOrAside(store: DagStore, entries: readonly VerifiedEntry[]): Promise<boolean> {
  const which = entries[0]!.id
  const aside = await store.summary(which).then(
    () => false,
    (error) => {
      assert.equal(error.code, 'STORE_CORRUPT')
      return true
    },
  )
  if (!aside) {
    await assertHolds(store, entries.slice(0, store.tree(which)!.count))
    assert.equal((await viewWithSketch(store, which))!.sketch.total, store.tree(which)!.count)
    return false
  }
  const corrupt = code('STORE_CORRUPT')
  await assert.rejects(store.view(which), corrupt)
  await assert.rejects(store.append(which, entries.slice(-1)), corrupt)
  await assert.rejects(store.scan(which).next(), corrupt)
  await assert.rejects(store.arrivals(which, 0, 1), corrupt)
  await assert.rejects(store.get([entries[0]!.id]), corrupt)
  await assert.rejects(store.lookupIn(which, [which]), corrupt)
  await assert.rejects(viewWithSketch(store, which), corrupt)
  assert.match(store.damageOf(which)!, /causeway repair bafkrei/)
  const { problems } = await auditTree(store, which)
  assert.ok(problems.length > 0)
  return true
}

describe('a flipped byte in the log of LevelDB', () => {
  it('is said, and each tree is right or set aside, at every place', async () => {
    await using master = await tempFolder()
    await writeTrees(master.path)
    const files = await readdir(master.path)
    let [said, asides] = [0, 0]
    const size = (await readFile(join(master.path, files.find((file) => file.endsWith('.log'))!))).length
    for (let at = 37_000; at < size; at += Math.ceil(size / 24)) {
      await using folder = await tempFolder()
      for (const file of files)
        await writeFile(join(folder.path, file), await readFile(join(master.path, file)))
      await changeLog(folder.path, (bytes) => {
        bytes[at]! ^= 1
        return bytes
      })
      let store = await openStore(folder.path)
      said += Number(store.notes.list().some(({ kind }) => kind === 'log'))
      await assertHolds(store, whole)
      const results: boolean[] = []
      for (const entries of [long, other]) results.push(await assertRightOrAside(store, entries))
      asides += Number(results[0])
      // The rest goes on, and what was found is still known after two further openings, of which LevelDB says nothing.
      await fill(store, shapes.linear(5, { seed: 'new' }))
      const notes = store.notes.list()
      await store.close()
      await (await openStore(folder.path)).close()
      store = await openStore(folder.path)
      assert.deepEqual(store.notes.list(), notes)
      for (const [index, entries] of [long, other].entries())
        assert.equal(await assertRightOrAside(store, entries), results[index])
      await store.close()
    }
    assert.ok(said >= 20, `LevelDB said it of ${said} places`)
    assert.ok(asides >= 10, `${asides} holes were found`)
  })

  it('at the end takes the last pages away, which is said', async () => {
    await using folder = await tempFolder()
    await writeTrees(folder.path)
    await changeLog(folder.path, (bytes) => {
      bytes[bytes.lastIndexOf(Buffer.from(long.at(-1)!.id, 'hex'))]! ^= 1
      return bytes
    })
    const store = await openStore(folder.path)
    assert.equal(await assertRightOrAside(store, long), false)
    assert.ok(store.tree(tree)!.count < long.length)
    assert.match(store.notes.list()[0]!.message, /LevelDB: .*dropping \d+ bytes/)
    await store.close()
  })

  it('is not said of a log that a kill has cut', async () => {
    await using folder = await tempFolder()
    await writeTrees(folder.path)
    await changeLog(folder.path, (bytes) => bytes.subarray(0, bytes.length - 100))
    const store = await openStore(folder.path)
    assert.deepEqual(store.notes.list(), [])
    assert.equal(await assertRightOrAside(store, long), false)
    await store.close()
  })
})

/** Opens a store in memory with two trees, closed and with some records changed in between. */
async function reopened(change: (db: Database, number: number) => Promise<void>): Promise<DagStore> {
  const db = await openMemory()
  const store = await DagStore.open(db)
  await fill(store, whole)
  await fill(store, long)
  await change(db, store.numberOfStored(tree)!)
  return DagStore.open(db)
}

describe('the check of a tree at its first use', () => {
  const last = long.at(-1)!
  const policyEntry = long.find(({ body }) => body.changes[0]?.store === '_policy')!
  const positionOf = ({ id, body }: VerifiedEntry) => ({ id, height: body.height })
  const damages: Record<string, (db: Database, number: number) => Promise<void>> = {
    'the last arrival is gone': (db, number) => db.del(layout.arrivalKey(number, long.length)),
    'there is one arrival more': (db, number) =>
      db.put(
        layout.arrivalKey(number, long.length + 1),
        layout.encodePosition(long.length + 1, positionOf(last)),
      ),
    'the last entry is gone': (db, number) => db.del(layout.entryKey(number, positionOf(last))),
    'its index record is gone': (db) => db.del(layout.indexKey(last.id)),
    'a tip is gone': (db, number) => db.del(layout.tipKey(number, last.id)),
    'there is one tip more': (db, number) =>
      db.put(layout.tipKey(number, whole[3]!.id), layout.encodeHeight(whole[3]!.id, 3)),
    'a tip is another': async (db, number) => {
      await db.del(layout.tipKey(number, last.id))
      await db.put(layout.tipKey(number, whole[3]!.id), layout.encodeHeight(whole[3]!.id, 3))
    },
    'the height of a tip has a flipped bit': async (db, number) => {
      const value = layout.encodeHeight(last.id, last.body.height)
      value[7]! ^= 4
      await db.put(layout.tipKey(number, last.id), value)
    },
    'a policy entry is gone': (db, number) => db.del(layout.policyKey(number, positionOf(policyEntry))),
    'the entry of a policy entry is gone': (db, number) =>
      db.del(layout.entryKey(number, positionOf(policyEntry))),
    'a point of the policy is gone': (db, number) => db.del(layout.pointKey(number, 2)),
    'the last point of the policy is gone': async (db, number) => {
      const keys = await db.keys(layout.pointRange(number)).all()
      await db.del(keys.at(-1)!)
    },
    'the record of the tree is older': async (db, number) => {
      const record = layout.decodeTree(tree, (await db.get(layout.treeKey(tree)))!)
      const older = { ...record, number, count: record.count - 1, sequence: record.sequence - 1 }
      await db.put(layout.treeKey(tree), layout.encodeTree(tree, older))
    },
    'the record of the tree has a flipped bit': async (db) => {
      const value = Buffer.from((await db.get(layout.treeKey(tree)))!)
      value[11]! ^= 1
      await db.put(layout.treeKey(tree), value)
    },
    'the record of the tree is cut': (db) => db.put(layout.treeKey(tree), Buffer.alloc(7)),
  }
  for (const [name, damage] of Object.entries(damages))
    it(`finds it if ${name}`, async () => {
      const store = await reopened(damage)
      const said: string[] = []
      store.onDamage(({ message }) => said.push(message))
      assert.equal(await assertRightOrAside(store, long), true)
      await assertHolds(store, whole)
      assert.ok(store.notes.list().some((note) => note.tree === tree))
      await store.close()
    })

  it('takes as many reads of a tree of any size', async () => {
    const counts: number[] = []
    for (const size of [50, 1_000]) {
      const db = await openMemory()
      const store = await DagStore.open(db)
      const entries = shapes.linear(size)
      await fill(store, entries)
      const again = await DagStore.open(db)
      let reads = 0
      const { iterator, getMany, get } = db
      const count =
        <Method extends (...args: never[]) => unknown>(method: Method) =>
        (...args: Parameters<Method>) => {
          reads++
          return method.apply(db, args)
        }
      Object.assign(db, { iterator: count(iterator), getMany: count(getMany), get: count(get) })
      await again.summary(entries[0]!.id)
      counts.push(reads)
      await store.close()
    }
    assert.equal(counts[0], counts[1])
    assert.ok(counts[0]! < 12)
  })

  it('after LevelDB dropped something, looks at the latest arrivals only', async () => {
    using _ = limited({ damageArrivals: 100 })
    for (const [gap, isFound] of [
      [long.length - 50, true],
      [long.length - 100, true],
      [long.length - 101, false],
    ] as const) {
      const store = await reopened(async (db, number) => {
        await db.del(layout.arrivalKey(number, gap + 1))
        const notes = (await DagStore.open(db)).notes
        await notes.addLog(['dropping 7 bytes; Corruption'])
      })
      assert.equal(store.damageOf(tree) !== undefined, isFound, `gap ${gap}`)
      assert.equal(store.notes.unexamined, false)
      await store.close()
    }
  })
})

describe('records by value', () => {
  it('are dropped and noted if a bit is flipped in a value or a key, and others stay', async () => {
    const db = await openMemory()
    const records = await Records.open<{ n: number }>(db, 'things')
    for (const n of [1, 2, 3]) await records.set(`key ${n}`, { n })
    const sublevel = db.sublevel<Buffer, Buffer>('things', { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    const value = Buffer.from((await sublevel.get(Buffer.from('key 1')))!)
    value[5]! ^= 1
    await sublevel.put(Buffer.from('key 1'), value)
    await sublevel.put(Buffer.from('key 4'), (await sublevel.get(Buffer.from('key 2')))!)
    const again = await Records.open<{ n: number }>(db, 'things')
    assert.deepEqual(
      [...again.entries()],
      [
        ['key 2', { n: 2 }],
        ['key 3', { n: 3 }],
      ],
    )
    assert.deepEqual([...again.dropped], ['key 1', 'key 4'])
    const store = await DagStore.open(db)
    assert.match(store.notes.list()[0]!.message, /records of things were dropped: "key 1", "key 4"/)
    assert.deepEqual((await Records.open(db, 'things')).dropped, [])
    await store.close()
  })

  it('keep no more words of LevelDB than a bound', async () => {
    using _ = limited({ damageNotes: 10 })
    const store = await DagStore.open(await openMemory())
    for (let index = 0; index < 30; index++) await store.notes.addLog([`dropping ${index} bytes`])
    assert.equal(store.notes.list().length, 10)
    assert.match(store.notes.list().at(-1)!.message, /dropping 29 bytes/)
    await store.close()
  })
})
