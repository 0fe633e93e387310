/**
 * The codec of bodies and of policy changes. It returns what it encoded, agrees with a general Protobuf library, and
 * turns any bytes either into a body that encodes to them or into one of its own errors.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { expandBytes, readEntryVectors } from '../../conformance/vectors/format.ts'
import { EntryBodySchema, PolicyChangeSchema } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { decodeBody, decodeChanges, decodeParents, type EntryBody, encodeBody } from '../../src/dag/body.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { decodePolicyChange, encodePolicyChange } from '../../src/dag/policy/change.ts'
import { anyBody, mutations } from '../kit/arbitrary.ts'

/** Encodes a body with another library. */
function byLibrary(body: EntryBody): Uint8Array {
  return toBinary(
    EntryBodySchema,
    create(EntryBodySchema, {
      version: body.version,
      tree: hexToBytes(body.tree ?? ''),
      parents: body.parents.map(hexToBytes),
      height: BigInt(body.height),
      author: hexToBytes(body.author),
      createdAtMs: BigInt(body.createdAtMs),
      policy: body.policy.map(hexToBytes),
      changes: body.changes.map(({ store, kind, payload }) => ({ store, kind, payload })),
      nonce: body.nonce,
    }),
  )
}

/** Decodes any bytes. Returns whether they were accepted; accepted bytes must encode to themselves. */
function takes<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): boolean {
  let value: T
  try {
    value = decode(bytes)
  } catch (error) {
    assert.ok(error instanceof CausewayError && error.code.startsWith('ENTRY_'), String(error))
    return false
  }
  assert.equal(bytesToHex(encode(value)), bytesToHex(bytes))
  return true
}

const smallVectors = readEntryVectors()
  .valid.map((vector) => expandBytes(vector.body))
  .filter((body) => body.length < 2000)

describe('body', () => {
  test('decode returns what was encoded, or the parents or the changes alone', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const bytes = encodeBody(body)
        assert.deepEqual(decodeBody(bytes), body)
        assert.deepEqual(decodeParents(bytes), body.parents)
        const { author, createdAtMs, changes } = body
        assert.deepEqual(decodeChanges(bytes), { author, createdAtMs, changes })
      }),
      { numRuns: 1000 },
    )
  })

  test('a general Protobuf library writes the same bytes and reads the same fields', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const bytes = encodeBody(body)
        assert.equal(bytesToHex(byLibrary(body)), bytesToHex(bytes))
        const read = fromBinary(EntryBodySchema, bytes)
        assert.equal(read.height, BigInt(body.height))
        assert.equal(read.createdAtMs, BigInt(body.createdAtMs))
        assert.deepEqual(read.parents.map(bytesToHex), body.parents)
      }),
      { numRuns: 500 },
    )
  })

  test('arbitrary bytes are refused, or encode to themselves', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        takes(bytes, decodeBody, encodeBody)
        takes(Uint8Array.of(8, 1, ...bytes), decodeBody, encodeBody)
        takes(bytes, decodePolicyChange, encodePolicyChange)
      }),
      { numRuns: 3000 },
    )
  })

  test('mutated bodies are refused, or encode to themselves', () => {
    let taken = 0
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...smallVectors), anyBody.map(encodeBody)).chain(mutations),
        (bytes) => {
          if (takes(bytes, decodeBody, encodeBody)) taken++
        },
      ),
      { numRuns: 5000 },
    )
    assert.ok(taken > 100, `Only ${taken} mutations were taken: the test proves little.`)
  })

  test('mutated policy changes are refused, or encode to themselves as the library does', () => {
    const policies = smallVectors
      .flatMap((body) => decodeBody(body).changes)
      .filter(({ store }) => store === '_policy')
      .map(({ payload }) => new Uint8Array(payload))
    let taken = 0
    fc.assert(
      fc.property(fc.constantFrom(...policies).chain(mutations), (bytes) => {
        if (!takes(bytes, decodePolicyChange, encodePolicyChange)) return
        taken++
        const read = decodePolicyChange(bytes)
        assert.equal(bytesToHex(toBinary(PolicyChangeSchema, read)), bytesToHex(bytes))
      }),
      { numRuns: 3000 },
    )
    assert.ok(taken > 50, `Only ${taken} mutations were taken: the test proves little.`)
  })

  test('values that no body can hold are refused when encoding, not signed as others', () => {
    const body: EntryBody = {
      version: 1,
      tree: undefined,
      parents: [],
      height: 0,
      author: '' as PeerId,
      createdAtMs: 0,
      policy: [],
      changes: [],
      nonce: new Uint8Array(0),
    }
    const change = { store: 's', kind: '', payload: new Uint8Array(0) }
    for (const number of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      assert.throws(() => encodeBody({ ...body, createdAtMs: number }), { code: 'ENTRY_TIME' })
      assert.throws(() => encodeBody({ ...body, height: number }), { code: 'ENTRY_HEIGHT' })
    }
    assert.throws(() => encodeBody({ ...body, changes: [{ ...change, store: 'a\ud800' }] }), {
      code: 'ENTRY_CHANGES',
    })
    assert.throws(() => encodeBody({ ...body, changes: [{ ...change, kind: '\udc00a' }] }), {
      code: 'ENTRY_CHANGES',
    })
  })

  test('a mebibyte that is built to be slow is refused or read quickly', () => {
    const emptyKeys = new Uint8Array(1 << 20).map((_, index) => (index % 2 === 0 ? 0x1a : 0))
    const emptyChanges = new Uint8Array(1 << 20).map((_, index) => (index % 2 === 0 ? 0x42 : 0))
    emptyChanges.set([8, 1])
    const started = performance.now()
    assert.throws(() => decodePolicyChange(emptyKeys), { code: 'ENTRY_POLICY' })
    assert.throws(() => decodeBody(emptyChanges), { code: 'ENTRY_CHANGES' })
    assert.ok(performance.now() - started < 200)
  })
})
