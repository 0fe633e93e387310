/**
 * Signing and reading entries. A signed entry reads back, every limit is exceeded by one, hostile bytes get only entry
 * codes, and an entry's place in the tree is checked against its parents.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { Change } from '../../src/dag/body.ts'
import {
  checkParents,
  type Draft,
  entryBytes,
  readEntry,
  readRoot,
  signEntry,
  signRoot,
  verifyEntry,
} from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { mutations } from '../kit/arbitrary.ts'
import { prng, shapes, testIdentity, tipsOf } from '../kit/entries.ts'

const identity = testIdentity(0)
const [root, child] = shapes.linear(1) as [ReturnType<typeof signEntry>, ReturnType<typeof signEntry>]
const some: Change = { store: 'log', kind: '', payload: new Uint8Array(0) }
const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, '0') as EntryId)

function sign(draft: Partial<Draft>) {
  return signEntry(identity, {
    tree: root.id,
    parents: [root.id],
    height: 1,
    createdAtMs: 1,
    changes: [some],
    ...draft,
  })
}

const nameRoot = (name: string, nonceBytes: number = limits.rootNonceMinBytes) =>
  signRoot(identity, {
    name,
    publicAccess: PublicAccess.READ,
    createdAtMs: 1,
    nonce: new Uint8Array(nonceBytes),
  })

describe('entry', () => {
  test('a signed entry reads back and verifies, and counts as body and signature', async () => {
    for (const entry of shapes.random(50, 4, prng(5))) {
      const read = await verifyEntry(readEntry(entry.signed))
      assert.deepEqual(read, entry)
      assert.equal(entryBytes(read.signed), read.signed.body.length + 64)
    }
  })

  test('a root states its name and access; its tree is itself', () => {
    const made = nameRoot('notes')
    assert.deepEqual(readRoot(made), { name: 'notes', publicAccess: PublicAccess.READ })
    assert.equal(made.tree, made.id)
    assert.equal(made.body.tree, undefined)
    const unspecified = signRoot(identity, {
      name: 'n',
      publicAccess: PublicAccess.UNSPECIFIED,
      createdAtMs: 1,
      nonce: new Uint8Array(16),
    })
    assert.equal(readRoot(unspecified).publicAccess, PublicAccess.NONE)
  })

  test('parents and policy are sorted when signing', () => {
    const given = ids(5).reverse()
    const entry = sign({ parents: given, policy: given })
    assert.deepEqual(entry.body.parents, ids(5))
    assert.deepEqual(entry.body.policy, ids(5))
    assert.deepEqual(given, ids(5).reverse())
  })

  const atLimits: [string, number, string, (count: number) => unknown][] = [
    ['parents', limits.entryParents, 'ENTRY_PARENTS', (count) => sign({ parents: ids(count) })],
    ['policy entries', limits.entryPolicies, 'ENTRY_POLICY', (count) => sign({ policy: ids(count) })],
    ['changes', limits.entryChanges, 'ENTRY_CHANGES', (count) => sign({ changes: Array(count).fill(some) })],
    ['nonce', limits.entryNonceBytes, 'ENTRY_NONCE', (count) => sign({ nonce: new Uint8Array(count) })],
    [
      'store',
      limits.storeNameBytes,
      'ENTRY_CHANGES',
      (count) => sign({ changes: [{ ...some, store: 's'.repeat(count) }] }),
    ],
    [
      'kind',
      limits.storeNameBytes,
      'ENTRY_CHANGES',
      (count) => sign({ changes: [{ ...some, kind: 'k'.repeat(count) }] }),
    ],
    ['tree name', limits.nameBytes, 'ENTRY_ROOT', (count) => nameRoot('n'.repeat(count))],
    ['time', Number.MAX_SAFE_INTEGER, 'ENTRY_TIME', (time) => sign({ createdAtMs: time })],
    ['height', Number.MAX_SAFE_INTEGER, 'ENTRY_HEIGHT', (height) => sign({ height })],
  ]
  for (const [what, limit, code, make] of atLimits)
    test(`limit of ${what}: ${limit} is accepted, one more is ${code}`, () => {
      make(limit)
      assert.throws(() => make(limit + 1), { name: 'CausewayError', code })
    })

  test('limit of a body: 1 MiB is accepted, one more byte is ENTRY_TOO_LARGE', () => {
    const around =
      sign({ changes: [{ ...some, payload: new Uint8Array(1_000_000) }] }).signed.body.length - 1_000_000
    const make = (size: number) => sign({ changes: [{ ...some, payload: new Uint8Array(size - around) }] })
    assert.equal(make(limits.entryBodyBytes).signed.body.length, limits.entryBodyBytes)
    assert.throws(() => make(limits.entryBodyBytes + 1), { code: 'ENTRY_TOO_LARGE' })
  })

  test("a root's nonce has at least 16 bytes", () => {
    assert.throws(() => nameRoot('n', limits.rootNonceMinBytes - 1), { code: 'ENTRY_NONCE' })
    assert.throws(() => nameRoot(''), { code: 'ENTRY_ROOT' })
    assert.throws(() => nameRoot('a\ud800'), { code: 'ENTRY_ROOT' })
  })

  test('the place in the tree is checked against the parents', () => {
    const known = { tree: root.id, height: 0 }
    checkParents(root, [])
    checkParents(child, [known])
    assert.throws(() => checkParents(child, [undefined]), {
      code: 'ENTRY_MISSING_PARENT',
      data: { parent: root.id },
    })
    // Fewer answers than parents are missing parents, not parents that hold.
    assert.throws(() => checkParents(child, []), { code: 'ENTRY_MISSING_PARENT' })
    assert.throws(() => checkParents(child, [{ ...known, tree: child.id as TreeId }]), { code: 'ENTRY_TREE' })
    assert.throws(() => checkParents(child, [{ ...known, height: 1 }]), { code: 'ENTRY_HEIGHT' })
  })

  test('mutated entries are the same entry, another entry, or refused with an entry code', async () => {
    const entries = shapes.random(20, 4, prng(9))
    const originals = new Set<string>(entries.map(({ id }) => id))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...entries).chain(({ signed }) =>
          fc.oneof(
            mutations(signed.body).map((body) => ({ ...signed, body })),
            mutations(signed.signature).map((signature) => ({ ...signed, signature })),
          ),
        ),
        async (signed) => {
          try {
            const entry = await verifyEntry(readEntry(signed))
            assert.ok(originals.has(entry.id), 'A mutation of a signed entry holds.')
          } catch (error) {
            assert.ok(error instanceof CausewayError && error.code.startsWith('ENTRY_'), String(error))
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('test trees', () => {
  test('the same seed gives the same ids, another seed others', () => {
    assert.deepEqual(shapes.random(30, 3, prng(1)), shapes.random(30, 3, prng(1)))
    assert.notEqual(shapes.linear(0)[0]!.id, shapes.linear(0, { seed: 1 })[0]!.id)
  })

  test('every shape is valid, parents first, with the tips that its name says', async () => {
    const expected: [string, ReturnType<typeof shapes.linear>, number][] = [
      ['linear', shapes.linear(10), 1],
      ['diamond', shapes.diamond(), 1],
      ['twoBranches', shapes.twoBranches(10), 2],
      ['concurrentTips', shapes.concurrentTips(100), 100],
      ['oldFork', shapes.oldFork(20), 2],
      ['mergeHeavy', shapes.mergeHeavy(5, 4), 4],
      ['sharedRoot', shapes.sharedRoot(8), 8],
    ]
    for (const [name, entries, tips] of expected) {
      const known = new Map<EntryId, { tree: TreeId; height: number }>()
      for (const entry of entries) {
        checkParents(
          await verifyEntry(readEntry(entry.signed)),
          entry.body.parents.map((id) => known.get(id)),
        )
        known.set(entry.id, { tree: entry.tree, height: entry.body.height })
      }
      assert.equal(known.size, entries.length, name)
      assert.equal(tipsOf(entries).length, tips, name)
    }
  })
})
