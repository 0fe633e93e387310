/** Payloads have one encoding: whatever bytes can be read encode back to these bytes, and all others are refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { EntryId } from '../../src/dag/id.ts'
import { decodePut, encodePut, type MapPut } from '../../src/state/payload.ts'
import { mutations } from '../kit/arbitrary.ts'

const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))
const common = {
  key: fc.string({ minLength: 1, maxLength: 40 }).filter((key) => !key.includes('\0')),
  type: fc.constantFrom('', 'text/plain', 'image/png; a=b'),
  replaces: fc.uniqueArray(hex32, { maxLength: 3 }).map((names) => names.sort() as EntryId[]),
}
const size = fc.oneof(fc.integer({ min: 1, max: limits.blobBytes }), fc.constantFrom(1, limits.blobBytes))
const puts: fc.Arbitrary<MapPut> = fc.oneof(
  fc.record({ ...common, value: fc.uint8Array({ maxLength: 60 }) }, { noNullPrototype: true }),
  fc.record(
    {
      ...common,
      value: fc.constant(new Uint8Array(0)),
      blob: fc.record({ id: hex32, size }, { noNullPrototype: true }),
    },
    { noNullPrototype: true },
  ),
)

describe('a put', () => {
  it('reads as what was written', () => {
    fc.assert(
      fc.property(puts, (put) => {
        const read = decodePut(encodePut(put))
        assert.deepEqual(
          { ...read, value: Buffer.from(read.value) },
          { ...put, value: Buffer.from(put.value) },
        )
      }),
    )
  })

  it('of any other bytes is refused, or is what these bytes say and no others', () => {
    const changed = puts.chain((put) => mutations(encodePut(put)))
    fc.assert(
      fc.property(changed, (bytes) => {
        let read: MapPut
        try {
          read = decodePut(bytes)
        } catch (error) {
          assert.ok(error instanceof CausewayError, String(error))
          assert.match(error.code, /^ENTRY_/)
          return
        }
        assert.ok(Buffer.from(encodePut(read)).equals(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})
