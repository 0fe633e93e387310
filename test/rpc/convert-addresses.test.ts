/** The messages of ExchangeAddresses: they come back as they were, and what is out of bounds is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  AddressScope,
  ExchangeAddressesRequestSchema,
  ExchangeAddressesResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import {
  readAddressAnswer,
  readMemberAsk,
  writeAddressAnswer,
  writeMemberAsk,
} from '../../src/rpc/convert-addresses.ts'

const signed = { record: new Uint8Array([1]), signature: new Uint8Array([2]) }
const tree = 'ab'.repeat(32) as TreeId
const request = (fields: object) => readMemberAsk(create(ExchangeAddressesRequestSchema, fields))
const known = { peerPrefix: new Uint8Array(8), sequence: 1n, scope: AddressScope.WIDE }
const of = <Item>(item: Item, count: number) => Array<Item>(count).fill(item)

test('a question and an answer come back as they were', () => {
  const ask = {
    ...{ tree, limit: 7, news: [] },
    known: [
      { prefix: '01'.repeat(8), near: true, sequence: 5 },
      { prefix: '02'.repeat(8), near: false, sequence: 6 },
    ],
  }
  assert.deepEqual(request(writeMemberAsk(ask)), ask)
  assert.equal(request({ limit: 1 }), undefined)
  const answer = { own: undefined, observed: '1.2.3.4:5', records: [signed], more: true }
  const read = readAddressAnswer(create(ExchangeAddressesResponseSchema, writeAddressAnswer(answer)))
  assert.deepEqual([read.observed, read.more, read.own], ['1.2.3.4:5', true, undefined])
  assert.deepEqual([...read.records![0]!.record], [1])
})

test('what is out of bounds is refused, also without a tree', () => {
  const ids = { tree: new Uint8Array(32) }
  assert.equal(request({ ...ids, known: of(known, limits.knownRecords) })!.known.length, limits.knownRecords)
  for (const fields of [
    { known: of(known, limits.knownRecords + 1) },
    { ...ids, news: of(signed, limits.newsRecords + 1) },
    { ...ids, limit: limits.answerRecords + 1 },
  ])
    assert.throws(() => request(fields), { code: 'LIMIT_EXCEEDED' })
  assert.throws(() => request({ tree: new Uint8Array(31) }), { code: 'INVALID_ARGUMENT' })
  const short = { ...known, peerPrefix: new Uint8Array(7) }
  assert.throws(() => request({ ...ids, known: [short] }), { code: 'INVALID_ARGUMENT' })
  const answer = (count: number) =>
    readAddressAnswer(create(ExchangeAddressesResponseSchema, { records: of(signed, count) }))
  assert.equal(answer(limits.answerRecords + 1).records!.length, limits.answerRecords + 1)
  assert.throws(() => answer(limits.answerRecords + 2), { code: 'LIMIT_EXCEEDED' })
})
