/**
 * The audit finds nothing in a sound store, and names exactly what was damaged. Each kind of record is changed, removed
 * or invented in the raw database.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CausewayError, ErrorCode } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { readEntry, signEntry, type VerifiedEntry } from '../../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import { auditTree } from '../../../src/store/audit/audit.ts'
import * as layout from '../../../src/store/database/layout.ts'
import { addTip, type IndexRecord } from '../../../src/store/engine/records.ts'
import type { DagStore } from '../../../src/store/store.ts'
import { prng, shapes, shuffleParentsFirst, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { fill, openPeer } from '../../kit/peers.ts'

const sound = shapes.random(300, 8, prng(5))
const tree = sound[0]!.id
/** An entry with children. */
const inner = sound.find((entry) => entry.body.height > 10)!
const position = { height: inner.body.height, id: inner.id }

interface Raw {
  readonly store: DagStore
  readonly number: number
  index(id: EntryId): Promise<IndexRecord>
  tip(): Promise<VerifiedEntry>
  put(key: Buffer, value: Uint8Array): Promise<void>
  del(key: Buffer): Promise<void>
}

/** Damages a sound store and returns what the audit found: entries (or 'tree') and codes. */
async function found(damage: (raw: Raw) => Promise<void>, entries: readonly VerifiedEntry[] = sound) {
  await using peer = await openPeer(entries)
  const { store } = peer
  const root = entries[0]!.id as TreeId
  const { number } = layout.decodeTree(root, (await store.db.get(layout.treeKey(root)))!)
  await damage({
    store,
    number,
    index: async (id) => (await store.lookup([id]))[0]!,
    tip: async () => {
      const tips = await store.tips(root)
      return entries.find(({ id }) => id === tips[0])!
    },
    put: (key, value) => store.db.put(key, Buffer.from(value)),
    del: (key) => store.db.del(key),
  })
  const { problems } = await auditTree(store, root)
  return problems.map(({ entry, code }) => [entry ?? 'tree', code])
}

const damaged = (entry: string = inner.id, code: ErrorCode = 'STORE_CORRUPT') => [[entry, code]]

describe('an audit', () => {
  it('finds nothing in sound stores, in any order of arrival', async () => {
    for (const entries of [
      shapes.linear(100),
      shapes.diamond(),
      shapes.concurrentTips(1200),
      shapes.mergeHeavy(30),
      shuffleParentsFirst(sound, prng(9)),
    ]) {
      await using peer = await openPeer()
      await fill(peer.store, entries, { pageEntries: 17 })
      const steps: number[] = []
      const result = await auditTree(peer.store, entries[0]!.id, {
        onProgress: (checked, count) => steps.push(checked, count),
      })
      assert.deepEqual(result, { checked: entries.length, problems: [] })
      assert.deepEqual(steps.slice(-2), [entries.length, entries.length])
    }
  })

  it('checks one moment while writes go on', async () => {
    await using peer = await openPeer(sound.slice(0, 100))
    const audit = auditTree(peer.store, tree)
    const [result] = await Promise.all([audit, fill(peer.store, sound.slice(100), { pageEntries: 5 })])
    assert.deepEqual(result.problems, [])
    assert.deepEqual(await auditTree(peer.store, tree), { checked: sound.length, problems: [] })
  })

  it('ignores other trees', async () => {
    const other = shapes.linear(20, { seed: 'other' })
    await using peer = await openPeer(sound)
    await fill(peer.store, other)
    await peer.store.db.del(layout.indexKey(inner.id))
    assert.deepEqual((await auditTree(peer.store, other[0]!.id)).problems, [])
    assert.equal((await auditTree(peer.store, tree)).problems.length, 1)
  })

  it('throws UNKNOWN_TREE and CANCELLED', async () => {
    await using peer = await openPeer(sound)
    const code = (expected: string) => (error: CausewayError) => error.code === expected
    await assert.rejects(auditTree(peer.store, inner.id), code('UNKNOWN_TREE'))
    await assert.rejects(auditTree(peer.store, tree, { signal: AbortSignal.abort() }), code('CANCELLED'))
  })

  it('stops at a bounded number of problems', async () => {
    const many = shapes.concurrentTips(limits.auditProblems + 200)
    const problems = await found(async ({ del }) => {
      for (const { id } of many) await del(layout.indexKey(id))
    }, many)
    assert.equal(problems.length, limits.auditProblems)
  })
})

describe('an audit names', () => {
  const entryKey = (number: number) => layout.entryKey(number, position)

  it('an entry of which any byte was changed', async () => {
    for (const at of [0, 63, 64, 80, 150, -1])
      assert.deepEqual(
        await found(async ({ store, number, put }) => {
          const value = Buffer.from((await store.db.get(entryKey(number)))!)
          const byte = at < 0 ? value.length + at : at
          value[byte]! ^= 1
          await put(entryKey(number), value)
        }),
        damaged(),
      )
  })

  it('an entry that was cut, lengthened, emptied or replaced by another', async () => {
    const other = sound.find(({ id }) => id !== inner.id)!
    const changes: ((value: Buffer) => Uint8Array)[] = [
      (value) => value.subarray(0, 70),
      (value) => value.subarray(0, 10),
      (value) => Buffer.concat([value, Buffer.from([0])]),
      () => Buffer.alloc(0),
      () => layout.encodeEntry(other.signed),
    ]
    for (const change of changes)
      assert.deepEqual(
        await found(async ({ store, number, put }) =>
          put(entryKey(number), change((await store.db.get(entryKey(number)))!)),
        ),
        damaged(),
      )
  })

  it('an entry that is missing: with children, a tip, or the root', async () => {
    assert.deepEqual(await found(({ number, del }) => del(entryKey(number))), damaged())
    let tip = ''
    assert.deepEqual(
      await found(async (raw) => {
        const { id, body } = await raw.tip()
        tip = id
        await raw.del(layout.entryKey(raw.number, { id, height: body.height }))
      }),
      damaged(tip),
    )
    const root = ({ number, del }: Raw) => del(layout.entryKey(number, { id: tree, height: 0 }))
    assert.deepEqual(await found(root), damaged(tree))
    const alone = shapes.linear(0)
    assert.deepEqual(
      await found(({ number, del }) => del(layout.entryKey(number, { id: alone[0]!.id, height: 0 })), alone),
      damaged(alone[0]!.id),
    )
  })

  it('an entry that is stored at another height', async () => {
    for (const height of [position.height - 1, position.height + 1, 1e6])
      assert.deepEqual(
        await found(async ({ store, number, put, del }) => {
          const value = (await store.db.get(entryKey(number)))!
          await del(entryKey(number))
          await put(layout.entryKey(number, { ...position, height }), value)
        }),
        damaged(),
      )
  })

  it('an entry with an invalid signature', async () => {
    const builder = new TreeBuilder()
    builder.chain(builder.root, 5)
    const honest = builder.add()
    const signature = honest.signed.signature.with(3, honest.signed.signature[3]! ^ 1)
    const forged = readEntry({ body: honest.signed.body, signature }) as VerifiedEntry
    const entries = [...builder.entries.slice(0, -1), forged]
    assert.deepEqual(await found(async () => {}, entries), damaged(forged.id, 'ENTRY_SIGNATURE'))
  })

  it("another tree's entry in this one", async () => {
    const other = shapes.linear(1, { seed: 'other' })[0]!
    const problems = await found(({ number, put }) =>
      put(layout.entryKey(number, { id: other.id, height: 0 }), layout.encodeEntry(other.signed)),
    )
    assert.deepEqual(problems[0], [other.id, 'ENTRY_TREE'])
    assert.ok(problems.every(([entry]) => entry === other.id || entry === 'tree'))
  })

  it('a height that is not one above the highest parent', async () => {
    const builder = new TreeBuilder()
    const [child] = builder.chain(builder.root, 1)
    const high = signEntry(testIdentity(0), {
      tree: builder.root.id,
      parents: [child!.id],
      height: 7,
      createdAtMs: 1,
    })
    assert.deepEqual(
      await found(async ({ store, number, put, del }) => {
        const at = { height: 7, id: high.id }
        const size = high.signed.body.length + 64
        const record = { number, height: 7, sequence: 3, size, after: 0, parents: high.body.parents }
        await put(layout.entryKey(number, at), layout.encodeEntry(high.signed))
        await put(layout.indexKey(high.id), layout.encodeIndex(high.id, record))
        await put(layout.arrivalKey(number, 3), layout.encodePosition(3, at))
        await put(layout.tipKey(number, high.id), layout.encodeHeight(high.id, 7))
        await del(layout.tipKey(number, child!.id))
        const bytes = builder.entries.reduce((sum, { signed }) => sum + signed.body.length + 64, size)
        const key = layout.treeKey(builder.root.id)
        const before = layout.decodeTree(builder.root.id, (await store.db.get(key))!)
        const tipSum = addTip(0, high.id, 1)
        const total = { ...before, count: 3, bytes, height: 7, sequence: 3, tipSum }
        await put(key, layout.encodeTree(builder.root.id, total))
      }, builder.entries),
      damaged(high.id, 'ENTRY_HEIGHT'),
    )
  })

  it('an index record that is missing, cut or wrong in any field', async () => {
    assert.deepEqual(await found(({ del }) => del(layout.indexKey(inner.id))), damaged())
    assert.deepEqual(await found(({ put }) => put(layout.indexKey(inner.id), new Uint8Array(30))), damaged())
    const changes: Partial<IndexRecord>[] = [
      { number: 9 },
      { height: position.height + 1 },
      { sequence: 1 },
      { sequence: 2 ** 50 },
      { size: 1 },
      { parents: [] },
      { parents: [tree] },
    ]
    for (const change of changes)
      assert.deepEqual(
        await found(async ({ index, put }) =>
          put(
            layout.indexKey(inner.id),
            layout.encodeIndex(inner.id, { ...(await index(inner.id)), ...change }),
          ),
        ),
        damaged(),
        JSON.stringify(change),
      )
  })

  it('an arrival that is missing, cut, or names another entry', async () => {
    const at = async ({ number, index }: Raw) => layout.arrivalKey(number, (await index(inner.id)).sequence)
    assert.deepEqual(await found(async (raw) => raw.del(await at(raw))), damaged())
    assert.deepEqual(await found(async (raw) => raw.put(await at(raw), new Uint8Array(3))), damaged())
    assert.deepEqual(
      await found(async (raw) => {
        const { sequence } = await raw.index(inner.id)
        await raw.put(await at(raw), layout.encodePosition(sequence, { height: 0, id: tree }))
      }),
      damaged(),
    )
    const beyond = await found(({ number, put }) =>
      put(
        layout.arrivalKey(number, sound.length + 1),
        layout.encodePosition(sound.length + 1, { height: 0, id: tree }),
      ),
    )
    assert.deepEqual(beyond[0], [tree, 'STORE_CORRUPT'])
  })

  it('a tip that is missing, invented, or damaged', async () => {
    let tip = ''
    const changes: ((raw: Raw) => Promise<void>)[] = [
      (raw) => raw.del(layout.tipKey(raw.number, tip as EntryId)),
      (raw) => raw.put(layout.tipKey(raw.number, tip as EntryId), layout.encodeHeight(tip as EntryId, 1)),
      (raw) => raw.put(layout.tipKey(raw.number, tip as EntryId), new Uint8Array(2)),
    ]
    for (const change of changes) {
      const problems = await found(async (raw) => {
        tip = (await raw.tip()).id
        await change(raw)
      })
      assert.deepEqual(problems, damaged(tip))
    }
    const invent = (id: EntryId) => (raw: Raw) =>
      raw.put(layout.tipKey(raw.number, id), layout.encodeHeight(id, 1))
    assert.deepEqual(await found(invent(inner.id)), damaged())
    const nobody = 'cd'.repeat(32) as EntryId
    assert.deepEqual(await found(invent(nobody)), damaged(nobody))
  })

  it('a wrong total of the tree', async () => {
    for (const field of [
      'count',
      'bytes',
      'height',
      'sequence',
      'tips',
      'tipSum',
      'policies',
      'points',
    ] as const)
      assert.deepEqual(
        await found(async ({ store, put }) => {
          const record = layout.decodeTree(tree, (await store.db.get(layout.treeKey(tree)))!)
          const wrong = { ...record, [field]: record[field] + 1 }
          await put(layout.treeKey(tree), layout.encodeTree(tree, wrong))
        }),
        damaged('tree'),
      )
    assert.deepEqual(await found(({ put }) => put(layout.treeKey(tree), new Uint8Array(5))), damaged('tree'))
    assert.deepEqual(await found(({ del }) => del(layout.treeKey(tree))), damaged('tree'))
  })

  it('several damaged entries, each once', async () => {
    const chosen = sound.filter((_, index) => index % 50 === 7)
    const problems = await found(async ({ number, del }) => {
      for (const { id, body } of chosen) await del(layout.entryKey(number, { id, height: body.height }))
    })
    assert.deepEqual(problems.map(([entry]) => entry).sort(), chosen.map(({ id }) => id).sort())
  })
})
