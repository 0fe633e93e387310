/** Address records: one encoding, signed by their peer, bounded; anything else is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { AddressRecordSchema, AddressScope } from '../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../src/base/limits.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { readRecord, signRecord } from '../../src/find/record.ts'
import { testIdentity } from '../kit/entries.ts'

const [ada, bob] = [testIdentity(1), testIdentity(2)]
const fields = {
  sequence: 1_700_000_000_000,
  ttlSeconds: 3_600,
  near: false,
  addresses: ['http://a.example:1'],
}
const refused = { code: 'PROTOCOL' }

/** Signs an encoding as it is. */
const signed = (record: Uint8Array, identity = ada) => ({
  record,
  signature: identity.sign('causeway.addresses.v1\0', record),
})
const message = (changed: object = {}) =>
  toBinary(
    AddressRecordSchema,
    create(AddressRecordSchema, {
      ...{
        peer: hexToBytes(ada.peer),
        sequence: 5n,
        ttlSeconds: 60,
        scope: AddressScope.WIDE,
        addresses: [],
      },
      ...changed,
    }),
  )

describe('An address record', () => {
  it('is read as it was signed', async () => {
    const addresses = fc.array(fc.webUrl({ size: 'small' }), { maxLength: limits.dialAddresses })
    const sequence = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
    const ttlSeconds = fc.integer({ min: 1, max: limits.recordTtlSeconds })
    const any = fc.record({ addresses, sequence, ttlSeconds, near: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(any, async (record) => {
        assert.deepEqual(await readRecord(signRecord(ada, record)), { ...record, peer: ada.peer })
      }),
      { numRuns: 50 },
    )
  })

  it('that somebody else signed, or that was changed, is refused', async () => {
    const { record, signature } = signRecord(ada, fields)
    await assert.rejects(readRecord(signed(record, bob)), refused)
    for (let index = 0; index < record.length; index += 3) {
      const changed = Uint8Array.from(record)
      changed[index]! ^= 1
      await assert.rejects(readRecord({ record: changed, signature }), refused)
    }
    await assert.rejects(readRecord({ record, signature: signature.subarray(1) }), refused)
  })

  it('has one encoding', async () => {
    const bytes = message()
    assert.equal((await readRecord(signed(bytes))).sequence, 5)
    const others = [
      Buffer.concat([bytes, Buffer.of(0x38, 1)]), // an unknown field
      Buffer.concat([bytes.subarray(34), bytes.subarray(0, 34)]), // another order
      Buffer.concat([bytes, Buffer.of(0x18, 60)]), // a field twice
      Buffer.from('ffff', 'hex'),
      new Uint8Array(0),
    ]
    for (const other of others) await assert.rejects(readRecord(signed(other)), refused)
  })

  it('past a bound is refused', async () => {
    const addresses = (count: number, length: number) =>
      Array.from({ length: count }, () => 'a'.repeat(length))
    for (const changed of [
      ...[
        { sequence: 0n },
        { sequence: 2n ** 53n },
        { ttlSeconds: 0 },
        { ttlSeconds: limits.recordTtlSeconds + 1 },
      ],
      ...[{ scope: AddressScope.UNSPECIFIED }, { scope: 3 }, { peer: new Uint8Array(31) }],
      ...[
        { addresses: addresses(limits.dialAddresses + 1, 8) },
        { addresses: addresses(2, limits.recordBytes / 2) },
      ],
    ])
      await assert.rejects(
        readRecord(signed(message(changed))),
        refused,
        JSON.stringify(Object.keys(changed)),
      )
  })
})
