/**
 * Pages encoded by hand equal those of Protobuf's runtime byte for byte, and are decoded as the runtime decodes them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import {
  SendEntriesRequestSchema,
  type SyncTreeResponse,
  SyncTreeResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { SignedEntry } from '../../src/dag/entry.ts'
import { idToBytes, type TreeId } from '../../src/dag/id.ts'
import { PackedSyncService, readPage, writePage, writeSendRequest } from '../../src/rpc/packed.ts'

const tree = 'ab'.repeat(32) as TreeId
const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength })
const entriesArbitrary = fc.array(fc.record({ body: bytes(300), signature: bytes(64) }), { maxLength: 20 })
const edges = [1, 127, 128, 16_383, 16_384, limits.entryBodyBytes].map((length) => ({
  body: new Uint8Array(length).fill(7),
  signature: new Uint8Array(64).fill(9),
}))

test('a page, in binary and in JSON', () => {
  fc.assert(
    fc.property(entriesArbitrary, fc.boolean(), (entries, more) => {
      const plain = create(SyncTreeResponseSchema, { part: { case: 'page', value: { entries, more } } })
      const packed = toBinary(SyncTreeResponseSchema, writePage({ entries, more }, false))
      assert.deepEqual(packed, toBinary(SyncTreeResponseSchema, plain))
      assert.deepEqual(
        toJson(SyncTreeResponseSchema, writePage({ entries, more }, true)),
        toJson(SyncTreeResponseSchema, plain),
      )
    }),
    { examples: [[edges, true]], numRuns: 50 },
  )
})

test('a request to store a page', () => {
  fc.assert(
    fc.property(entriesArbitrary, (entries) => {
      const plain = create(SendEntriesRequestSchema, { tree: idToBytes(tree), entries })
      assert.deepEqual(
        toBinary(SendEntriesRequestSchema, writeSendRequest(tree, entries)),
        toBinary(SendEntriesRequestSchema, plain),
      )
    }),
    { examples: [[edges]], numRuns: 50 },
  )
})

const answerSchema = PackedSyncService.methods.find(({ name }) => name === 'SyncTree')!.output

/** A page as a client reads it; the error's code where it cannot. */
function read(message: Uint8Array) {
  try {
    return readPage(tree, fromBinary(answerSchema, message) as SyncTreeResponse)
  } catch (error) {
    return error instanceof CausewayError ? error.code : 'refused by the runtime'
  }
}

test('a page is read as the runtime reads it', () => {
  fc.assert(
    fc.property(entriesArbitrary, fc.boolean(), (entries, more) => {
      const page = read(toBinary(SyncTreeResponseSchema, writePage({ entries, more }, false)))
      assert.ok(typeof page === 'object')
      const plain = ({ body, signature }: SignedEntry) => [Buffer.from(body), Buffer.from(signature)]
      assert.deepEqual(page.entries.map(plain), entries.map(plain))
      assert.equal(page.more, more)
    }),
    { examples: [[edges, true]], numRuns: 50 },
  )
  assert.equal(read(toBinary(SyncTreeResponseSchema, create(SyncTreeResponseSchema))), undefined)
})

test('malformed bytes cause PROTOCOL, or are read as the runtime reads them', () => {
  const whole = toBinary(
    SyncTreeResponseSchema,
    writePage(
      { entries: [{ body: Buffer.from('body'), signature: Buffer.from('signature') }], more: true },
      false,
    ),
  )
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
      const bytes = cut ? whole.slice(0, at) : whole.with(at, value)
      const page = read(bytes)
      if (typeof page === 'string') return
      // What we take the runtime takes as well, and it finds the same.
      const plain = fromBinary(SyncTreeResponseSchema, bytes)
      if (plain.part.case !== 'page') return assert.equal(page?.entries.length ?? 0, 0)
      assert.equal(page!.more, plain.part.value.more)
      assert.deepEqual(
        page!.entries.map(({ body, signature }) => [Buffer.from(body), Buffer.from(signature)]),
        plain.part.value.entries.map(({ body, signature }) => [Buffer.from(body), Buffer.from(signature)]),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a page in its compact form, in binary and in JSON, and one in both forms', () => {
  const entries = edges.slice(1, 4)
  const compact = toBinary(SyncTreeResponseSchema, writePage({ entries, more: true }, false, tree))
  const page = read(compact)
  assert.ok(typeof page === 'object')
  const plain = ({ body, signature }: SignedEntry) => [Buffer.from(body), Buffer.from(signature)]
  assert.deepEqual(page.entries.map(plain), entries.map(plain))
  assert.equal(page.more, true)
  assert.deepEqual(
    toJson(SyncTreeResponseSchema, writePage({ entries, more: true }, true, tree)),
    toJson(SyncTreeResponseSchema, fromBinary(SyncTreeResponseSchema, compact)),
  )
  const both = Buffer.concat([
    compact,
    toBinary(SyncTreeResponseSchema, writePage({ entries, more: true }, false)),
  ])
  assert.equal(read(both), 'PROTOCOL')
  assert.equal(read(compact.slice(0, -1)), 'refused by the runtime')
})
