/** Pages packed by hand are, byte for byte, what Protobuf's runtime makes of the same entries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { SendEntriesRequestSchema, SyncTreeResponseSchema } from '../../gen/causeway/v1/sync_pb.ts'
import { idToBytes, type TreeId } from '../../src/dag/id.ts'
import { limits } from '../../src/limits.ts'
import { writePage, writeSendRequest } from '../../src/rpc/packed.ts'

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
