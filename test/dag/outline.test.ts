/**
 * Outlines of bodies: what an outline accepts `readEntry` accepts too, with the same parts, whatever the bytes are; and
 * usual entries are accepted, so that the main thread need not read them.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { expandBytes, readEntryVectors } from '../../conformance/vectors/format.ts'
import { limits } from '../../src/base/limits.ts'
import { type EntryBody, encodeBody } from '../../src/dag/body.ts'
import { changesPolicy, plainEntry, readEntry, type VerifiedEntry } from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import type { EntryId } from '../../src/dag/id.ts'
import { idStride, Outline, statedHeight } from '../../src/dag/outline.ts'
import { hasReservedKinds, OutlinedBody } from '../../src/dag/outlined-body.ts'
import { anyBody, mutations } from '../kit/arbitrary.ts'
import { shapes, TreeBuilder } from '../kit/entries.ts'

const signature = new Uint8Array(64).fill(7)
const someId = 'ab'.repeat(32) as EntryId

/** Reads a body by its outline, at an odd place of a larger buffer. Returns what it found, or undefined. */
function outlined(body: Uint8Array, tree: EntryId) {
  const bytes = Buffer.concat([Buffer.alloc(13, 255), body, Buffer.alloc(40, 255)])
  const outline = new Outline()
  if (!outline.read(bytes, 13, 13 + body.length, hexToBytes(tree))) return undefined
  const idsAt = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) =>
      bytes.toString('hex', first + index * idStride, first + index * idStride + 32),
    )
  return {
    height: outline.height,
    author: idsAt(outline.author, 1)[0],
    parents: idsAt(outline.parents, outline.parentCount),
    policy: idsAt(outline.policy, outline.policyCount),
    reserved: outline.reserved,
  }
}

/** Asserts that an outline accepts only what `readEntry` accepts. Returns whether it does. */
function agrees(body: Uint8Array, tree: EntryId): boolean {
  const found = outlined(body, tree)
  if (found === undefined) return false
  const entry = readEntry({ body, signature })
  const { height, author, parents, policy } = entry.body
  const reserved = hasReservedKinds(entry.body)
  assert.deepEqual(found, { height, author, parents, policy, reserved })
  assert.equal(entry.tree, tree)
  assert.equal(changesPolicy(entry), false)
  assert.equal(statedHeight(body), height)
  return true
}

/** Makes a body one that is valid, of the tree `someId`, as far as that takes few changes. */
function made(body: EntryBody): EntryBody {
  const ordered = (ids: readonly EntryId[]) => [...new Set(ids)].sort()
  const [parents, policy] = [ordered(body.parents), ordered(body.policy)]
  return { ...body, tree: someId, parents, policy }
}

describe('an outline', () => {
  test('accepts no body that readEntry refuses, and finds the same in the others', () => {
    let accepted = 0
    fc.assert(
      fc.property(anyBody, fc.boolean(), (body, valid) => {
        if (agrees(encodeBody(valid ? made(body) : body), someId)) accepted++
      }),
    )
    assert.ok(accepted > 0)
  })

  test('accepts no mutation that readEntry refuses', () => {
    const bodies = shapes.random(40, 4, () => 0.5).map(({ signed, tree }) => ({ body: signed.body, tree }))
    fc.assert(
      fc.property(
        fc
          .constantFrom(...bodies)
          .chain(({ body, tree }) => mutations(body).map((bytes) => ({ bytes, tree }))),
        ({ bytes, tree }) => {
          agrees(bytes, tree)
          // Whatever the bytes are, it returns a number.
          assert.ok(statedHeight(bytes) >= 0)
        },
      ),
    )
  })

  test('agrees with readEntry on every golden vector', () => {
    const { valid, invalid } = readEntryVectors()
    for (const vector of [...valid, ...invalid]) {
      const body = expandBytes(vector.body)
      const tree = hexAt(body, 4)
      const accepted = agrees(body, tree)
      if ('decidedBy' in vector && vector.decidedBy === 'body' && vector.code !== 'ENTRY_SIGNATURE')
        assert.equal(accepted, false, vector.name)
    }
  })

  test('accepts all usual entries, and leaves the others to readEntry', () => {
    const tree = new TreeBuilder()
    const usual = tree.chain(tree.root, 3)
    usual.push(tree.add([usual[0]!, usual[2]!, tree.root]))
    for (const { signed } of usual) assert.ok(agrees(signed.body, tree.root.id))
    assert.equal(outlined(tree.root.signed.body, tree.root.id), undefined)
    assert.equal(outlined(usual[0]!.signed.body, someId), undefined)
    const named = (store: string) =>
      tree.add(undefined, { changes: [{ store, kind: '', payload: new Uint8Array(0) }] })
    assert.equal(outlined(named('größe').signed.body, tree.root.id), undefined)
    assert.ok(agrees(named('s'.repeat(limits.storeNameBytes)).signed.body, tree.root.id))
  })
})

/** The id at a place of a body, or some other if the body is shorter. */
function hexAt(body: Uint8Array, at: number): EntryId {
  return (body.length < at + 32 ? someId : bytesToHex(body.subarray(at, at + 32))) as EntryId
}

describe('an outlined body', () => {
  test('has all that the decoded one has', () => {
    const [entry] = shapes.linear(1).slice(1)
    const { tree, parents, height, author, policy } = entry!.body
    const body = new OutlinedBody(entry!.signed.body, tree!, parents, height, author, policy, false)
    const keys = Object.keys(entry!.body) as (keyof EntryBody)[]
    assert.ok(keys.length >= 9)
    for (const key of keys) assert.deepEqual(body[key], entry!.body[key], key)
    const outlinedEntry = { ...entry!, body } as unknown as VerifiedEntry
    assert.deepEqual(plainEntry(outlinedEntry), entry)
    assert.equal(plainEntry(entry!), entry)
    assert.equal(changesPolicy(outlinedEntry), false)
  })
})
