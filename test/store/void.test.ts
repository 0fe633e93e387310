/**
 * Void entries in a store are found when the policy changes and when they arrive late, are found again after a crash in
 * between, and are checked by the audit against the entries.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import * as layout from '../../src/store/database/layout.ts'
import { type Database, openFolder, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { tempFolder } from '../kit/peers.ts'
import { grant, policyChange, revoke, write } from '../kit/policy.ts'
import { loader, testModule } from '../kit/project.ts'
import { voidHistory } from './void-child.ts'

const ada = testIdentity(1)

/** Ada writes three entries, of which a revocation keeps the first valid; a fourth comes later. */
function story() {
  const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE })
  const granted = tree.add([tree.root], { changes: policyChange([grant(ada, write)]) })
  const [first, second, third] = tree.chain(granted, 3, { author: ada })
  const revoked = tree.add([first!], { changes: policyChange([revoke(ada, first!)]) })
  const late = tree.add([third!], { author: ada })
  const after = tree.add([late, revoked])
  return { tree, granted, first: first!, second: second!, third: third!, revoked, late, after }
}

async function voids(store: DagStore, entries: readonly VerifiedEntry[]): Promise<EntryId[]> {
  const positions = entries.map(({ id, body }) => ({ id, height: body.height }))
  return [...(await store.voidAmong(entries[0]!.tree as TreeId, positions))].sort()
}

describe('void entries', () => {
  it('are reported immediately, before and after a restart', async () => {
    const { tree, revoked, second, third, late, after } = story()
    const db = await openMemory()
    let store = await DagStore.open(db)
    const early = tree.entries.slice(0, tree.entries.indexOf(revoked))
    await store.append(tree.root.id, early)
    assert.deepEqual(await voids(store, tree.entries), [])
    await store.append(tree.root.id, [revoked])
    assert.deepEqual(await voids(store, tree.entries), [second.id, third.id].sort())
    await store.append(tree.root.id, [late, after])
    const expected = [second.id, third.id, late.id].sort()
    assert.deepEqual(await voids(store, tree.entries), expected)
    store = await DagStore.open(db)
    assert.deepEqual(await voids(store, tree.entries), expected)
    await store.close()
  })

  it('are found again if a crash came between the policy and the last mark', async () => {
    const { tree, second, third, late } = story()
    const db = await openMemory()
    await (await DagStore.open(db)).append(tree.root.id, tree.entries)
    // Each batch of marks fails in turn, as if the process had ended there.
    const batch = db.batch.bind(db) as Database['batch']
    for (let failing = 0; failing < 2; failing++) {
      let left = failing
      const store = await DagStore.open(db)
      Object.assign(db, {
        batch: (...args: []) => {
          if (left-- === 0) throw new Error('the process ended')
          return batch(...args)
        },
      })
      await assert.rejects(voids(store, tree.entries))
      Object.assign(db, { batch })
    }
    const store = await DagStore.open(db)
    assert.deepEqual(await voids(store, tree.entries), [second.id, third.id, late.id].sort())
    await store.close()
  })
})

it('void entries are all found, whether the process was killed while it marked them or afterwards', async () => {
  const child = testModule('test/store/void-child.ts')
  const { entries, voids: expected } = voidHistory()
  const tree = entries[0]!.id
  for (const moment of ['revoked', 'marked']) {
    await using folder = await tempFolder()
    const marker = spawn(process.execPath, [...loader, child, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(marker, 'exit')
    for await (const line of createInterface({ input: marker.stdout }))
      if (line === moment) marker.kill('SIGKILL')
    await exited
    const store = await DagStore.open(await openFolder(folder.path))
    assert.deepEqual(await voids(store, entries), [...expected].sort())
    assert.deepEqual(await auditTree(store, tree), { checked: entries.length, problems: [] })
    await store.close()
  }
})

describe('an audit names', () => {
  const { tree, granted, first, second, after } = story()
  const positionOf = ({ id, body }: VerifiedEntry) => ({ id, height: body.height })

  async function found(damage: (db: Database, number: number, store: DagStore) => Promise<void>) {
    const db = await openMemory()
    const store = await DagStore.open(db)
    await store.append(tree.root.id, tree.entries)
    await voids(store, tree.entries)
    const { number } = layout.decodeTree(tree.root.id, (await db.get(layout.treeKey(tree.root.id)))!)
    await damage(db, number, store)
    const again = await DagStore.open(db)
    const { problems } = await auditTree(again, tree.root.id)
    await again.close()
    return problems.map(({ entry, code }) => [entry ?? 'tree', code])
  }

  it('nothing in a sound store', async () => {
    assert.deepEqual(await found(async () => {}), [])
  })

  it('a mark that is missing, and one that should not be', async () => {
    assert.deepEqual(await found((db, number) => db.del(layout.voidKey(number, positionOf(second)))), [
      [second.id, 'STORE_CORRUPT'],
    ])
    const marked = (db: Database, number: number) =>
      db.put(layout.voidKey(number, positionOf(first)), Buffer.alloc(0))
    assert.deepEqual(await found(marked), [[first.id, 'STORE_CORRUPT']])
  })

  it('an entry that is stored with a wrong point of the policy', async () => {
    const problems = await found(async (db, _, store) => {
      const [record] = await store.lookup([after.id])
      await db.put(layout.indexKey(after.id), layout.encodeIndex(after.id, { ...record!, after: 0 }))
    })
    assert.deepEqual(problems, [[after.id, 'STORE_CORRUPT']])
  })

  it('a policy whose records are gone or damaged', async () => {
    const gone = (db: Database, number: number) => db.del(layout.policyKey(number, positionOf(granted)))
    assert.deepEqual(await found(gone), [['tree', 'STORE_CORRUPT']])
    const cut = (db: Database, number: number) => db.put(layout.pointKey(number, 1), Buffer.alloc(31))
    assert.deepEqual(await found(cut), [['tree', 'STORE_CORRUPT']])
  })
})
